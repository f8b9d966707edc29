import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sampleInventory } from '../../src/demo/index.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { loadGraph } from '../../src/graph/load.ts'
import {
  exportInventory,
  inventoryFormats,
  readInventory,
  type InventoryFormat,
} from '../../src/inventory/index.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem, Resources, WriteResult } from '../../src/resource/verbs.ts'
import { readNetbox } from '../../src/source/netbox/index.ts'
import { demoPath, hasDemo } from '../source/netbox/dump.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const signal = AbortSignal.timeout(300_000)

interface Place {
  database: TestDatabase
  resources: Resources
}
const places: Place[] = []

async function open(): Promise<Place> {
  const database = await createDatabase()
  const place = { database, resources: startResources({ db: database.db, wake: () => {} }) }
  places.push(place)
  return place
}
afterAll(() => Promise.all(places.map(({ database }) => database.close())))

const take = (
  { resources }: Place,
  items: AsyncIterable<InventoryItem[]>,
  source = 'inventory',
): Promise<WriteResult> =>
  resources.importInventory({ source, mode: 'merge', dryRun: false, items, signal }, { name: 'test' })

async function graphOf({ resources }: Place): Promise<Graph> {
  const rows = await resources.rows()
  try {
    return await loadGraph(rows, 1_000_000)
  } finally {
    await rows.close()
  }
}

async function write(place: Place, format: InventoryFormat, rest: { source?: string } = {}): Promise<string> {
  const pieces: string[] = []
  const graph = await graphOf(place)
  for await (const piece of exportInventory({ graph, resources: place.resources, format, signal, ...rest }))
    pieces.push(piece)
  return pieces.join('')
}

const read = (format: InventoryFormat, text: string) =>
  readInventory(format, Readable.from([Buffer.from(text)]), signal)

const sources: [string, boolean, () => Promise<AsyncIterable<InventoryItem[]>>, string][] = [
  ['the sample datacenter', true, async () => sampleInventory(), 'inventory'],
  [
    'the NetBox demo',
    hasDemo,
    async () => (await readNetbox(createReadStream(demoPath), {}, signal)).items,
    'netbox',
  ],
]

describe.each(sources.filter(([, isThere]) => isThere))('%s', (_, __, items, source) => {
  let first: Place
  let counts: WriteResult
  beforeAll(async () => {
    first = await open()
    const started = performance.now()
    counts = await take(first, await items(), source)
    console.log(
      `${counts.created} resources, ${counts.linksAdded} links in ${Math.round(performance.now() - started)} ms`,
    )
  }, 120_000)

  it('writes nothing when it is imported again', async () => {
    const again = await take(first, await items(), source)
    expect(again).toMatchObject({ created: 0, updated: 0, deleted: 0, linksAdded: 0, linksRemoved: 0 })
    expect(again.unchanged).toBeGreaterThan(1_000)
  })

  it.each(inventoryFormats)(
    'goes out as %s, into an empty database, and out again with the same bytes',
    async (format) => {
      const text = await write(first, format)
      const second = await open()
      const taken = await take(second, read(format, text))
      // The inventories themselves are sources, and resources too.
      expect(taken.created).toBe(counts.created)
      expect(taken.linksAdded).toBe(counts.linksAdded)
      expect(await write(second, format)).toBe(text)
      expect((await graphOf(second)).size).toBe((await graphOf(first)).size)
    },
    120_000,
  )

  it('changes nothing when what its source knows is exported and imported as that source', async () => {
    const text = await write(first, 'ndjson', { source })
    const again = await take(first, read('ndjson', text), source)
    expect(again).toMatchObject({ created: 0, deleted: 0, linksAdded: 0, linksRemoved: 0 })
  })
})
