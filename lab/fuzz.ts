/**
 * Ten million mutated answers: none crashes, hangs or leaks, and what is taken is what a second, plain decoder reads; then a tenth of a million
 * through sockets, where every request must end once. Writes lab/results/fuzz-DATE.json.
 *   npm run lab fuzz [-- --rounds N] [--seed N]
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  Answer,
  checkAnswer,
  encodeOid,
  maxAnswerVarbinds,
  pdu,
  startSnmpClient,
  type Request,
} from '../src/source/snmp/protocol/index.ts'
import {
  decodeSlowly,
  mutate,
  randomAnswer,
  readAll,
  sampleAnswer,
  seeded,
} from '../test/source/snmp/fuzz.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '20261123' } },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
const request: Request = {
  type: pdu.getBulk,
  oids: ['1.3.6.1.2.1.2.2.1.1', '1.3.6.1.2.1.2.2.1.2'].map((oid) => encodeOid(oid)),
  nonRepeaters: 0,
  maxRepetitions: 6,
}

interface Decoded {
  rounds: number
  taken: number
  dropped: Record<string, number>
  wrong: string[]
  slowestMs: number
  seconds: number
  heapBeforeMiB: number
  heapAfterMiB: number
}

/** Half of the rounds mutate one answer that holds every type, half answers made at random. */
function decodeMany(): Decoded {
  const random = seeded(seed)
  const answer = new Answer()
  const dropped: Record<string, number> = {}
  const wrong: string[] = []
  let [taken, slowestMs] = [0, 0]
  const heapBeforeMiB = heapMiB()
  const begin = performance.now()
  for (let round = 0; round < rounds; round++) {
    const whole = round % 2 === 0 ? sampleAnswer(0x01020304) : randomAnswer(0x01020304, random)
    const bytes = random() < 0.02 ? whole : mutate(whole, random)
    const from = performance.now()
    const drop =
      answer.parseHead(bytes) ??
      answer.parseVarbinds(maxAnswerVarbinds(request)) ??
      checkAnswer(answer, request)
    const read = drop === null ? readAll(answer) : null
    slowestMs = Math.max(slowestMs, performance.now() - from)
    if (read === null) {
      dropped[String(drop)] = (dropped[String(drop)] ?? 0) + 1
      continue
    }
    taken++
    const said = decodeSlowly(bytes)
    const equal =
      said?.length === read.length &&
      read.every((one, i) => one.name === said[i]?.name && one.value === said[i]?.value)
    if (!equal && wrong.length < 10) wrong.push(bytes.toString('hex'))
    if (round % 1_000_000 === 0) process.stdout.write(`${round} ${taken} taken, ${heapMiB()} MiB\n`)
  }
  const seconds = (performance.now() - begin) / 1_000
  return { rounds, taken, dropped, wrong, slowestMs, seconds, heapBeforeMiB, heapAfterMiB: heapMiB() }
}

function heapMiB(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20)
}

/** An agent that answers with mutations only; every request must end, once. */
async function askMany(count: number): Promise<Record<string, number>> {
  const random = seeded(seed + 1)
  const agent = createSocket('udp4')
  agent.on('message', (bytes, from) => {
    const asked = new Answer()
    if (asked.parseHead(bytes) !== null) return
    const honest = sampleAnswer(asked.requestId)
    agent.send(random() < 0.1 ? honest : mutate(honest, random), from.port, from.address)
  })
  agent.bind(0, '127.0.0.1')
  await once(agent, 'listening')
  const before = readdirSync('/proc/self/fd').length
  const client = await startSnmpClient({ maxInFlight: 64 })
  const options = { address: '127.0.0.1', port: agent.address().port, community: 'public' }
  const target = client.target({ ...options, timeoutMs: 10, retries: 1, maxInFlight: 64 })
  const ends = new Uint8Array(count)
  await new Promise<void>((resolve) => {
    let [started, ended] = [0, 0]
    const next = (): void => {
      const at = started++
      const end = (): void => {
        ends[at] = (ends[at] as number) + 1
        if (++ended === count) resolve()
        else if (started < count) next()
      }
      client.send(target, request, { answered: end, failed: end })
    }
    for (let i = 0; i < Math.min(64, count); i++) next()
  })
  const { answers, timeouts, inFlight, waiting } = client.counters
  await client.close()
  const leftOpen = readdirSync('/proc/self/fd').length - before
  agent.close()
  return {
    asked: count,
    endedOnce: ends.filter((end) => end === 1).length,
    answers,
    timeouts,
    inFlight,
    waiting,
    leftOpen,
  }
}

const decoded = decodeMany()
const asked = await askMany(Math.min(100_000, rounds))
const result = {
  name: 'fuzz',
  machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
  seed,
  decoded,
  asked,
}
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
const results = join(import.meta.dirname, 'results')
mkdirSync(results, { recursive: true })
writeFileSync(
  join(results, `fuzz-${new Date().toISOString().slice(0, 10)}.json`),
  `${JSON.stringify(result, null, 2)}\n`,
)
const whole = decoded.wrong.length === 0 && asked['endedOnce'] === asked['asked'] && asked['inFlight'] === 0
process.exitCode = whole ? 0 : 1
