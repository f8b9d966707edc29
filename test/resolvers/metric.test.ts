/** Readings and series by the API, of samples that another process collected. */
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMetrics, type Metrics } from '../../src/metric/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
let collector: Metrics
const ids: Record<string, number> = {}
const minute = 60_000
const now = Math.floor(Date.now() / minute) * minute

beforeAll(async () => {
  app = await startTestApp({ limits: { seriesValues: 1_000 } })
  const inside = (name: string) => [{ type: 'LOCATED_IN', to: name }]
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    {
      input: {
        items: [
          { kind: 'Site', name: 'one' },
          { kind: 'Site', name: 'two' },
          { kind: 'Rack', name: 'r1', links: inside('Site:name=one') },
          { kind: 'Rack', name: 'r2', links: inside('Site:name=two') },
          { kind: 'Server', name: 'a', links: inside('Rack:name=r1') },
          { kind: 'Server', name: 'b', links: inside('Rack:name=r1') },
          { kind: 'Server', name: 'c', links: inside('Rack:name=r2') },
        ],
      },
    },
  )
  expect(errors).toBeUndefined()
  const { data } = await app.query<{ servers: { nodes: { id: string; name: string }[] } }>(
    '{ servers { nodes { id name } } }',
  )
  for (const { id, name } of data!.servers.nodes) ids[name] = Number(id)
  collector = await startMetrics({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    limits: { series: 100, seriesValues: 1_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  await collector.define([{ name: 'hw.power', unit: 'W', type: 'gauge', help: 'Power drawn' }])
  for (const [name, watts] of Object.entries({ a: 100, b: 200, c: 400 })) {
    collector.record(
      0,
      [3, 2, 1].map((ago) => ({
        resourceId: ids[name]!,
        metric: 'hw.power',
        value: watts + ago,
        at: now - ago * minute,
      })),
    )
  }
  await collector.flush()
  await seen('a')
})
afterAll(async () => {
  await collector?.close()
  await app.close()
})

/** Waits, by its subscription, until the app has a reading of this server. */
async function seen(name: string, metric = 'hw.power'): Promise<void> {
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    `subscription { readings(filter: { ref: ["Server:name=${name}"] }, metric: ["${metric}"]) { resources { id readings(metric: ["${metric}"]) { value } } } }`,
  )
  for (;;) {
    const { value } = await stream.next()
    if (value.readings.resources.some((one: any) => one.readings.length > 0)) break
  }
  await socket.close()
}

it('gives the latest with unit, time, status and source', async () => {
  const { data, errors } = await app.query(
    '{ servers(filter: { name: { in: ["a", "b"] } }) { nodes { name readings(metric: ["hw.power", "none"]) { metric unit value at status source { name } } } } }',
  )
  expect(errors).toBeUndefined()
  const reading = (value: number) => [
    {
      metric: 'hw.power',
      unit: 'W',
      value,
      at: new Date(now - minute).toISOString(),
      status: 'LAST_KNOWN',
      source: null,
    },
  ]
  expect(data!['servers']).toEqual({
    nodes: [
      { name: 'a', readings: reading(101) },
      { name: 'b', readings: reading(201) },
    ],
  })
})

it('gives series on a grid, gaps null', async () => {
  const [from, to] = [now - 4 * minute, now].map((at) => new Date(at).toISOString())
  const { data } = await app.query<any>(
    `{ servers { nodes { name series(metric: ["hw.power"], range: { from: "${from}", to: "${to}" }, step: "PT1M", aggregate: LAST) { metric unit start step values } } } }`,
  )
  expect(data.servers.nodes[0].series).toEqual([
    { metric: 'hw.power', unit: 'W', start: from, step: 'PT1M', values: [null, 103, 102, 101] },
  ])
})

it('joins series by what resources share, and gives the largest', async () => {
  const { data } = await app.query<any>(
    `{ seriesOf(filter: { kind: [Server] }, metric: ["hw.power"], range: { from: "${new Date(now - 4 * minute).toISOString()}", to: "${new Date(now).toISOString()}" }, step: "PT1M", aggregate: SUM, by: [SITE], top: 1) {
       group { key value resource { name } } series { values } }
       all: seriesOf(filter: { kind: [Server] }, metric: ["hw.power"], range: { last: "PT1H" }, step: "PT1H", aggregate: MAX) { resource { name } series { values } } }`,
  )
  expect(data.seriesOf).toEqual([
    {
      group: [{ key: 'site', value: 'two', resource: { name: 'two' } }],
      series: [{ values: [null, 403, 402, 401] }],
    },
  ])
  expect(data.all.map((one: any) => [one.resource.name, Math.max(...one.series[0].values)])).toEqual([
    ['a', 103],
    ['b', 203],
    ['c', 403],
  ])
})

it('makes the latest values of a connection, whole and not its page, one; in the query of the topology', async () => {
  const { data, errors } = await app.query<any>(
    `{ servers(first: 1) { totalCount nodes { name } avg: stat(metric: "hw.power", aggregate: AVG) sum: stat(metric: "hw.power", aggregate: SUM) least: stat(metric: "hw.power", aggregate: MIN)
         most: stat(metric: "hw.power", aggregate: MAX) count: stat(metric: "hw.power", aggregate: COUNT) half: stat(metric: "hw.power", aggregate: P50) p90: stat(metric: "hw.power", aggregate: P90)
         last: stat(metric: "hw.power", aggregate: LAST) none: stat(metric: "none", aggregate: SUM) no: stat(metric: "none", aggregate: COUNT) }
       racks { nodes { name servers(filter: { name: { in: ["a", "c"] } }) { stat(metric: "hw.power", aggregate: SUM) } } }
       count(filter: { kind: [Server] }, groupBy: [site]) { group { value } count stat(metric: "hw.power", aggregate: MAX) } }`,
  )
  expect(errors).toBeUndefined()
  expect(data.servers).toMatchObject({
    ...{ totalCount: 3, nodes: [{ name: 'a' }], sum: 703, least: 101, most: 401, count: 3, half: 201 },
    ...{ none: null, no: 0 },
  })
  expect(data.servers.avg).toBeCloseTo(703 / 3)
  expect(data.servers.p90).toBeCloseTo(361)
  expect([101, 201, 401]).toContain(data.servers.last)
  expect(data.racks.nodes).toEqual([
    { name: 'r1', servers: { stat: 101 } },
    { name: 'r2', servers: { stat: 401 } },
  ])
  expect(data.count).toEqual([
    { group: [{ value: 'one' }], count: 2, stat: 201 },
    { group: [{ value: 'two' }], count: 1, stat: 401 },
  ])
})

it('tells tenants the stat of what they hold only, and nobody one of the past', async () => {
  await app.query(
    `mutation { importInventory(input: { items: [{ kind: Tenant, name: "t" }, { kind: Server, name: "b", links: [{ type: OWNED_BY, to: "Tenant:name=t" }, { type: LOCATED_IN, to: "Rack:name=r1" }] }] }) { cursor } }`,
  )
  const { data: made } = await app.query<any>(
    'mutation { createToken(input: { name: "of-t", role: VIEWER, scopes: { tenants: ["Tenant:name=t"] } }) { secret } }',
  )
  const { data } = await app.query<any>(
    '{ servers { stat(metric: "hw.power", aggregate: SUM) } resources { stat(metric: "hw.power", aggregate: COUNT) } count(groupBy: []) { stat(metric: "hw.power", aggregate: MAX) } }',
    {},
    { authorization: `Bearer ${made.createToken.secret}` },
  )
  expect(data).toEqual({ servers: { stat: 201 }, resources: { stat: 1 }, count: [{ stat: 201 }] })
  const past = await app.query<any>(
    `{ servers(asOf: "${new Date().toISOString()}") { stat(metric: "hw.power", aggregate: SUM) } }`,
  )
  expect(past.errors![0]!.extensions['code']).toBe('INVALID_INPUT')
})

it('gives percentiles of a group and the rise of totals', async () => {
  const range = `range: { from: "${new Date(now - 3 * minute).toISOString()}", to: "${new Date(now).toISOString()}" }, step: "PT1M"`
  const { data, errors } = await app.query<any>(
    `{ half: seriesOf(filter: { kind: [Server] }, metric: ["hw.power"], ${range}, aggregate: P50, by: []) { series { values } }
       p99: seriesOf(filter: { kind: [Server] }, metric: ["hw.power"], ${range}, aggregate: P99, by: [kind]) { series { values } } }`,
  )
  expect(errors).toBeUndefined()
  expect(data.half).toEqual([{ series: [{ values: [203, 202, 201] }] }])
  expect(data.p99[0].series[0].values[0]).toBeCloseTo(399)
  collector.record(
    0,
    [100, 160, 20, 80].map((value, index) => ({
      ...{ resourceId: ids['a']!, metric: 'hw.packets', value },
      at: now - (index < 2 ? 6 - index : 5 - index) * minute,
    })),
  )
  collector.record(0, [{ resourceId: ids['b']!, metric: 'hw.packets', value: 5, at: now - 6 * minute }])
  await collector.flush()
  await seen('a', 'hw.packets')
  const past = `range: { from: "${new Date(now - 5 * minute).toISOString()}", to: "${new Date(now - minute).toISOString()}" }, step: "PT1M"`
  const { data: risen } = await app.query<any>(
    `{ seriesOf(filter: { name: { in: ["a"] } }, metric: ["hw.packets"], ${past}, aggregate: AVG, rate: true) { series { start values } } }`,
  )
  // 60 in a minute; a gap of a step; a new begin; 60 in a minute.
  expect(risen.seriesOf[0].series[0]).toEqual({
    start: new Date(now - 5 * minute).toISOString(),
    values: [1, null, 20 / 120, 1],
  })
  const alone = await app.query<any>(
    `{ seriesOf(filter: {}, metric: ["hw.power"], ${range}, aggregate: P90) { resource { name } } }`,
  )
  expect(alone.errors![0]!.extensions['code']).toBe('INVALID_INPUT')
})

it('says what is measured', async () => {
  const { data } = await app.query(
    '{ metrics { name unit type help } none: metrics(filter: { kind: [Rack] }) { name } }',
  )
  expect(data).toEqual({
    metrics: [
      expect.objectContaining({ name: 'hw.packets' }),
      { name: 'hw.power', unit: 'W', type: 'GAUGE', help: 'Power drawn' },
    ],
    none: [],
  })
})

it.each([
  ['range: {}', 'either last'],
  ['range: { last: "PT1H", to: "2026-01-01T00:00:00Z" }', 'belongs to'],
  ['range: { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }', 'ends before'],
  ['range: { last: "PT1H" }, step: "PT0.1S"', 'PT1S or more'],
])('refuses %s with what to do', async (range, message) => {
  const { errors } = await app.query(
    `{ servers { nodes { series(metric: ["hw.power"], ${range}) { metric } } } }`,
  )
  expect(errors![0]!.message).toContain(message)
  expect(errors![0]!.extensions['code']).toBe('INVALID_INPUT')
})

it('refuses more values than the limit, which it names', async () => {
  const { errors } = await app.query(
    '{ seriesOf(filter: {}, metric: ["hw.power"], range: { last: "P1D" }, step: "PT10S", aggregate: AVG) { resource { name } } }',
  )
  expect(errors![0]!.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  expect(errors![0]!.message).toContain('larger step')
})

it('tells a subscriber what comes in', async () => {
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    'subscription { readings(filter: { kind: [Server], name: { in: ["a", "b"] } }, metric: ["hw.power"]) { dropped resources { name readings(metric: ["hw.power"]) { value } } } }',
  )
  const first = (await stream.next()).value
  expect(first.readings.resources.map(({ name }: any) => name)).toEqual(['a', 'b'])
  collector.record(0, [
    { resourceId: ids['b']!, metric: 'hw.power', value: 999, at: now },
    { resourceId: ids['c']!, metric: 'hw.power', value: 1, at: now },
  ])
  await collector.flush()
  expect((await stream.next()).value).toEqual({
    readings: { dropped: 0, resources: [{ name: 'b', readings: [{ value: 999 }] }] },
  })
  await socket.close()
})
