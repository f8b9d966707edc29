/**
 * Terminology
 * - vertex: a resource in memory. Read its properties synchronously; never change them: only `apply` does.
 * - adjacency: the links of a vertex, by type and direction.
 * - walk: following links along the steps that a field or a caller gives.
 */
import type { Cursor, LoggedEvent } from '../event/event.ts'
import type { KindDefinition, InterfaceName, Step } from '../resource/kind/kind.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { Health, LinkImage, ResourceId, ResourceImage, ResourceStatus } from '../resource/resource.ts'

export interface Vertex {
  readonly id: ResourceId
  readonly kind: KindDefinition
  readonly name: string
  readonly status: ResourceStatus | null
  readonly health: Health | null
  readonly labels: Readonly<Record<string, string>>
  readonly owner: string | null
  readonly contact: string | null
  readonly siteId: ResourceId | null
  readonly tenantId: ResourceId | null
  readonly sources: readonly ResourceId[]
  readonly generation: number
  readonly revision: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly hasDrift: boolean
  readonly hasConflict: boolean
  /** The kind's properties, all of them, null where there is no value; same shape for all of a kind. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** A link in memory. `id` is `<type>.<from>.<to>`. */
export interface GraphLink {
  readonly type: LinkType
  readonly from: Vertex
  readonly to: Vertex
  readonly since: number
}

export interface LinkQuery {
  type?: readonly LinkType[]
  direction?: 'out' | 'in' | 'both'
  kind?: readonly (KindName | InterfaceName)[]
}

/** A resource that is reached in a walk, with the shortest chain of links that leads to it. */
export interface Reached {
  readonly vertex: Vertex
  readonly depth: number
  readonly via: readonly GraphLink[]
}

export interface ReachOptions {
  /** Most links to what is told; default: no end. */
  depth?: number
  /** What is told; the walk passes through anything. */
  kind?: readonly (KindName | InterfaceName)[]
  /** What the viewer may know of; default all. */
  visible?: (vertex: Vertex) => boolean
  signal?: AbortSignal
}

export interface ReadableIndex {
  /** Each once, in no particular order. */
  values(): Iterable<string>
  /** Ascending by id. Do not change the array. */
  get(value: string): readonly Vertex[]
}

/** What one request may ask of the graph at most. */
export interface GraphLimits {
  /** Vertices that one walk may touch; beyond it throws LIMIT_EXCEEDED. */
  readonly visited: number
}

/** What readers may do with the graph. Everything is synchronous; results are in a stable order (ascending id) unless said otherwise. */
export interface Graph {
  /** The last event that is in the graph. */
  readonly cursor: Cursor
  /** Instant that the graph shows; null: the present. */
  readonly asOf: number | null
  readonly limits: GraphLimits
  readonly size: number
  readonly linkCount: number
  /** Grows with each link that comes or goes: what was found along links holds until then. Absent where it depends on who looks. */
  readonly linkChanges?: number
  /** By id; a merged-away id gives its survivor. */
  get(id: ResourceId): Vertex | undefined
  /** All vertices of a kind or interface, ascending id. Do not change the array. */
  ofType(type: KindName | InterfaceName): readonly Vertex[]
  /** By an indexed property, by `name` (kinds with nameIndexed) or `label` (`key=value`), exact value in canonical form. */
  lookup(type: KindName | InterfaceName, property: string, value: string): readonly Vertex[]
  /** Every index of a kind, by property; `label` has values `key=value`. For searching. */
  indexesOf(kind: KindName): Iterable<{ property: string; index: ReadableIndex }>
  neighbors(vertex: Vertex, type: LinkType, direction: 'out' | 'in' | 'both'): Vertex[]
  degree(vertex: Vertex, type?: LinkType, direction?: 'out' | 'in' | 'both'): number
  /** Ascending by type, then by the other end's id. A symmetric link has both directions. */
  links(vertex: Vertex, query?: LinkQuery): GraphLink[]
  /** Links of the types and directions that `wanted` lets through, in no particular order. `wanted` is asked once for each type: give a constant. */
  linksWhere(vertex: Vertex, wanted: (type: LinkType, direction: 'out' | 'in') => boolean): GraphLink[]
  findLink(type: LinkType, from: ResourceId, to: ResourceId): GraphLink | undefined
  /** What the steps lead to, without doubles and without the start; along a transitive step outwards the nearest first. */
  walk(vertex: Vertex, steps: readonly Step[]): Vertex[]
  /** Blast radius, nearest first. Bounded: throws LIMIT_EXCEEDED when more than `limits.visited` vertices are touched. */
  dependents(vertex: Vertex, options?: ReachOptions): Reached[]
  dependencies(vertex: Vertex, options?: ReachOptions): Reached[]
}

/** The graph that follows the log. */
export interface LiveGraph extends Graph {
  /** Applies events in sequence; throws when one cannot be applied (the process then reloads). */
  apply(events: readonly LoggedEvent[]): void
  /** Health is measured: it is no part of the log, and raises no revision. */
  setHealth(id: ResourceId, health: Health | null): void
}

/** Rows to build a graph from, in any order within each list. */
export interface GraphRows {
  cursor: Cursor
  asOf: number | null
  resources: AsyncIterable<ResourceImage[]>
  links: AsyncIterable<LinkImage[]>
  aliases: AsyncIterable<{ id: ResourceId; into: ResourceId }[]>
}
