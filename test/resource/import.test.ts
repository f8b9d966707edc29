import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadGraph } from '../../src/graph/load.ts'
import { startResources } from '../../src/resource/index.ts'
import type { Resources } from '../../src/resource/verbs.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let resources: Resources
beforeAll(async () => {
  database = await createDatabase()
  resources = startResources({ db: database.db, wake: () => {} })
})
afterAll(() => database.close())

const by = { name: 'test' }

const items = [
  { kind: 'Region', name: 'eu' },
  { kind: 'Site', name: 'fra1', links: [{ type: 'LOCATED_IN', to: { ref: 'Region:name=eu' } }] },
  {
    kind: 'Rack',
    name: 'r07',
    fields: { heightUnits: 42 },
    links: [{ type: 'LOCATED_IN', to: { ref: 'Site:name=fra1' } }],
  },
  { kind: 'Tenant', name: 'web' },
  {
    kind: 'Server',
    name: 'web-1',
    fields: { serialNumber: 'CN74', manufacturer: 'Dell', position: 3 },
    attributes: { note: 'first' },
    links: [
      { type: 'LOCATED_IN', to: { ref: 'Rack:name=r07' } },
      { type: 'OWNED_BY', to: { ref: 'Tenant:name=web' } },
    ],
  },
  { kind: 'NetworkInterface', name: 'eth0', links: [{ type: 'PART_OF', to: { ref: 'Server:name=web-1' } }] },
] as const

async function* listed(list: readonly object[]) {
  yield list.map((item, index) => ({ ...item, path: `input.items[${index}]` })) as never
}

const take = (list: readonly object[], rest = {}) =>
  resources.importInventory(
    {
      source: 'inventory',
      mode: 'merge',
      dryRun: false,
      items: listed(list),
      signal: AbortSignal.timeout(30_000),
      ...rest,
    },
    by,
  )

async function graph() {
  const rows = await resources.rows()
  try {
    return await loadGraph(rows, 1_000)
  } finally {
    await rows.close()
  }
}

test('an inventory becomes resources with their places, once', async () => {
  const dry = await take(items, { dryRun: true })
  expect(dry).toMatchObject({ created: 6, linksAdded: 5 })
  expect((await graph()).size).toBe(0)
  const first = await take(items)
  expect(first).toMatchObject({ created: 6, unchanged: 0, linksAdded: 5 })
  const loaded = await graph()
  const [server] = loaded.lookup('Server', 'serialNumber', 'CN74')
  const [site] = loaded.lookup('Site', 'name', 'fra1')
  expect(server).toMatchObject({
    name: 'web-1',
    siteId: site!.id,
    tenantId: loaded.lookup('Tenant', 'name', 'web')[0]!.id,
  })
  const [port] = loaded.neighbors(server!, 'PART_OF', 'in')
  expect(port).toMatchObject({ name: 'eth0', siteId: site!.id, tenantId: server!.tenantId })
  expect(await take(items)).toMatchObject({
    created: 0,
    updated: 0,
    unchanged: 6,
    linksAdded: 0,
    cursor: first.cursor,
  })
})
