import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { prune } from '../src/prune.ts'
import { startResources } from '../src/resource/index.ts'
import type { InventoryItem } from '../src/resource/verbs.ts'
import { createDatabase, type TestDatabase } from './support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())

async function* listed(items: InventoryItem[]) {
  yield items
}

test('what is older than it is to be kept goes; what stands now and its open history stay', async () => {
  const resources = startResources({ db: database.db })
  const take = (name: string) =>
    resources.importInventory(
      {
        source: 'inventory',
        mode: 'merge',
        dryRun: false,
        items: listed([{ kind: 'Tenant', key: 'a', name, path: 'a' }]),
        signal: AbortSignal.timeout(10_000),
      },
      { name: 'test', idempotency: { actor: 'test', key: name, action: 'import', input: name } },
    )
  await take('before')
  const last = await take('after')
  const keep = loadConfig({}).keep
  const counts = async () => {
    const of = async (table: string) => Number((await database.db(table).count({ count: '*' }))[0]!['count'])
    return {
      event: await of('event'),
      idempotency: await of('idempotency'),
      history: await of('resource_history'),
    }
  }
  const start = await counts()
  await prune(database.db, keep, new Date(), AbortSignal.timeout(10_000))
  expect(await counts()).toEqual(start)
  const later = new Date(Date.now() + 500 * 86_400_000)
  await prune(database.db, keep, later, AbortSignal.timeout(10_000))
  expect(await counts()).toEqual({ event: 0, idempotency: 0, history: start.history - 1 })
  expect(await database.db('resource_history').whereNull('valid_to').select('resource_id')).toHaveLength(
    await database.db('resource').then((rows) => rows.length),
  )
  expect((await take('again')).cursor.seq).toBeGreaterThan(last.cursor.seq)
})
