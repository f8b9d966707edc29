/** What a query costs in SQL statements does not depend on how many rows it gives. */
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMetrics, type Metrics } from '../../src/metric/index.ts'
import { startNouns, type LiveNouns } from '../support/nouns.ts'

let nouns: LiveNouns
let metrics: Metrics

beforeAll(async () => {
  nouns = await startNouns()
  const items = [
    { kind: 'Site', name: 's' },
    {
      kind: 'Rack',
      name: 'r',
      fields: { heightUnits: 42 },
      links: [{ type: 'LOCATED_IN', to: 'Site:name=s' }],
    },
    { kind: 'Tenant', name: 't' },
  ]
  await load(items)
  for (let part = 0; part < 2; part++) {
    const numbers = Array.from({ length: 500 }, (_, index) => part * 500 + index)
    await load(
      numbers.map((n) => ({
        kind: 'Server',
        name: `srv-${n}`,
        labels: [{ key: 'n', value: String(n % 3) }],
        fields: { serialNumber: `SN${n}`, manufacturer: 'Dell' },
        attributes: { tier: n % 2 },
        links: [{ type: 'LOCATED_IN', to: 'Rack:name=r' }],
      })),
    )
    await load(
      numbers.map((n) => ({
        kind: 'VirtualMachine',
        name: `vm-${n}`,
        fields: { instanceId: `i-${n}` },
        links: [
          { type: 'RUNS_ON', to: `Server:serialNumber=SN${n}` },
          { type: 'OWNED_BY', to: 'Tenant:name=t' },
        ],
      })),
    )
  }
  metrics = await measured()
}, 120_000)
afterAll(() => nouns.close())

/** Closed, so that nothing but the questions asks anything. */
async function measured(): Promise<Metrics> {
  const made = await startMetrics({
    db: nouns.db,
    log: pino({ level: 'silent' }),
    limits: { series: 10_000, seriesValues: 10_000_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  const { data } = await nouns.ask('{ servers(first: 1000) { nodes { id } } }')
  made.record(
    0,
    data.servers.nodes.map(({ id }: { id: string }) => ({
      ...{ resourceId: Number(id), metric: 'load', value: 1, at: Date.now() },
    })),
  )
  await made.flush()
  await made.close()
  return made
}

async function load(items: unknown[]): Promise<void> {
  const { errors } = await nouns.ask(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor counts { created } } }',
    { input: { items } },
  )
  expect(errors).toEqual([])
}

const nodes = (fields: string, args = ''): string =>
  `query ($first: Int!) { servers(first: $first${args}) { nodes { ${fields} } } }`
const budgets: [string, string, number][] = [
  [
    'stored fields and links at any depth',
    nodes(
      `id name labels { key value } rack { name site { name racks { nodes { servers(first: 5) { totalCount nodes { name } } } } } }
       virtualMachines { nodes { name tenant { name virtualMachines(first: 5) { nodes { host { name rack { name } } } } } } }
       links { totalCount nodes { id type } } services { totalCount }`,
    ),
    0,
  ],
  [
    'filters, orders and counts',
    nodes(
      'name',
      ', filter: { name: { glob: "srv-*" }, rack: ["Rack:name=r"] }, orderBy: { field: "label.n" }',
    ),
    0,
  ],
  ['blast radius', nodes('dependents(first: 3) { totalCount edges { depth via { type } } }'), 0],
  ['attributes', nodes('attributes attribute(path: "inventory.tier")'), 1],
  ['origins and observedAt', nodes('observedAt origins { key source { name } }'), 1],
  ['provenance', nodes('provenance { path value }'), 1],
  ['stat', nodes('name rack { servers { stat(metric: "load", aggregate: P95) } }'), 0],
  ['series', nodes('name series(metric: ["load"], range: { last: "PT2H" }, step: "PT1M") { values }'), 2],
  ['history', nodes('history(first: 2) { totalCount nodes { action changes { path } } }'), 1],
  ['details of links', nodes('links { nodes { since attributes origins { key } } }'), 1],
  [
    'a filter by attributes',
    nodes('name', ', filter: { attribute: [{ path: "inventory.tier", eq: 1 }] }'),
    1,
  ],
  [
    'all of them together',
    nodes(
      'attributes origins { key } provenance { path } history { totalCount } virtualMachines { nodes { attributes origins { key } } }',
    ),
    6,
  ],
]

describe('SQL statements are as many at 10 rows as at 1,000', () => {
  test.each(budgets)('%s', async (_, source, budget) => {
    for (const first of [10, 1_000]) {
      const { errors, statements, data } = await nouns.ask(source, { first }, { metrics })
      expect(errors).toEqual([])
      expect(data.servers.nodes.length).toBeGreaterThanOrEqual(10)
      expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(budget)
    }
  })

  test('refs by the keys of a source', async () => {
    const source = 'query ($refs: [Ref!]!) { resourcesByRef(refs: $refs) { name } }'
    for (const count of [10, 1_000]) {
      const refs = Array.from({ length: count }, (_, n) => `inventory:Server:srv-${n}`)
      const { errors, data, statements } = await nouns.ask(source, { refs })
      expect(errors).toEqual([])
      expect(data.resourcesByRef.at(-1)).toEqual({ name: `srv-${count - 1}` })
      expect(statements).toHaveLength(1)
    }
  })
})
