import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSnapshot } from '../../src/resource/snapshot/store.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
const long = 'ü'.repeat(200_000)
const at = new Date('2026-01-02T03:04:05.678Z')

beforeAll(async () => {
  database = await createDatabase()
  await database.db('resource').insert([
    {
      id: '4294967297',
      kind: 'Server',
      name: 'sérvér 漢字 🖧',
      status: 'ACTIVE',
      labels: { a: 'ä', b: 'long' },
      owner: long,
      contact: '',
      site_id: 7,
      tenant_id: '9007199254740991',
      fields: { memoryBytes: 549_755_813_888, note: 'x\n"y"', position: 3 },
      sources: [2, 3],
      generation: 4,
      revision: 5,
      created_at: at,
      updated_at: '2026-01-02T03:04:05.678912Z',
      drift: JSON.stringify([]),
      has_conflict: true,
    },
    { id: 1, kind: 'Rack', name: '', created_at: at, updated_at: at },
  ])
  await database.db('link').insert({ type: 'LOCATED_IN', from_id: '4294967297', to_id: 1, since: at })
  await database.db('resource_gone').insert([
    { id: 5, kind: 'Rack', name: 'r', into_id: 1, gone_at: at },
    { id: 6, kind: 'Rack', name: 'r', gone_at: at },
  ])
})
afterAll(() => database.close())

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

describe('a snapshot', () => {
  it('gives every value as it is, ascending by id', async () => {
    const snapshot = await openSnapshot(database.db)
    const resources = await all(snapshot.resources)
    const [links, aliases] = [await all(snapshot.links), await all(snapshot.aliases)]
    await snapshot.close()
    expect(resources).toEqual([
      {
        id: 1,
        kind: 'Rack',
        name: '',
        status: null,
        labels: {},
        owner: null,
        contact: null,
        siteId: null,
        tenantId: null,
        fields: {},
        sources: [],
        generation: 1,
        revision: 1,
        createdAt: at.getTime(),
        updatedAt: at.getTime(),
        hasDrift: false,
        hasConflict: false,
      },
      {
        id: 4_294_967_297,
        kind: 'Server',
        name: 'sérvér 漢字 🖧',
        status: 'ACTIVE',
        labels: { a: 'ä', b: 'long' },
        owner: long,
        contact: '',
        siteId: 7,
        tenantId: Number.MAX_SAFE_INTEGER,
        fields: { memoryBytes: 549_755_813_888, note: 'x\n"y"', position: 3 },
        sources: [2, 3],
        generation: 4,
        revision: 5,
        createdAt: at.getTime(),
        updatedAt: at.getTime(),
        hasDrift: true,
        hasConflict: true,
      },
    ])
    expect(links).toEqual([{ type: 'LOCATED_IN', from: 4_294_967_297, to: 1, since: at.getTime() }])
    expect(aliases).toEqual([{ id: 5, into: 1 }])
  })

  it('does not see what is written after it was opened', async () => {
    const snapshot = await openSnapshot(database.db)
    await database
      .db('resource')
      .insert({ id: 2, kind: 'Rack', name: 'late', created_at: at, updated_at: at })
    expect(await all(snapshot.resources)).toHaveLength(2)
    await snapshot.close()
    await database.db('resource').where({ id: 2 }).delete()
  })

  it('left in the middle leaves the pool usable', async () => {
    for (let round = 0; round < 15; round++) {
      const snapshot = await openSnapshot(database.db)
      for await (const batch of snapshot.resources) {
        expect(batch.length).toBeGreaterThan(0)
        break
      }
      await snapshot.close()
    }
    const { rows } = await database.db.raw('select 1 as one')
    expect(rows).toEqual([{ one: 1 }])
  })
})
