/** Usage by the API: who may know of what, and in how many statements. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startUsage } from '../../src/usage/index.ts'
import { startNouns, type LiveNouns } from '../support/nouns.ts'

let nouns: LiveNouns
const context = (names?: string[]) => ({
  usage: startUsage({
    db: nouns.db,
    config: { currency: 'KRW', prices: [{ kind: 'VirtualMachine', class: 'VCPU', perHour: 1_000 }] },
    historyDays: 400,
  }),
  viewer: {
    ...{ name: 'tester', role: 'admin' as const, tokenId: 1 },
    ...(names === undefined ? {} : { tenants: new Set(names.map((name) => ids[name]!)) }),
  },
})
const ids: Record<string, number> = {}

beforeAll(async () => {
  nouns = await startNouns()
  const machine = (name: string, tenant: string) => ({
    ...{ kind: 'VirtualMachine', name, fields: { cpuCores: 4, flavor: `of-${tenant}` } },
    links: [{ type: 'OWNED_BY', to: `Tenant:name=${tenant}` }],
  })
  await write({
    items: [
      ...['red', 'blue', 'late'].map((name) => ({ kind: 'Tenant', name })),
      ...Array.from({ length: 200 }, (_, index) => machine(`vm-${index}`, 'red')),
      ...[machine('b', 'blue'), machine('l', 'late')],
    ],
  })
  const { data } = await nouns.ask('{ tenants { nodes { id name } } }')
  for (const { id, name } of data.tenants.nodes) ids[name] = Number(id)
  await nouns.ask(
    'mutation { deleteResources(input: { items: [{ ref: "VirtualMachine:name=l" }, { ref: "Tenant:name=late" }] }) { cursor } }',
  )
  await nouns.db.raw(
    "update resource_history set valid_from = valid_from - interval '5 hours' * case when action = 'CREATED' then 2 else 1 end",
  )
  await nouns.db.raw("update resource_history set valid_to = valid_to - interval '5 hours'")
}, 60_000)
afterAll(() => nouns.close())

async function write(input: unknown): Promise<void> {
  const { errors } = await nouns.ask(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input },
  )
  expect(errors).toEqual([])
}

const question =
  '{ usage(kind: [VirtualMachine], range: { last: "PT2H" }, by: [TENANT]) { tenant { name } tenantName kind class hours amountHours cost currency } }'

it('tells hours and cost by tenant, in one statement', async () => {
  const { data, errors, statements } = await nouns.ask(question, {}, context())
  expect(errors).toEqual([])
  expect(data.usage).toEqual([
    {
      ...{ tenant: { name: 'red' }, tenantName: 'red', kind: null, class: null, hours: 400 },
      ...{ amountHours: null, cost: 1_600_000, currency: 'KRW' },
    },
    {
      ...{ tenant: { name: 'blue' }, tenantName: 'blue', kind: null, class: null, hours: 2 },
      ...{ amountHours: null, cost: 8_000, currency: 'KRW' },
    },
  ])
  expect(statements).toHaveLength(1)
})

it('knows the name of a tenant that is no longer', async () => {
  const { data, errors } = await nouns.ask(question.replace('PT2H', 'PT9H'), {}, context())
  expect(errors).toEqual([])
  const late = data.usage.find((one: { tenantName: string }) => one.tenantName === 'late')
  expect(late).toMatchObject({ tenant: null })
  expect(late.hours).toBeGreaterThan(3.9)
  expect(late.hours).toBeLessThan(4.1)
})

it('tells tenants of their own only', async () => {
  const { data } = await nouns.ask(
    '{ usage(range: { last: "PT9H" }, by: [tenant, kind, flavor, class]) { tenant { name } tenantName kind flavor class hours } }',
    {},
    context(['blue']),
  )
  expect(new Set(data.usage.map(({ tenantName }: { tenantName: string }) => tenantName))).toEqual(
    new Set(['blue']),
  )
  expect(JSON.stringify(data)).not.toMatch(/red|late/)
  const { data: total } = await nouns.ask(question.replace('by: [TENANT]', 'by: []'), {}, context(['blue']))
  expect(total.usage).toMatchObject([{ hours: 2 }])
  const refused = await nouns.ask(
    question.replace('kind:', 'tenant: "Tenant:name=red", kind:'),
    {},
    context(['blue']),
  )
  expect(refused.errors).toMatchObject([{ code: 'NOT_FOUND' }])
  const { data: none } = await nouns.ask(question, {}, context([]))
  expect(none.usage).toEqual([])
})

it('refuses what history cannot tell, and keys that are none', async () => {
  const old = await nouns.ask(question.replace('PT2H', 'P500D'), {}, context())
  expect(old.errors).toMatchObject([{ code: 'LIMIT_EXCEEDED' }])
  const twice = await nouns.ask(question.replace('TENANT]', 'TENANT, tenant]'), {}, context())
  expect(twice.errors).toMatchObject([{ code: 'INVALID_INPUT' }])
  const ahead = await nouns.ask(
    question.replace('last: "PT2H"', 'from: "2990-01-01T00:00:00Z", to: "2991-01-01T00:00:00Z"'),
    {},
    context(),
  )
  expect(ahead.data.usage).toEqual([])
})
