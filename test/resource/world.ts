/** A database with its resources, and what tests ask of it: what is one resource, what was said, what the graph holds. */
import { expect } from 'vitest'
import type { Cursor } from '../../src/event/event.ts'
import { readEvents } from '../../src/event/store.ts'
import { loadGraph } from '../../src/graph/load.ts'
import { MemoryGraph } from '../../src/graph/memory.ts'
import type { GraphRows } from '../../src/graph/graph.ts'
import { startResources } from '../../src/resource/index.ts'
import type { LinkType } from '../../src/resource/kind/link.ts'
import type { LinkImage, Observation, ResourceId, ResourceImage } from '../../src/resource/resource.ts'
import type {
  ImportRequest,
  InventoryItem,
  Resources,
  SyncRequest,
  SyncResult,
  WriteResult,
} from '../../src/resource/verbs.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

export const by = { name: 'tester' }
export const forever = new AbortController().signal

export interface World {
  database: TestDatabase
  resources: Resources
  /** A source that observes; intent comes by `say`. */
  source(name: string, rest?: Partial<Parameters<Resources['saveSource']>[0]>): Promise<ResourceId>
  sync(
    sourceId: ResourceId,
    listing: readonly Observation[],
    rest?: Partial<SyncRequest>,
  ): Promise<SyncResult>
  /** Imports items as people write them. */
  say(items: readonly Omit<InventoryItem, 'path'>[], rest?: Partial<ImportRequest>): Promise<WriteResult>
  images(): Promise<ResourceImage[]>
  named(name: string): Promise<ResourceImage>
  links(type?: LinkType): Promise<string[]>
  /** The graph that follows from the events alone equals the one that the rows give. */
  expectReplayed(): Promise<void>
  /** Checks that, then drops the database. */
  end(): Promise<void>
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const database = await createDatabase()
  const resources = startResources({ db: database.db, wake: () => {} })
  const images = async () => (await contentOf(await resources.rows())).resources
  const world: World = {
    database,
    resources,
    images,
    source: (name, rest = {}) =>
      resources.saveSource(
        {
          name,
          driver: 'test',
          role: 'observed',
          precedence: 100,
          authoritative: true,
          control: false,
          ...rest,
        },
        by,
      ),
    sync: (sourceId, listing, rest = {}) =>
      resources.sync({ sourceId, listing: each(listing), signal: forever, ...rest }, by),
    say: (items, rest = {}) =>
      resources.importInventory(
        {
          source: 'inventory',
          mode: 'merge',
          dryRun: false,
          items: each([items.map((item, index) => ({ ...item, path: `items[${index}]` }))]),
          signal: forever,
          ...rest,
        },
        by,
      ),
    async named(name) {
      const found = (await images()).filter((image) => image.name === name)
      expect(found, `resources named ${name}`).toHaveLength(1)
      return found[0]!
    },
    async links(type) {
      const { resources: list, links } = await contentOf(await resources.rows())
      const names = new Map(list.map((image) => [image.id, image.name]))
      return links
        .filter((link) => type === undefined || link.type === type)
        .map((link) => showLink(link, names))
        .sort()
    },
    async expectReplayed() {
      const rows = await resources.rows()
      const fresh = await loadGraph(rows, 1_000_000)
      await rows.close()
      const start: Cursor = { epoch: fresh.cursor.epoch, seq: 0 }
      const replayed = new MemoryGraph({ cursor: start, asOf: null, visited: 1_000_000 })
      for (let after = 0; ;) {
        const events = await readEvents(database.db, { after, first: 10_000 })
        if (events.length === 0) break
        replayed.apply(events)
        after = events.at(-1)!.seq
      }
      expect(shownGraph(replayed)).toEqual(shownGraph(fresh))
    },
    async end() {
      try {
        await world.expectReplayed()
      } finally {
        await world.close()
      }
    },
    close: () => database.close(),
  }
  return world
}

export async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

export interface Content {
  resources: ResourceImage[]
  links: LinkImage[]
  aliases: { id: ResourceId; into: ResourceId }[]
}

export async function contentOf(rows: GraphRows & { close(): Promise<void> }): Promise<Content> {
  try {
    return {
      resources: (await Array.fromAsync(rows.resources)).flat().sort((a, b) => a.id - b.id),
      links: (await Array.fromAsync(rows.links)).flat(),
      aliases: (await Array.fromAsync(rows.aliases)).flat(),
    }
  } finally {
    await rows.close()
  }
}

const showLink = ({ type, from, to }: LinkImage, names: ReadonlyMap<ResourceId, string>): string => {
  const ends = [names.get(from) ?? `#${from}`, names.get(to) ?? `#${to}`]
  return type === 'CONNECTED_TO' ? ends.sort().join(' = ') : ends.join(` ${type} `)
}

/** All that can be read of a graph, in a form that two can be compared by. */
function shownGraph(graph: MemoryGraph): unknown {
  return {
    cursor: graph.cursor,
    resources: graph.ofType('Resource').map((vertex) => ({
      ...Object.fromEntries(
        (
          [
            'id',
            'name',
            'status',
            'labels',
            'owner',
            'contact',
            'siteId',
            'tenantId',
            'sources',
            'generation',
            'revision',
            'createdAt',
            'updatedAt',
            'hasDrift',
            'hasConflict',
          ] as const
        ).map((key) => [key, vertex[key]]),
      ),
      kind: vertex.kind.name,
      fields: Object.fromEntries(Object.entries(vertex.fields).filter(([, value]) => value != null)),
      links: graph.links(vertex).map((link) => `${link.type} ${link.from.id} ${link.to.id} ${link.since}`),
    })),
  }
}

/** Which keys of which sources are one resource: sorted lists of `source/key`. */
export async function partitionOf(world: World): Promise<string[][]> {
  const { rows } = await world.database.db.raw<{ rows: { members: string[] }[] }>(
    `select array_agg(s.name || '/' || o.key order by s.name, o.key) as members
     from observation o join source s on s.id = o.source_id where s.driver <> 'plenum' group by o.resource_id order by 1`,
  )
  return rows.map((row) => row.members)
}

/** Where every row of every table stands and which transaction wrote it: equal before and after when nothing was written. */
export async function stampOf(world: World, except: readonly string[] = []): Promise<Record<string, string>> {
  const tables = (
    await world.database.db.raw<{ rows: { name: string }[] }>(
      "select tablename as name from pg_tables where schemaname = 'public' order by 1",
    )
  ).rows
  const stamps: Record<string, string> = {}
  for (const { name } of tables.filter((table) => !except.includes(table.name))) {
    const { rows } = await world.database.db.raw<{ rows: { stamp: string }[] }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(ctid::text || ' ' || xmin::text, ',' order by ctid)), '') as stamp from "${name}"`,
    )
    stamps[name] = rows[0]!.stamp
  }
  return stamps
}
