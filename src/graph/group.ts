/** What holds a resource: the nearest resource of a kind above it. */
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Graph, Vertex } from './graph.ts'

/** Ways upwards, the more telling first. */
const upward: readonly LinkType[] = [
  'LOCATED_IN',
  'PART_OF',
  'RUNS_ON',
  'ASSIGNED_TO',
  'ATTACHED_TO',
  'MEMBER_OF',
]

/** Gives the id of the nearest resource of the kind that holds a vertex, itself included; null: none does. */
export function toGroup(graph: Graph, kind: KindName | undefined): (vertex: Vertex) => ResourceId | null {
  if (kind === undefined) return () => null
  /** A resource may name one that its reader does not know of. */
  const known = (id: ResourceId | null) => (id === null ? null : (graph.get(id)?.id ?? null))
  if (kind === 'Tenant') return (vertex) => (vertex.kind.name === kind ? vertex.id : known(vertex.tenantId))
  if (kind === 'Site') return (vertex) => (vertex.kind.name === kind ? vertex.id : known(vertex.siteId))
  return (vertex) => nearest(graph, vertex, kind)
}

function nearest(graph: Graph, start: Vertex, kind: KindName): ResourceId | null {
  const seen = new Set<Vertex>([start])
  for (const vertex of seen) {
    if (vertex.kind.name === kind) return vertex.id
    for (const type of upward) {
      for (const above of graph.neighbors(vertex, type, 'out')) seen.add(above)
    }
  }
  return null
}
