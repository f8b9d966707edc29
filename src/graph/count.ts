/** Resources counted by group. */
import { invalidInput } from '../errors.ts'
import { isOfType } from '../resource/kind/index.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Graph, Vertex } from './graph.ts'

/** `kind`, `site`, `rack`, `tenant`, `status`, `health`, or `label.` with a key. */
export type GroupKey = string

export interface GroupValue {
  key: GroupKey
  /** Empty where there is none. */
  value: string
  /** The site, rack or tenant. */
  vertex: Vertex | undefined
}
export interface Group {
  group: GroupValue[]
  count: number
}

/** A text, or the id of a site, rack or tenant. */
type Read = (vertex: Vertex) => string | ResourceId | null | undefined

/** Largest first, equal ones by their values. Without keys one group of all, also when there is nothing. */
export function countBy(graph: Graph, vertices: Iterable<Vertex>, keys: readonly GroupKey[]): Group[] {
  const groups = new Map<string, Group>()
  if (keys.length === 0) groups.set('[]', { group: [], count: 0 })
  const groupOf = grouping(graph, keys, groups, (group) => ({ group, count: 0 }))
  for (const vertex of vertices) groupOf(vertex).count++
  return [...groups.values()].sort((a, b) => b.count - a.count || compareGroups(a, b))
}

/** The vertices of each group, in the order of `countBy`. */
export function groupBy(
  graph: Graph,
  vertices: Iterable<Vertex>,
  keys: readonly GroupKey[],
): { group: GroupValue[]; vertices: Vertex[] }[] {
  const groups = new Map<string, { group: GroupValue[]; vertices: Vertex[] }>()
  const groupOf = grouping(graph, keys, groups, (group) => ({ group, vertices: [] }))
  for (const vertex of vertices) groupOf(vertex).vertices.push(vertex)
  return [...groups.values()].sort((a, b) => b.vertices.length - a.vertices.length || compareGroups(a, b))
}

function grouping<T>(
  graph: Graph,
  keys: readonly GroupKey[],
  groups: Map<string, T>,
  make: (group: GroupValue[]) => T,
): (vertex: Vertex) => T {
  if (keys.includes('pool')) throw invalidInput('pool is a GroupKey of capacity only')
  const reads = keys.map((key) => readOf(graph, key))
  const [only] = reads
  if (only !== undefined && reads.length === 1) return groupingByOne(graph, keys[0]!, only, groups, make)
  return (vertex) => {
    const values = reads.map((read, index) => toValue(graph, keys[index]!, read(vertex)))
    const name = JSON.stringify(values.map(identify))
    let group = groups.get(name)
    if (group === undefined) groups.set(name, (group = make(values)))
    return group
  }
}

/** The usual case: each value is looked at once, not once a vertex. */
function groupingByOne<T>(
  graph: Graph,
  key: GroupKey,
  read: Read,
  groups: Map<string, T>,
  make: (group: GroupValue[]) => T,
): (vertex: Vertex) => T {
  const known = new Map<ReturnType<Read>, T>()
  return (vertex) => {
    const value = read(vertex)
    const seen = known.get(value)
    if (seen !== undefined) return seen
    // Two may be one: an id that was merged into another, one that the viewer does not know of and none.
    const told = toValue(graph, key, value)
    const name = JSON.stringify(identify(told))
    const group = groups.get(name) ?? make([told])
    groups.set(name, group)
    known.set(value, group)
    return group
  }
}

const identify = ({ value, vertex }: GroupValue): string | ResourceId => vertex?.id ?? value

function toValue(graph: Graph, key: GroupKey, value: ReturnType<Read>): GroupValue {
  if (typeof value !== 'number') return { key, value: value ?? '', vertex: undefined }
  const vertex = graph.get(value)
  return { key, value: vertex?.name ?? '', vertex }
}

function compareGroups(a: { group: GroupValue[] }, b: { group: GroupValue[] }): number {
  for (const [index, { value, vertex }] of a.group.entries()) {
    const other = b.group[index]!
    if (value !== other.value) return value < other.value ? -1 : 1
    if (vertex?.id !== other.vertex?.id) return (vertex?.id ?? 0) - (other.vertex?.id ?? 0)
  }
  return 0
}

const plain: Readonly<Record<string, Read>> = {
  kind: (vertex) => vertex.kind.name,
  status: (vertex) => vertex.status,
  health: (vertex) => vertex.health,
}

function readOf(graph: Graph, key: GroupKey): Read {
  if (key === 'site') return ({ siteId }) => siteId
  if (key === 'tenant') return ({ tenantId }) => tenantId
  if (key === 'rack') return rackReader(graph)
  if (key.startsWith('label.')) {
    const label = key.slice('label.'.length)
    return ({ labels }) => (Object.hasOwn(labels, label) ? labels[label] : null)
  }
  return plain[key] ?? (() => null)
}

const above = ['LOCATED_IN', 'PART_OF', 'RUNS_ON'] as const
const none = 0
/** Answers that are kept between questions: as many as a count of a large kind needs. */
const mostKept = 200_000

interface Kept {
  changes: number
  /** Of a vertex's id the id of its rack, or `none`. */
  racks: Map<ResourceId, ResourceId>
}
const kept = new WeakMap<Graph, Kept>()

/** What is known of racks until a link comes or goes. */
function knownRacks(graph: Graph): Map<ResourceId, ResourceId> {
  const changes = graph.linkChanges
  if (changes === undefined) return new Map()
  const found = kept.get(graph)
  if (found?.changes === changes && found.racks.size < mostKept) return found.racks
  const racks = new Map<ResourceId, ResourceId>()
  kept.set(graph, { changes, racks })
  return racks
}

/** The rack that something stands in, is a part of something in, or runs on something in. Each place is asked once. */
function rackReader(graph: Graph): Read {
  const known = knownRacks(graph)
  const rackOf = (vertex: Vertex): ResourceId => {
    const found = known.get(vertex.id)
    if (found !== undefined) return found
    known.set(vertex.id, none)
    const rack = isOfType(vertex.kind.name, 'Rack') ? vertex.id : firstAbove(vertex)
    known.set(vertex.id, rack)
    return rack
  }
  const firstAbove = (vertex: Vertex): ResourceId => {
    for (const type of above) {
      for (const place of graph.neighbors(vertex, type, 'out')) {
        const rack = rackOf(place)
        if (rack !== none) return rack
      }
    }
    return none
  }
  return (vertex) => rackOf(vertex) || null
}
