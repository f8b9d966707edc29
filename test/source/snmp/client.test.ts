import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  encodeOid,
  pdu,
  startSnmpClient,
  type Answer,
  type Request,
  type SnmpClient,
  type SnmpClientOptions,
  type SnmpError,
  type SnmpValue,
  type Target,
} from '../../../src/source/snmp/protocol/index.ts'
import { startResponder, type Fault, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { counterTable, mibOf } from './recorded.ts'

const mib = mibOf(
  '1.3.6.1.2.1.1.1.0|4|an agent',
  '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10',
  '1.3.6.1.2.1.1.3.0|67|4294967295',
  '1.3.6.1.2.1.1.7.0|2|-129',
  '1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615',
  '1.3.6.1.2.1.31.1.1.1.6.128|70|9007199254740991',
  '1.3.6.1.2.1.31.1.1.1.6.16384|64|10.0.0.255',
)
const system = encodeOid('1.3.6.1.2.1.1')
const bulk = (maxRepetitions: number, ...oids: Uint8Array[]): Request => ({
  type: pdu.getBulk,
  oids: oids.length === 0 ? [system] : oids,
  nonRepeaters: 0,
  maxRepetitions,
})

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(options: SnmpClientOptions = {}): Promise<{ client: SnmpClient; responder: Responder }> {
  const client = await startSnmpClient(options)
  const responder = startResponder()
  open.push(client, responder)
  return { client, responder }
}

type Row = [string, SnmpValue]
const rowsOf = (answer: Answer): Row[] =>
  Array.from({ length: answer.count }, (_, i) => [answer.select(i, 0).index(), answer.value()])

const ask = (
  client: SnmpClient,
  target: Target,
  request: Request,
  signal?: AbortSignal,
  deadlineMs?: number,
) =>
  new Promise<{ rows: Row[]; status: number }>((resolve, reject) => {
    const asker = {
      answered: (answer: Answer) => resolve({ rows: rowsOf(answer), status: answer.errorStatus }),
      failed: reject,
    }
    client.send(target, request, asker, signal, deadlineMs)
  })

const failureOf = async (asked: Promise<unknown>): Promise<SnmpError> =>
  asked.then(
    () => expect.fail('it was answered'),
    (error: SnmpError) => error,
  )

async function startAgent(
  fault: Fault | null = null,
  options: { timeoutMs?: number; retries?: number } = {},
) {
  const { client, responder } = await start()
  const agent = await responder.add({ mib })
  agent.fault = fault
  const target = client.target({
    address: '127.0.0.1',
    port: agent.port,
    community: 'public',
    timeoutMs: 5_000,
    retries: 1,
    ...options,
  })
  return { client, responder, agent, target }
}

describe('reading', () => {
  it('gives every type of value right, to the end of the view', async () => {
    const { client, target } = await startAgent()
    const { rows } = await ask(client, target, bulk(20))
    expect(rows).toEqual([
      ['1.3.6.1.2.1.1.1.0', Buffer.from('an agent')],
      ['1.3.6.1.2.1.1.2.0', '1.3.6.1.4.1.8072.3.2.10'],
      ['1.3.6.1.2.1.1.3.0', 4294967295],
      ['1.3.6.1.2.1.1.7.0', -129],
      ['1.3.6.1.2.1.31.1.1.1.6.1', 18446744073709551615n],
      ['1.3.6.1.2.1.31.1.1.1.6.128', 9007199254740991],
      ['1.3.6.1.2.1.31.1.1.1.6.16384', '10.0.0.255'],
      ['1.3.6.1.2.1.31.1.1.1.6.16384', null],
    ])
  })

  it('works over IPv6, however the address is written', async () => {
    const { client, responder } = await start()
    const agent = await responder.add({ mib, address: '::1' })
    const target = client.target({ address: '0:0:0:0:0:0:0:1', port: agent.port, community: 'public' })
    expect((await ask(client, target, bulk(1))).rows).toHaveLength(1)
  })

  it('reads v1 with GETNEXT and hands over its noSuchName', async () => {
    const { client, responder } = await start()
    const agent = await responder.add({ mib })
    const options = { address: '127.0.0.1', port: agent.port, community: 'public' }
    const target = client.target({ ...options, version: '1' })
    const next = (oid: string): Request => ({ ...bulk(0, encodeOid(oid)), type: pdu.getNext })
    expect((await ask(client, target, next('1.3.6.1.2.1.1.1'))).rows[0]?.[0]).toBe('1.3.6.1.2.1.1.1.0')
    expect(await ask(client, target, next('1.3.6.1.2.1.31.1.1.1.6.16384'))).toMatchObject({ status: 2 })
  })

  it('asks for less when the agent says tooBig, and remembers it', async () => {
    const { client, target } = await startAgent({ kind: 'tooBig', over: 3 })
    const before = target.varbinds
    expect((await ask(client, target, bulk(12))).rows).toHaveLength(3)
    expect(client.counters.shrinks).toBe(2)
    expect(target.varbinds).toBe(before / 4)
  })
})

describe('what comes wrong is dropped, counted, and ends as an error', () => {
  it.each([
    ['wrongId', 'unknownRequest'],
    ['wrongCommunity', 'community'],
    ['wrongVersion', 'version'],
    ['wrongType', 'pduType'],
    ['truncated', 'length'],
    ['stranger', 'address'],
  ] as const)('%s is dropped as %s', async (kind, reason) => {
    const { client, target } = await startAgent({ kind })
    const { signal, abort } = cancellable()
    const asked = failureOf(ask(client, target, bulk(3), signal))
    await vi.waitFor(() => expect(client.counters.dropped[reason]).toBe(1), { interval: 2 })
    abort()
    expect(await asked).toMatchObject({ name: 'SnmpError', failure: 'aborted' })
    expect(client.counters).toMatchObject({ answers: 0, inFlight: 0, waiting: 0 })
  })

  it('and the timeout that follows says why', async () => {
    const { client, target } = await startAgent({ kind: 'wrongCommunity' }, { timeoutMs: 200 })
    expect(await failureOf(ask(client, target, bulk(3)))).toMatchObject({
      failure: 'timeout',
      dropped: 'community',
      message: `no answer from 127.0.0.1 port ${target.port} after 2 tries; what came was dropped: community`,
    })
    expect(client.counters).toMatchObject({ timeouts: 1, retransmissions: 1, inFlight: 0, waiting: 0 })
  })

  it('garbage is dropped', async () => {
    const { client, target } = await startAgent({ kind: 'garbage' })
    const { signal, abort } = cancellable()
    const asked = failureOf(ask(client, target, bulk(3), signal))
    const { dropped } = client.counters
    await vi.waitFor(() => expect(dropped.length + dropped.syntax).toBe(1), { interval: 2 })
    abort()
    expect(await asked).toMatchObject({ failure: 'aborted' })
  })

  it('an agent that goes back in OID order fails at once', async () => {
    const { client, target } = await startAgent({ kind: 'loop' })
    const request = bulk(3, encodeOid('1.3.6.1.2.1.31'))
    expect(await failureOf(ask(client, target, request))).toMatchObject({ failure: 'bad', dropped: 'order' })
    expect(client.counters.retransmissions).toBe(0)
  })

  it('a second answer is dropped', async () => {
    const { client, agent, target } = await startAgent({ kind: 'twice' })
    await ask(client, target, bulk(3))
    agent.fault = null
    await ask(client, target, bulk(3))
    expect(client.counters.dropped.unknownRequest).toBe(1)
  })

  it('what throws on an answer fails with it', async () => {
    const { client, target } = await startAgent()
    const failed = new Promise<SnmpError>((resolve) =>
      client.send(target, bulk(1), {
        answered: () => {
          throw new Error('boom')
        },
        failed: resolve,
      }),
    )
    expect(await failed).toMatchObject({ failure: 'consumer', cause: new Error('boom') })
    expect((await ask(client, target, bulk(1))).rows).toHaveLength(1)
  })
})

describe('waiting', () => {
  it('retransmits what is lost', async () => {
    const { client, target } = await startAgent({ kind: 'lossy', every: 2 }, { retries: 5, timeoutMs: 20 })
    for (let i = 0; i < 4; i++) expect((await ask(client, target, bulk(2))).rows.length).toBeGreaterThan(0)
    expect(client.counters.retransmissions).toBeGreaterThan(0)
  })

  it('stops at the deadline, queued or sent', async () => {
    const { client, target } = await startAgent({ kind: 'silent' }, { timeoutMs: 5_000 })
    const asked = Array.from({ length: 4 }, () => failureOf(ask(client, target, bulk(1), undefined, 20)))
    expect((await Promise.all(asked)).map((error) => error.failure)).toEqual(Array(4).fill('deadline'))
    expect(client.counters).toMatchObject({ deadlines: 4, inFlight: 0, waiting: 0 })
  })

  it('stops at once when cancelled, queued or sent, and leaves others alone', async () => {
    const { client, agent, target } = await startAgent({ kind: 'slow', delayMs: 50 }, { timeoutMs: 5_000 })
    const { signal, abort } = cancellable()
    const cancelled = Array.from({ length: 4 }, () => failureOf(ask(client, target, bulk(1), signal)))
    const kept = ask(client, target, bulk(1))
    abort()
    expect((await Promise.all(cancelled)).map((error) => error.failure)).toEqual(Array(4).fill('aborted'))
    expect((await kept).rows).toHaveLength(1)
    expect(await failureOf(ask(client, target, bulk(1), signal))).toMatchObject({ failure: 'aborted' })
    expect(agent.requests).toBe(3) // Two cancelled when sent, and the one that was kept.
  })

  it('fails what is under way when closed, and what comes later', async () => {
    const { client, target } = await startAgent({ kind: 'silent' }, { timeoutMs: 5_000 })
    const asked = Array.from({ length: 5 }, () => failureOf(ask(client, target, bulk(1))))
    await client.close()
    expect((await Promise.all(asked)).map((error) => error.failure)).toEqual(Array(5).fill('closed'))
    expect(await failureOf(ask(client, target, bulk(1)))).toMatchObject({ failure: 'closed' })
  })

  it('fails what cannot be sent', async () => {
    const { client } = await start()
    const target = client.target({ address: '255.255.255.255', port: 161, community: 'public', retries: 0 })
    expect(await failureOf(ask(client, target, bulk(1)))).toMatchObject({ failure: 'send' })
  })
})

describe('bounds', () => {
  it('holds the bound in all and for each target, and serves every target', async () => {
    const { client, responder } = await start({ maxInFlight: 8 })
    const agents = await Promise.all(Array.from({ length: 20 }, () => responder.add({ mib })))
    let most = 0
    const asked = agents.flatMap((agent) => {
      const target = client.target({
        address: '127.0.0.1',
        port: agent.port,
        community: 'public',
        maxInFlight: 1,
      })
      return Array.from({ length: 5 }, async () => {
        const answered = ask(client, target, bulk(2))
        most = Math.max(most, client.counters.inFlight)
        expect(target.inFlight).toBeLessThanOrEqual(1)
        return answered
      })
    })
    expect(await Promise.all(asked)).toHaveLength(100)
    expect(most).toBe(8)
    expect(client.counters).toMatchObject({ answers: 100, inFlight: 0, waiting: 0 })
  })

  it('refuses more than may wait', async () => {
    const { client, responder } = await start({ maxInFlight: 1, maxWaiting: 2 })
    const { port } = await responder.add({ mib })
    const target = client.target({ address: '127.0.0.1', port, community: 'public' })
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => ask(client, target, bulk(1))))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(results.slice(3)).toMatchObject(Array(2).fill({ reason: { failure: 'overload' } }))
  })

  it('a dead target delays nobody', async () => {
    const { client, responder } = await start({ maxInFlight: 16 })
    const dead = await responder.add({ mib })
    dead.fault = { kind: 'silent' }
    const live = await responder.add({ mib: counterTable(8, 8) })
    const options = { address: '127.0.0.1', community: 'public', timeoutMs: 10_000 }
    const deadTarget = client.target({ ...options, port: dead.port })
    const stuck = Array.from({ length: 50 }, () => failureOf(ask(client, deadTarget, bulk(1))))
    const liveTarget = client.target({ ...options, port: live.port })
    const column = encodeOid('1.3.6.1.2.1.31.1.1.1.1')
    for (let i = 0; i < 100; i++)
      expect((await ask(client, liveTarget, bulk(8, column))).rows).toHaveLength(8)
    expect(client.counters.inFlight).toBe(2)
    await client.close()
    expect(await Promise.all(stuck)).toHaveLength(50)
  })
})

function cancellable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
