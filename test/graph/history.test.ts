/** The law of the graph: after any history of changes it equals what a fresh load from the same rows gives, all indexes included. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { GraphEvent } from '../../src/event/event.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { kindNames, type KindName } from '../../src/resource/kind/index.ts'
import { linkDefinition, type LinkType } from '../../src/resource/kind/link.ts'
import type { LinkImage, ResourceImage } from '../../src/resource/resource.ts'
import { Datacenter, noScope, toEvents, toImage } from '../support/datacenter.ts'

const kinds: readonly KindName[] = ['Server', 'Switch', 'NetworkInterface', 'IpAddress', 'Rack', 'Vlan']
const types: readonly LinkType[] = ['PART_OF', 'CONNECTED_TO', 'LOCATED_IN', 'DEPENDS_ON']

const word = fc.constantFrom('a', 'b', 'c', 'eth0', '')
const image = fc.record({
  kind: fc.constantFrom(...kinds),
  name: word,
  status: fc.constantFrom('ACTIVE' as const, null),
  labels: fc.dictionary(fc.constantFrom('env', 'team', '__proto__', 'x='), word, { maxKeys: 3 }),
  owner: fc.option(word),
  siteId: fc.option(fc.nat(30)),
  sources: fc.uniqueArray(fc.nat(3), { maxLength: 2 }).map((ids) => ids.toSorted()),
  fields: fc.record(
    {
      serialNumber: word,
      macAddress: word,
      address: word,
      vid: fc.nat(3),
      speedBps: fc.constantFrom(10e9, 1e3, '99999999999999999999'),
      role: word,
    },
    { requiredKeys: [] },
  ),
})
const pick = fc.nat(1_000)
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), image, gap: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('update' as const), at: pick, image }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      at: pick,
      to: pick,
      type: fc.constantFrom(...types),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unlink' as const), at: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), at: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const), at: pick, into: pick }) },
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** The tables, as far as they matter here: takes a change, gives the events that tell it. */
class Tables {
  readonly resources = new Map<number, ResourceImage>()
  readonly links = new Map<string, LinkImage>()
  readonly aliases: { id: number; into: number }[] = []
  #next = 1

  take(one: Change): GraphEvent[] {
    const ids = [...this.resources.keys()]
    const at = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]
    switch (one.do) {
      case 'create':
        return this.#create(one.image, one.gap)
      case 'update':
        return this.#update(at(ids, one.at), one.image)
      case 'link':
        return this.#link(one.type, at(ids, one.at), at(ids, one.to))
      case 'unlink':
        return this.#unlink([...this.links.keys()].slice(one.at % 7, (one.at % 7) + 1))
      case 'delete':
        return this.#end(at(ids, one.at), undefined)
      case 'merge':
        return this.#end(at(ids, one.at), at(ids, one.into))
    }
  }

  #create(given: Partial<ResourceImage> & { kind: KindName; name: string }, gap: number): GraphEvent[] {
    const resource = toImage((this.#next += 1 + gap), given.kind, given.name, given)
    this.resources.set(resource.id, resource)
    return [{ type: 'ResourceCreated', resource }]
  }

  #update(id: number | undefined, given: Partial<ResourceImage>): GraphEvent[] {
    const old = id === undefined ? undefined : this.resources.get(id)
    if (old === undefined) return []
    const resource = { ...old, ...given, revision: old.revision + 1, updatedAt: old.updatedAt + 1 }
    this.resources.set(old.id, resource)
    return [{ type: 'ResourceUpdated', resource, before: noScope, changes: [] }]
  }

  #link(type: LinkType, from: number | undefined, to: number | undefined): GraphEvent[] {
    if (from === undefined || to === undefined) return []
    const ends = linkDefinition(type).symmetric ? [Math.min(from, to), Math.max(from, to)] : [from, to]
    const link: LinkImage = { type, from: ends[0]!, to: ends[1]!, since: 1_700_000_000_000 + this.links.size }
    const key = `${type}.${link.from}.${link.to}`
    if (this.links.has(key)) return []
    this.links.set(key, link)
    return [{ type: 'LinkAdded', link, from: noScope, to: noScope }]
  }

  #unlink(keys: readonly string[]): GraphEvent[] {
    return keys.map((key) => {
      const link = this.links.get(key)!
      this.links.delete(key)
      return { type: 'LinkRemoved', link, from: noScope, to: noScope }
    })
  }

  #end(id: number | undefined, into: number | undefined): GraphEvent[] {
    if (id === undefined || id === into) return []
    const own = [...this.links].filter(([, link]) => link.from === id || link.to === id).map(([key]) => key)
    const events = this.#unlink(own)
    this.resources.delete(id)
    if (into === undefined) return [...events, { type: 'ResourceDeleted', id, before: noScope }]
    this.aliases.push({ id, into })
    return [...events, { type: 'ResourceMerged', id, into, before: noScope }]
  }

  load(): Promise<MemoryGraph> {
    const dc = new Datacenter()
    dc.resources.push(...this.resources.values())
    dc.links.push(...this.links.values())
    dc.aliases.push(...this.aliases)
    return dc.load()
  }

  get ids(): number {
    return this.#next
  }
}

/** Everything that can be asked of a graph. */
function contents(graph: MemoryGraph, ids: number): unknown {
  const all = graph.ofType('Resource')
  return {
    size: graph.size,
    linkCount: graph.linkCount,
    vertices: all.map(({ kind, fields, labels, createdAt, updatedAt, ...rest }) => ({
      ...rest,
      createdAt,
      updatedAt,
      time: 0,
      times: 0,
      kind: kind.name,
      fields: { ...fields },
      labels: { ...labels },
      slot: 0,
      bundle: 0,
      labelSet: 0,
    })),
    survivors: Array.from({ length: ids + 2 }, (_, id) => graph.get(id)?.id),
    types: [...kindNames, 'Hardware' as const, 'Machine' as const].map((type) =>
      graph.ofType(type).map(({ id }) => id),
    ),
    indexes: [...graph.indexes.of(kindNames)].flatMap(({ kind, property, index }) =>
      [...index.values()]
        .sort()
        .map((value) => [kind, property, value, index.get(value).map(({ id }) => id)]),
    ),
    links: all.map((vertex) =>
      graph.links(vertex).map(({ type, from, to, since }) => [type, from.id, to.id, since]),
    ),
    neighbors: all.map((vertex) =>
      types.map((type) =>
        (['out', 'in', 'both'] as const).map((way) => [
          graph.neighbors(vertex, type, way).map(({ id }) => id),
          graph.degree(vertex, type, way),
        ]),
      ),
    ),
  }
}

it('equals a fresh load after any history of changes', async () => {
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 1, maxLength: 60 }),
    fc.boolean(),
    async (changes, isRead) => {
      const tables = new Tables()
      const graph = await tables.load()
      for (const one of changes) {
        graph.apply(toEvents(graph.cursor.seq, tables.take(one)))
        // reading in between brings lists into another state than reading at the end only
        if (isRead) contents(graph, tables.ids)
      }
      expect(contents(graph, tables.ids)).toEqual(contents(await tables.load(), tables.ids))
    },
  )
  await fc.assert(property, { numRuns: 300, verbose: 1 })
}, 60_000)
