/** What must not be given: each is told with what is wrong and where, and nothing is changed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseBlueprint } from '../../src/allocation/blueprint/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

const boxed = (name: string, source: string) => `
blueprint: ${name}
description: A box.
claims: [{ class: IPV4_ADDRESS, amount: 1 }]
steps: [{ container: { source: ${source}, image: 'box:1' } }]
`

let app: TestApp
let folder: string
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  await writeFile(join(folder, 'closed.yaml'), boxed('closed', 'closed'))
  await writeFile(join(folder, 'nowhere.yaml'), boxed('nowhere', 'nowhere'))
  app = await startTestApp({
    allocation: { pools, blueprints: folder, quotas: [{ class: 'CUSTOM_VLAN', limit: 2 }] },
    // Nobody listens there, and nobody is asked.
    sources: { closed: { driver: 'docker', url: 'http://127.0.0.1:9' } },
  })
  bot = asker(app)
  await fillEstate(app)
})
afterAll(async () => {
  await app?.close()
  await rm(folder, { recursive: true, force: true })
})

/** All that a gift would touch. */
async function standing(): Promise<unknown> {
  const tables = ['allocation', 'claim', 'operation', 'operation_step', 'allocation_resource']
  const counts = tables.map((table) => `(select count(*) from ${table}) as ${table}`)
  const { rows } = await app.database.db.raw(
    `select ${counts.join(', ')}, (select coalesce(sum(used), 0) from quota) as used,
       (select coalesce(sum(used), 0) from provider_usage) as provided,
       (select count(*) from event where body ->> 'type' in ('AllocationChanged', 'OperationChanged')) as told,
       (select count(*) from resource where kind in ('IpAddress', 'Vlan', 'Device', 'Service')) as made`,
  )
  return rows[0]
}

const big = { code: 'LIMIT_EXCEEDED', retryable: false }
const bad = { code: 'INVALID_INPUT', retryable: false }
const sized = (name: string, amount: unknown) => ({ blueprint: 'server', size: [{ class: name, amount }] })
const refusals: readonly [string, Record<string, unknown>, object, RegExp][] = [
  [
    'an unknown blueprint',
    { blueprint: 'castle' },
    { code: 'NOT_FOUND', path: 'request.blueprint' },
    /castle.*: .*address/,
  ],
  ['a blueprint of another folder', { blueprint: '../../etc/passwd' }, { code: 'NOT_FOUND' }, /no blueprint/],
  [
    'an unknown class',
    sized('GOLD', 1),
    { ...bad, path: 'request.size[0].class' },
    /GOLD is no resource class/,
  ],
  [
    'a class that nobody offers',
    sized('CUSTOM_GOLD', 1),
    { code: 'INSUFFICIENT_CAPACITY', retryable: false },
    /1 of 1 CUSTOM_GOLD lack/,
  ],
  [
    'what is no trait',
    { blueprint: 'server', require: ['fast!'] },
    { ...bad, path: 'request.require[0]' },
    /fast! is no trait/,
  ],
  [
    'a trait that nobody has',
    { blueprint: 'server', require: ['CUSTOM_GOLDEN'] },
    { code: 'INSUFFICIENT_CAPACITY' },
    /lacks the trait CUSTOM_GOLDEN/,
  ],
  [
    'a trait required and forbidden',
    { blueprint: 'server', require: ['CUSTOM_SSD'], forbid: ['CUSTOM_SSD'] },
    bad,
    /CUSTOM_SSD is required and forbidden/,
  ],
  [
    'a negative amount',
    sized('VCPU', -1),
    { ...bad, path: 'request.size[0].amount' },
    /whole number from 1 to/,
  ],
  ['an amount of nothing', sized('VCPU', 0), { ...bad, path: 'request.size[0].amount' }, /whole number/],
  ['a fractional amount', sized('VCPU', 1.5), bad, /1\.5|BigInt|integer|whole/],
  ['an amount beyond all', sized('VCPU', '9007199254740993'), bad, /whole number from 1 to/],
  [
    'a negative count',
    { blueprint: 'vlan', count: -1 },
    { ...bad, path: 'request.count' },
    /whole number from 1/,
  ],
  ['a count of nothing', { blueprint: 'vlan', count: 0 }, { ...bad, path: 'request.count' }, /whole number/],
  ['a fractional count', { blueprint: 'vlan', count: 1.5 }, bad, /1\.5/],
  ['a count of a thousand million', { blueprint: 'vlan', count: 1_000_000_000 }, big, /at most 100 members/],
  [
    'near to what it is to become',
    { blueprint: 'vlan', near: ['Vlan:name=n-100'] },
    { code: 'NOT_FOUND', path: 'input.request.near[0]' },
    /n-100/,
  ],
  [
    'near to itself',
    { blueprint: 'vlan', near: ['allocation.1'] },
    { ...bad, path: 'input.request.near[0]' },
    /allocation\.1/,
  ],
  [
    'parameters of another type',
    { blueprint: 'rack-space', parameters: { units: 'three' } },
    { ...bad, path: 'request.parameters.units' },
    /expected (number|int)/,
  ],
  [
    'parameters beyond their bounds',
    { blueprint: 'rack-space', parameters: { units: 61 } },
    { ...bad, path: 'request.parameters.units' },
    /60/,
  ],
  ['a fractional parameter', { blueprint: 'rack-space', parameters: { units: 1.5 } }, bad, /int/],
  [
    'parameters that it has not',
    { blueprint: 'vlan', parameters: { colour: 'red' } },
    bad,
    /Unrecognized key.*colour/,
  ],
  ['parameters that are a list', { blueprint: 'rack-space', parameters: [1] }, bad, /expected object/],
  [
    'a name with a path',
    { blueprint: 'vlan', name: '../x' },
    { ...bad, path: 'request.name' },
    /letters, digits/,
  ],
  ['a name with places', { blueprint: 'vlan', name: '{{env.HOME}}' }, bad, /letters, digits/],
  [
    'an unknown pool',
    { blueprint: 'vlan', pool: ['lake'] },
    { code: 'NOT_FOUND', path: 'request.pool' },
    /no pool lake/,
  ],
  [
    'a tenant that is none',
    { blueprint: 'vlan', tenant: 'Tenant:name=nobody' },
    { code: 'NOT_FOUND', path: 'input.request.tenant' },
    /nobody/,
  ],
  ['a lease of a moment', { blueprint: 'vlan', lease: 'PT0.5S' }, bad, /from a second to ten years/],
  ['a lease of the past', { blueprint: 'vlan', lease: '-PT1H' }, bad, /-PT1H|lease/],
  ['a spread of none', { blueprint: 'vlan', spread: { over: 'RACK', atMost: 0 } }, bad, /At least one/],
  ['more than the quota', { blueprint: 'vlan', count: 3 }, { code: 'QUOTA_EXCEEDED' }, /3 .*asked, 2 left/],
  [
    'a source without control',
    { blueprint: 'closed' },
    { code: 'FORBIDDEN', path: 'request.blueprint' },
    /closed cannot be done: .*control/,
  ],
  [
    'a source that is not configured',
    { blueprint: 'nowhere' },
    { code: 'NOT_FOUND', path: 'request.blueprint' },
    /nowhere/,
  ],
]

describe('refused, and nothing is changed', () => {
  test.each(refusals)('%s', async (_, request, extensions, message) => {
    const before = await standing()
    const { error } = await bot.allocate({ name: 'n', ...request })
    expect(error).toMatchObject(extensions)
    expect(error.message).toMatch(message)
    expect(await standing()).toEqual(before)
  })

  test('an expired lease, a second release, another tenant’s allocation, and ids of nothing', async () => {
    const { allocation } = await bot.allocate({ name: 'over', blueprint: 'address', lease: 'PT1H' })
    await bot.release(allocation.id)
    const { createToken } = await bot.query(
      'mutation { createToken(input: { name: "of-red", role: OPERATOR, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }',
    )
    const red = asker(app, { authorization: `Bearer ${createToken.secret}` })
    const kept = await bot.allocate({ name: 'kept', blueprint: 'address' })
    const before = await standing()
    const state = { code: 'CONFLICT', reason: 'STATE', retryable: false, path: 'input.allocation' }
    expect((await bot.release(allocation.id)).error).toMatchObject(state)
    expect((await bot.extendLease(allocation.id, 'PT1H')).error).toMatchObject(state)
    const none = { code: 'NOT_FOUND', path: 'input.allocation' }
    expect((await red.release(kept.allocation.id)).error).toMatchObject(none)
    expect((await red.extendLease(kept.allocation.id, 'PT1H')).error).toMatchObject(none)
    for (const id of ['allocation.999999', 'allocation.-1', 'operation.1', '../1', ''])
      expect((await bot.release(id)).error).toMatchObject(none)
    expect(await standing()).toEqual(before)
    await bot.release(kept.allocation.id)
  })
})

describe('places of a blueprint', () => {
  const reaching = [
    '{{env.HOME}}',
    '{{process.env.HOME}}',
    '{{file:/etc/passwd}}',
    '{{constructor}}',
    '{{__proto__}}',
    '{{parameters.constructor}}',
    '{{#include /etc/passwd}}',
    '{{ {{name}} }}',
    '{{name',
  ]
  test.each(reaching)('%s is refused when it is loaded', (place) => {
    const text = `blueprint: b\ndescription: d\nclaims:\n  - { class: CUSTOM_VLAN, amount: 1, name: '${place}' }\n`
    expect(() => parseBlueprint(text, 'b.yaml')).toThrow(/^b\.yaml:4: claims\.0\.name: /)
  })

  test('what a parameter says is a text, whatever stands in it', async () => {
    const dnsName = '{{parameters.dnsName}}-{{env.HOME}}-${HOME}-$(id)-$&'
    const { allocation } = await bot.allocate({ name: 'said', blueprint: 'address', parameters: { dnsName } })
    const { ipAddresses } = await bot.query(
      'query ($filter: IpAddressFilter) { ipAddresses(filter: $filter) { nodes { dnsName } } }',
      {
        filter: { name: { eq: allocation.claims[0].unit } },
      },
    )
    expect(ipAddresses.nodes).toEqual([{ dnsName }])
    await bot.release(allocation.id)
  })
})
