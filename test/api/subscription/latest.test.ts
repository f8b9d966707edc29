/** Who follows the same readings is one group: each is told the latest of all first, what is new is executed once, one that is slow holds up nobody, and nobody is told what it may not see. */
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startMetrics, type Metrics } from '../../../src/metric/index.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket } from '../../support/socket.ts'

const count = 400
let app: TestApp
let collector: Metrics
let narrow: string
const ids: number[] = []

beforeAll(async () => {
  app = await startTestApp({ limits: { subscriptionsPerToken: 200, socketsPerToken: 200 } })
  const items = Array.from({ length: count }, (_, index) => ({
    kind: 'Server',
    name: `s${index}`,
    attributes: { text: 'x'.repeat(1_000) },
    ...(index < 2 ? { links: [{ type: 'OWNED_BY', to: 'Tenant:name=red' }] } : {}),
  }))
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items: [{ kind: 'Tenant', name: 'red' }, ...items] } },
  )
  expect(errors).toBeUndefined()
  const made = await app.query<any>(
    'mutation { createToken(input: { name: "red", role: VIEWER, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }',
  )
  narrow = made.data.createToken.secret
  const rows = await app.database.db('resource').where({ kind: 'Server' }).orderBy('id').select('id')
  ids.push(...rows.map(({ id }) => Number(id)))
  collector = await startMetrics({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    limits: { series: 1_000, seriesValues: 1_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  await collector.define([{ name: 'hw.power', unit: 'W', type: 'gauge', help: 'Power drawn' }])
  await measure(1)
}, 60_000)
afterAll(async () => {
  await collector?.close()
  await app?.close()
})

let at = Date.now() - 3_600_000
async function measure(value: number, which: readonly number[] = ids): Promise<void> {
  at += 1_000
  collector.record(
    0,
    which.map((resourceId) => ({ resourceId, metric: 'hw.power', value, at })),
  )
  await collector.flush()
}

async function told(line: string): Promise<number> {
  const response = await fetch(`${app.url}/metrics`, { headers: { authorization: `Bearer ${app.token}` } })
  const found = (await response.text()).split('\n').find((text) => text.startsWith(line))
  return Number(found?.split(' ').at(-1) ?? 0)
}

const follow =
  'subscription { readings(filter: { kind: [Server] }, metric: ["hw.power"]) { dropped resources { name readings(metric: ["hw.power"]) { value } } } }'

/** Takes messages until every one of so many has the value; gives how many messages that took. */
async function until(stream: AsyncGenerator<any>, value: number, wanted: number): Promise<number> {
  const known = new Map<string, number>()
  for (let messages = 1; ; messages++) {
    const { readings } = (await stream.next()).value
    for (const { name, readings: values } of readings.resources) known.set(name, values[0].value)
    if ([...known.values()].filter((one) => one === value).length >= wanted) return messages
  }
}

test('what is new is executed once for all, and a scope is another group', { timeout: 60_000 }, async () => {
  const sockets = Array.from({ length: 8 }, () => openSocket(app.url, app.token))
  const streams = sockets.map((socket) => socket.iterate<any>(follow))
  await Promise.all(streams.map((stream) => until(stream, 1, count)))
  await expect.poll(() => told('plenum_subscription_members')).toBe(sockets.length)
  expect(await told('plenum_subscription_groups')).toBe(1)

  const few = openSocket(app.url, narrow)
  const own = few.iterate<any>(follow)
  await until(own, 1, 2)
  await expect.poll(() => told('plenum_subscription_members')).toBe(sockets.length + 1)
  expect(await told('plenum_subscription_groups')).toBe(2)
  const before = await told('plenum_operations_total{operation="subscription",code="OK"}')
  const nexts = streams.map((stream) => stream.next())
  const narrowed = own.next()
  await measure(2, ids.slice(0, 3))
  for (const next of nexts) {
    const { resources } = (await next).value.readings
    expect(resources.map(({ name }: any) => name)).toEqual(['s0', 's1', 's2'])
  }
  const { resources } = (await narrowed).value.readings
  expect(resources.map(({ name }: any) => name)).toEqual(['s0', 's1'])
  expect((await told('plenum_operations_total{operation="subscription",code="OK"}')) - before).toBe(2)

  // What only others may see is told to those alone.
  const others = streams.map((stream) => stream.next())
  await measure(3, ids.slice(5, 6))
  for (const next of others) expect((await next).value.readings.resources).toHaveLength(1)
  const last = own.next()
  await measure(4, ids.slice(0, 1))
  expect((await last).value.readings.resources).toEqual([{ name: 's0', readings: [{ value: 4 }] }])

  await Promise.all([...sockets, few].map((socket) => socket.close()))
  await expect.poll(() => told('plenum_subscription_groups')).toBe(0)
})

test(
  'one that does not read holds up nobody, and knows the latest when it reads again',
  { timeout: 120_000 },
  async () => {
    const document =
      'subscription { readings(filter: { kind: [Server] }, metric: ["hw.power"]) { resources { name attributes readings(metric: ["hw.power"]) { value } } } }'
    const raw = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise((resolve) => raw.on('open', resolve))
    raw.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${app.token}` } }))
    await new Promise((resolve) => raw.once('message', resolve))
    const known = new Map<string, number>()
    const { promise, resolve } = Promise.withResolvers<void>()
    let wanted = NaN
    raw.on('message', (data) => {
      const { payload } = JSON.parse(String(data))
      for (const { name, readings } of payload.data.readings.resources) known.set(name, readings[0].value)
      if (known.size === count && [...known.values()].every((value) => value === wanted)) resolve()
    })
    raw.send(JSON.stringify({ type: 'subscribe', id: 'slow', payload: { query: document } }))
    const quick = openSocket(app.url, app.token)
    const stream = quick.iterate<any>(document)
    await until(stream, 1, 1)
    await expect.poll(() => told('plenum_subscription_members')).toBe(2)
    raw.pause()
    for (let round = 10; round < 200; round++) {
      await measure(round)
      // The other one is told all the while.
      await until(stream, round, count)
      wanted = round
      if ((await told('plenum_subscription_members')) === 1) break
    }
    expect(await told('plenum_subscription_members')).toBe(1)
    raw.resume()
    await promise
    await expect.poll(() => told('plenum_subscription_members')).toBe(2)
    raw.close()
    await quick.close()
  },
)
