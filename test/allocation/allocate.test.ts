/** Allocations through GraphQL, over the real tables and graph. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

let app: TestApp
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  app = await startTestApp({
    allocation: { pools, quotas: [{ tenant: 'red', class: 'IPV4_ADDRESS', limit: 2 }] },
  })
  bot = asker(app)
  await fillEstate(app)
})
afterAll(() => app.close())

const red = { tenant: 'Tenant:name=red' }

describe('what is purely in the CMDB', () => {
  test('an address has SUCCEEDED at once, with its resource, and goes with its release', async () => {
    const { allocation, operation } = await bot.allocate({
      name: 'front',
      blueprint: 'address',
      parameters: { dnsName: 'front.example.net' },
    })
    expect(operation).toMatchObject({ kind: 'allocate', state: 'SUCCEEDED' })
    expect(allocation).toMatchObject({ name: 'front', state: 'ACTIVE', tenant: { name: 'blue' } })
    // .1 is the gateway
    expect(allocation.resources).toMatchObject([
      { kind: 'IpAddress', name: '10.20.0.2', tenant: { name: 'blue' } },
    ])
    expect(allocation.claims).toMatchObject([
      { class: 'IPV4_ADDRESS', amount: '1', unit: '10.20.0.2', provider: { name: '10.20.0.0/28' } },
    ])
    const { ipAddresses } = await bot.query(
      '{ ipAddresses(filter: { dnsName: { eq: "front.example.net" } }) { nodes { address prefix { cidr } } } }',
    )
    expect(ipAddresses.nodes).toEqual([{ address: '10.20.0.2', prefix: { cidr: '10.20.0.0/28' } }])

    const released = await bot.release(allocation.id)
    expect(released.allocation).toMatchObject({ state: 'RELEASED', resources: [], claims: [] })
    expect((await bot.query('{ ipAddresses { totalCount } }')).ipAddresses.totalCount).toBe(1)
    const again = await bot.release(allocation.id)
    expect(again.error).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
  })

  test('of a name there is one: asking again gives the same, asking for something else is refused', async () => {
    const first = await bot.allocate({ name: 'same', blueprint: 'vlan' })
    const again = await bot.allocate({ name: 'same', blueprint: 'vlan' })
    expect(again.allocation.id).toBe(first.allocation.id)
    expect(again.allocation.resources).toEqual(first.allocation.resources)
    const other = await bot.allocate({ name: 'same', blueprint: 'vlan', count: 2 })
    expect(other.error).toMatchObject({ code: 'CONFLICT', reason: 'STATE', path: 'request.name' })
    const ofRed = await bot.allocate({ ...red, name: 'same', blueprint: 'vlan' })
    expect(ofRed.allocation.resources).toMatchObject([
      { kind: 'Vlan', name: 'same-101', tenant: { name: 'red' } },
    ])
    await bot.release(first.allocation.id)
    await bot.release(ofRed.allocation.id)
  })

  test('a key makes it repeatable, also after its release; another input under it is refused', async () => {
    const key = { idempotencyKey: 'k1' }
    const first = await bot.allocate({ name: 'keyed', blueprint: 'address' }, key)
    await bot.release(first.allocation.id)
    const again = await bot.allocate({ name: 'keyed', blueprint: 'address' }, key)
    expect(again.allocation).toMatchObject({ id: first.allocation.id, state: 'RELEASED' })
    const other = await bot.allocate({ name: 'other', blueprint: 'address' }, key)
    expect(other.error).toMatchObject({ code: 'CONFLICT', reason: 'KEY_REUSED' })
  })

  test('rack units lie side by side, where they leave large gaps whole', async () => {
    const { allocation } = await bot.allocate({
      name: 'shelf',
      blueprint: 'rack-space',
      parameters: { units: 3 },
    })
    const { devices } = await bot.query(
      '{ devices(filter: { role: { eq: "reservation" } }) { nodes { position heightUnits rack { name freeUnits } } } }',
    )
    expect(devices.nodes).toHaveLength(1)
    expect(devices.nodes[0].heightUnits).toBe(3)
    const units = allocation.claims.map(({ unit }: any) => Number(unit))
    expect(units).toEqual([units[0], units[0] + 1, units[0] + 2])
    await bot.release(allocation.id)
  })

  test('IPv6 too', async () => {
    const { allocation } = await bot.allocate({ name: 'six', blueprint: 'address-v6', count: 2 })
    expect(allocation.resources.map(({ name }: any) => name)).toEqual(['2001:db8::1', '2001:db8::2'])
    await bot.release(allocation.id)
  })

  test('a dry run decides everything and keeps nothing', async () => {
    const dry = await bot.allocate({ name: 'dry', blueprint: 'address' }, { dryRun: true })
    expect(dry).toMatchObject({ allocation: null, operation: null })
    expect(
      (await bot.query('{ allocation(tenant: "Tenant:name=blue", name: "dry") { id } }')).allocation,
    ).toBeNull()
    const full = await bot.allocate({ name: 'dry', blueprint: 'address', count: 90 }, { dryRun: true })
    expect(full.error).toMatchObject({
      code: 'INSUFFICIENT_CAPACITY',
      short: [{ class: 'IPV4_ADDRESS', asked: 90 }],
    })
  })
})

describe('servers', () => {
  test('a role takes whole servers in racks of their own, with addresses, and is a service', async () => {
    const { allocation } = await bot.allocate({ name: 'orders-db', blueprint: 'postgresql' })
    const kinds = allocation.resources.map(({ kind }: any) => kind).sort()
    expect(kinds).toEqual(
      [
        ...Array(3).fill('Endpoint'),
        ...Array(3).fill('IpAddress'),
        ...Array(3).fill('Server'),
        'Service',
      ].sort(),
    )
    for (const one of allocation.resources) expect(one.tenant).toEqual({ name: 'blue' })
    const { services } = await bot.query(
      '{ services { nodes { name role endpoints { port protocol } instances { nodes { name ... on Server { rack { name } } } } } } }',
    )
    expect(services.nodes[0]).toMatchObject({ name: 'orders-db', role: 'postgresql' })
    expect(services.nodes[0].instances.nodes.map(({ rack }: any) => rack.name).sort()).toEqual([
      'r1',
      'r2',
      'r3',
    ])
    expect(services.nodes[0].endpoints).toEqual(Array(3).fill({ port: 5432, protocol: 'postgresql' }))

    const second = await bot.allocate({ ...red, name: 'other-db', blueprint: 'postgresql' })
    expect(second.error).toMatchObject({ code: 'INSUFFICIENT_CAPACITY' })
    expect(second.error.short[0]).toMatchObject({ class: 'CUSTOM_SERVER', asked: 3 })

    await bot.release(allocation.id)
    const { servers } = await bot.query(
      '{ servers { nodes { name tenant { name } services { totalCount } } } }',
    )
    for (const one of servers.nodes) expect(one).toMatchObject({ tenant: null, services: { totalCount: 0 } })
  })

  test('traits, nearness, and why not others', async () => {
    const asked = { blueprint: 'server', require: ['CUSTOM_SSD'] }
    const near = await bot.plan({ ...asked, near: ['Rack:name=r2'] })
    expect(near).toMatchObject({ feasible: true, placements: [{ provider: { name: 'srv-3' } }] })
    expect(near.rejected).toEqual([
      {
        class: 'CUSTOM_SERVER',
        reason: 'lacks the trait CUSTOM_SSD',
        count: 2,
        resources: [{ name: 'srv-2' }, { name: 'srv-4' }],
      },
    ])
    const three = await bot.plan({ ...asked, count: 3 })
    expect(three).toMatchObject({
      feasible: false,
      token: null,
      short: [{ class: 'CUSTOM_SERVER', asked: '3', free: '2', missing: '1' }],
    })
    const preferred = await bot.plan({ blueprint: 'server', prefer: ['CUSTOM_SSD'], near: ['Rack:name=r1'] })
    expect(preferred.placements[0].provider.name).toBe('srv-1')
  })

  test('a plan’s token is insisted on, and stale when something else would be done', async () => {
    const { token } = await bot.plan({ name: 'exact', blueprint: 'address' })
    const between = await bot.allocate({ name: 'between', blueprint: 'address' })
    const stale = await bot.allocate({ name: 'exact', blueprint: 'address' }, { plan: token })
    expect(stale.error).toMatchObject({ code: 'CONFLICT', reason: 'PLAN_STALE', retryable: false })
    const fresh = await bot.plan({ name: 'exact', blueprint: 'address' })
    const { allocation } = await bot.allocate({ name: 'exact', blueprint: 'address' }, { plan: fresh.token })
    expect(allocation.claims[0].unit).toBe(fresh.placements[0].units[0])
    await bot.release(allocation.id)
    await bot.release(between.allocation.id)
  })
})

describe('quotas', () => {
  test('a tenant gets what its quota allows, and it back', async () => {
    const two = await bot.allocate({ ...red, name: 'two', blueprint: 'address', count: 2 })
    const third = await bot.allocate({ ...red, name: 'third', blueprint: 'address' })
    expect(third.error).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      short: [{ class: 'IPV4_ADDRESS', asked: 1, free: 0, missing: 1 }],
    })
    const { quotas } = await bot.query('{ quotas(tenant: "Tenant:name=red") { class limit used } }')
    expect(quotas).toContainEqual({ class: 'IPV4_ADDRESS', limit: '2', used: '2' })
    await bot.release(two.allocation.id)
    const now = await bot.allocate({ ...red, name: 'third', blueprint: 'address' })
    expect(now.allocation.state).toBe('ACTIVE')
    await bot.release(now.allocation.id)
  })
})

describe('leases', () => {
  test('what is over is released by itself; what is extended stays', async () => {
    const { allocation } = await bot.allocate({ name: 'short', blueprint: 'address', lease: 'PT2S' })
    expect(allocation.leaseEndsAt).not.toBeNull()
    const extended = await bot.extendLease(allocation.id, 'PT1H')
    expect(Date.parse(extended.allocation.leaseEndsAt) - Date.now()).toBeGreaterThan(3_000_000)
    await app.database.db.raw(
      "update allocation set lease_ends_at = now() - interval '1 second' where state = 'ACTIVE' and lease_ends_at is not null",
    )
    const late = await bot.extendLease(allocation.id, 'PT1H')
    expect(late.error).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
    let state = ''
    while (state !== 'RELEASED') {
      const { node } = await bot.query(
        `{ node(id: "${allocation.id}") { ... on Allocation { state operation { startedBy } } } }`,
      )
      state = node.state
      if (state === 'RELEASED') expect(node.operation.startedBy).toBe('lease')
    }
  })
})

describe('who sees what', () => {
  test('a token of one tenant gives and takes for it, and knows nothing of others’', async () => {
    const { createToken } = await bot.query(
      'mutation { createToken(input: { name: "of-red", role: OPERATOR, scopes: { tenants: ["Tenant:name=red"], blueprints: ["address"] } }) { secret } }',
    )
    const own = asker(app, { authorization: `Bearer ${createToken.secret}` })
    const { allocation } = await own.allocate({ ...red, name: 'mine', blueprint: 'address' })
    expect(allocation).toMatchObject({ state: 'ACTIVE', resources: [{ kind: 'IpAddress' }] })
    expect((await own.allocate({ ...red, name: 'v', blueprint: 'vlan' })).error).toMatchObject({
      code: 'FORBIDDEN',
    })
    expect((await own.allocate({ name: 'theirs', blueprint: 'address' })).error).toMatchObject({
      code: 'NOT_FOUND',
    })
    const theirs = await bot.allocate({ name: 'theirs', blueprint: 'address' })
    expect((await own.release(theirs.allocation.id)).error).toMatchObject({ code: 'NOT_FOUND' })
    const seen = await own.query(
      '{ allocations { totalCount nodes { name } } operations { nodes { allocation { name } } } }',
    )
    expect(seen.allocations).toEqual({
      totalCount: expect.any(Number),
      nodes: expect.arrayContaining([{ name: 'mine' }]),
    })
    expect(JSON.stringify(seen)).not.toContain('theirs')
    const plan = await own.plan({ ...red, blueprint: 'address', count: 50 })
    // The prefix is known by name: what carries the tenant's own address.
    for (const { resources } of plan.rejected) expect(resources).toEqual([{ name: '10.20.0.0/28' }])
    expect((await own.release(allocation.id)).allocation.state).toBe('RELEASED')
    await bot.release(theirs.allocation.id)
  })
})

test('what is offered, what can be asked for, what happened', async () => {
  const { pools: found, blueprints } = await bot.query(
    '{ pools(filter: { class: ["IPV4_ADDRESS", "VCPU"] }) { name kind providers capacity { class total used free largestFree } } blueprints { name parameters claims { class amount } } }',
  )
  expect(found.map(({ name }: any) => name)).toEqual(['servers', 'addresses'])
  expect(found[0].capacity.find((one: any) => one.class === 'VCPU')).toMatchObject({
    total: '128',
    free: '128',
    largestFree: '32',
  })
  // 14 usable, less the gateway and .3
  expect(found[1].capacity).toMatchObject([{ class: 'IPV4_ADDRESS', total: '14' }])
  expect(blueprints.map(({ name }: any) => name)).toContain('postgresql')
  const { events } = await bot.query(
    '{ events(type: ["AllocationChanged"], first: 1) { nodes { actor detail } } }',
  )
  expect(events.nodes[0]).toMatchObject({ actor: 'admin', detail: { state: 'ACTIVE' } })
})
