import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  Answer,
  checkAnswer,
  encodeOid,
  maxAnswerVarbinds,
  pdu,
  startSnmpClient,
  type Request,
} from '../../../src/source/snmp/protocol/index.ts'
import { decodeSlowly, mutate, randomAnswer, readAll, sampleAnswer, seeded } from './fuzz.ts'

/** The long run is `npm run lab fuzz`. */
const rounds = Number(process.env['PLENUM_FUZZ_ROUNDS'] ?? 50_000)
const seed = Number(process.env['PLENUM_FUZZ_SEED'] ?? 1)

const request: Request = {
  type: pdu.getBulk,
  oids: ['1.3.6.1.2.1.2.2.1.1', '1.3.6.1.2.1.2.2.1.2'].map(encodeOid),
  nonRepeaters: 0,
  maxRepetitions: 6,
}

describe('mutated answers', () => {
  it(`${rounds} of them: none crashes, and what is taken is what it says`, () => {
    const random = seeded(seed)
    const answer = new Answer()
    let taken = 0
    for (let round = 0; round < rounds; round++) {
      const whole = round % 2 === 0 ? sampleAnswer(0x01020304) : randomAnswer(0x01020304, random)
      const bytes = mutate(whole, random)
      const drop = answer.parseHead(bytes) ?? answer.parseVarbinds(maxAnswerVarbinds(request))
      if (drop !== null || checkAnswer(answer, request) !== null) continue
      taken++
      const said = decodeSlowly(bytes)
      const read = readAll(answer)
      // A plain comparison, because a matcher for each would take most of the time.
      const equal =
        said?.length === read.length &&
        read.every((one, i) => one.name === said[i]?.name && one.value === said[i]?.value)
      if (!equal) expect({ round, bytes: bytes.toString('hex'), read }).toEqual({ read: said })
    }
    expect(taken).toBeGreaterThan(rounds / 100)
  })

  it('through the client: every request ends once, and nothing is left', async () => {
    const random = seeded(seed + 1)
    const agent = createSocket('udp4')
    agent.on('message', (bytes, from) => {
      const asked = new Answer()
      if (asked.parseHead(bytes) !== null) return
      const honest = sampleAnswer(asked.requestId)
      agent.send(random() < 0.1 ? honest : mutate(honest, random), from.port, from.address)
    })
    const listening = once(agent, 'listening')
    agent.bind(0, '127.0.0.1')
    await listening
    const client = await startSnmpClient({ maxInFlight: 64 })
    const options = { address: '127.0.0.1', port: agent.address().port, community: 'public' }
    const target = client.target({ ...options, timeoutMs: 10, retries: 1, maxInFlight: 64 })
    const ends = new Uint8Array(2_000)
    await Promise.all(
      Array.from(
        ends,
        (_, i) =>
          new Promise<void>((resolve) => {
            const end = (): void => {
              ends[i] = (ends[i] as number) + 1
              resolve()
            }
            client.send(target, request, { answered: end, failed: end })
          }),
      ),
    )
    expect(ends.every((count) => count === 1)).toBe(true)
    expect(client.counters).toMatchObject({ inFlight: 0, waiting: 0 })
    expect(client.counters.answers + client.counters.timeouts + client.counters.dropped.order).toBe(2_000)
    await client.close()
    agent.close()
  })
})
