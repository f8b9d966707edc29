/** What a resource carries: what runs on it, stands in it or is a part of it, at any depth. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { LinkType } from '../../resource/kind/link.ts'

const carries: readonly LinkType[] = ['RUNS_ON', 'LOCATED_IN', 'PART_OF']

/** The resource itself and all that it carries, nearest first. */
export function carriedBy(graph: Graph, start: Vertex): Set<Vertex> {
  const seen = new Set<Vertex>([start])
  // A set that grows while it is walked gives the new ones too.
  for (const vertex of seen) {
    for (const type of carries) {
      for (const carried of graph.neighbors(vertex, type, 'in')) seen.add(carried)
    }
  }
  return seen
}

/** Services that run on it or on what it carries; ascending by id. */
export function servicesOn(graph: Graph, start: Vertex): Vertex[] {
  return [...carriedBy(graph, start)]
    .filter((vertex) => vertex !== start && vertex.kind.name === 'Service')
    .sort((a, b) => a.id - b.id)
}
