/** What is left, by where it is, and when it is used up: over real tables, with samples of what was used. */
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMetrics, type Metrics } from '../../src/metric/index.ts'
import { asker, items, pools } from '../allocation/estate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
let collector: Metrics
const hour = 3_600_000
const tall = {
  ...{ kind: 'Device', name: 'tall', fields: { position: 3, heightUnits: 6 } },
  links: [{ type: 'LOCATED_IN', to: 'Rack:name=r1' }],
}

beforeAll(async () => {
  app = await startTestApp({ allocation: { pools: { ...pools, again: pools.servers } } })
  // All at once: what is measured is whole.
  const { errors } = await app.query(
    'mutation ($items: [InventoryItemInput!]!) { importInventory(input: { items: $items }) { cursor } }',
    { items: [...items, tall] },
  )
  expect(errors).toBeUndefined()
  collector = await startMetrics({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    limits: { series: 1_000, seriesValues: 100_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
}, 60_000)
afterAll(async () => {
  await collector?.close()
  await app.close()
})

const ask = async (question: string, headers: Record<string, string> = {}): Promise<any> => {
  const { data, errors } = await app.query<any>(question, {}, headers)
  expect(errors).toBeUndefined()
  return data
}

const amounts = 'class total used free largestFree'
const of = (list: any[], value: string, name: string) =>
  list.find(({ group, class: own }) => own === name && group[0]?.value === value)

it('by rack, site and pool, a provider of several pools once', async () => {
  const data = await ask(
    `{ rack: capacity(by: [rack], class: ["VCPU", "CUSTOM_RACK_UNIT"]) { group { key value resource { name } } ${amounts} }
       site: capacity(by: [site]) { group { value } ${amounts} }
       pool: capacity(by: [POOL], class: ["VCPU", "CUSTOM_VLAN"]) { group { key value resource { name } } ${amounts} }
       all: capacity(by: [], class: ["VCPU"]) { group { key } ${amounts} }
       poolAndRack: capacity(by: [rack, pool], class: ["VCPU"]) { group { key value } total } }`,
  )
  expect(of(data.rack, 'r1', 'VCPU')).toEqual({
    group: [{ key: 'rack', value: 'r1', resource: { name: 'r1' } }],
    ...{ class: 'VCPU', total: '64', used: '0', free: '64', largestFree: '32' },
  })
  // Units 1 to 8 are filled.
  expect(of(data.rack, 'r1', 'CUSTOM_RACK_UNIT')).toMatchObject({ total: '10', used: '8', largestFree: '2' })
  expect(of(data.site, 'seoul-1', 'VCPU')).toMatchObject({ total: '128', largestFree: '32' })
  expect(of(data.site, '', 'CUSTOM_VLAN')).toMatchObject({ total: '5', free: '5' })
  expect(of(data.pool, 'again', 'VCPU')).toMatchObject({
    ...{ total: '128', group: [{ key: 'pool', value: 'again', resource: null }] },
  })
  expect(of(data.pool, 'vlans', 'CUSTOM_VLAN')).toMatchObject({ total: '5' })
  expect(data.all).toEqual([
    { group: [], class: 'VCPU', total: '128', used: '0', free: '128', largestFree: '32' },
  ])
  expect(data.poolAndRack[0].group.map(({ key }: any) => key)).toEqual(['rack', 'pool'])
  expect(data.poolAndRack).toHaveLength(6)
})

it('follows what is given, and takes a filter', async () => {
  const bot = asker(app)
  const { allocation } = await bot.allocate({
    ...{ name: 'half', blueprint: 'address' },
  })
  const data = await ask(
    `{ capacity(by: [pool], class: ["IPV4_ADDRESS"]) { used free } none: capacity(by: [kind], filter: { kind: [Rack] }, class: ["VCPU"]) { class }
       racks: capacity(by: [kind], filter: { kind: [Rack] }) { group { value } class total } }`,
  )
  expect(data).toEqual({
    capacity: [{ used: '3', free: '11' }],
    none: [],
    racks: [{ group: [{ value: 'Rack' }], class: 'CUSTOM_RACK_UNIT', total: '30' }],
  })
  await bot.release(allocation.id)
})

it('is measured by itself', async () => {
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    'subscription { readings(filter: { kind: [Prefix] }, metric: ["capacity.used.ipv4_address"]) { resources { name readings(metric: ["capacity.used.ipv4_address"]) { value } } } }',
  )
  for (;;) {
    const { value } = await stream.next()
    const prefix = value.readings.resources.find(({ name }: any) => name === '10.20.0.0/28')
    if (prefix?.readings[0] !== undefined) break
  }
  await socket.close()
}, 60_000)

it('foretells when it is full, at once for all groups', async () => {
  const { racks } = await ask('{ racks { nodes { id name } } }')
  const now = Date.now()
  // Two units an hour; r3 stays as it is.
  for (const { id, name } of racks.nodes)
    collector.record(
      0,
      Array.from({ length: 16 }, (_, index) => ({
        ...{ resourceId: Number(id), metric: 'capacity.used.custom_rack_unit' },
        ...{ value: name === 'r3' ? 1 : index * 0.5, at: now - (16 - index) * (hour / 4) },
      })),
    )
  await collector.flush()
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    'subscription { readings(filter: { kind: [Rack], name: { eq: "r1" } }, metric: ["capacity.used.custom_rack_unit"]) { resources { series(metric: ["capacity.used.custom_rack_unit"], range: { last: "PT5H" }, step: "PT15M") { values } } } }',
  )
  for (;;) {
    const { value } = await stream.next()
    const values = value.readings.resources[0]?.series[0]?.values ?? []
    if (values.filter((one: unknown) => one !== null).length > 10) break
  }
  await socket.close()
  const data = await ask(
    '{ capacity(by: [rack], class: ["CUSTOM_RACK_UNIT"]) { group { value } fullAt } pools(filter: { name: { eq: "vlans" } }) { capacity { group { key value } fullAt } } }',
  )
  // Of ten units two are left.
  const at = Date.parse(
    of(
      data.capacity.map((one: any) => ({ ...one, class: '' })),
      'r1',
      '',
    ).fullAt,
  )
  expect(at).toBeGreaterThan(now + hour / 2)
  expect(at).toBeLessThan(now + 2 * hour)
  expect(
    of(
      data.capacity.map((one: any) => ({ ...one, class: '' })),
      'r3',
      '',
    ).fullAt,
  ).toBeNull()
  expect(data.pools[0].capacity).toEqual([{ group: [{ key: 'pool', value: 'vlans' }], fullAt: null }])
}, 60_000)

it('tells tenants of what they hold only', async () => {
  const { createToken } = (
    await app.query<any>(
      'mutation { createToken(input: { name: "of-blue", role: VIEWER, scopes: { tenants: ["Tenant:name=blue"] } }) { secret } }',
    )
  ).data
  const headers = { authorization: `Bearer ${createToken.secret}` }
  const question = `{ capacity(by: [rack, pool]) { group { value } ${amounts} fullAt } }`
  expect(await ask(question, headers)).toEqual({ capacity: [] })
  await app.query(
    'mutation { importInventory(input: { items: [{ kind: Server, name: "srv-4", status: ACTIVE, labels: [{ key: "pool", value: "general" }], fields: { cpuCores: 16 }, links: [{ type: OWNED_BY, to: "Tenant:name=blue" }, { type: LOCATED_IN, to: "Rack:name=r3" }] }] }) { cursor } }',
  )
  const { capacity } = await ask(question, headers)
  expect(new Set(capacity.map(({ group }: any) => group[1].value))).toEqual(new Set(['servers', 'again']))
  expect(JSON.stringify(capacity)).not.toMatch(/r1|r2|racks|vlans/)
})

it('refuses too many keys, and pool where nothing has one', async () => {
  const many = await app.query<any>(
    '{ capacity(by: ["label.a", "label.b", "label.c", "label.d", "label.e", "label.f"]) { class } }',
  )
  expect(many.errors![0]!.extensions['code']).toBe('LIMIT_EXCEEDED')
  const counted = await app.query<any>('{ count(groupBy: [pool]) { count } }')
  expect(counted.errors![0]!.extensions['code']).toBe('INVALID_INPUT')
})
