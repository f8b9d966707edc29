/** What a thing fails together with, read from the graph. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { Domain } from '../plan.ts'

/** Places are few levels deep; more is a mistake in the data. */
const deepest = 10

/** Ids that name the domain; several where it hangs on several: the same pair of switches is the same domain. */
export function domainOf(graph: Graph, vertex: Vertex, of: Domain): string | undefined {
  switch (of) {
    case 'provider':
      return String(vertex.id)
    case 'site':
      return vertex.siteId === null ? undefined : String(vertex.siteId)
    case 'rack':
      return rackOf(graph, carrierOf(graph, vertex))?.id.toString()
    case 'switch':
      return named(uplinksOf(graph, carrierOf(graph, vertex)))
    case 'powerFeed':
      return named(feedsOf(graph, carrierOf(graph, vertex)))
  }
}

/** A machine stands where its server does. */
const carrierOf = (graph: Graph, vertex: Vertex): Vertex =>
  vertex.kind.name === 'VirtualMachine' ? (graph.neighbors(vertex, 'RUNS_ON', 'out')[0] ?? vertex) : vertex

const named = (found: readonly Vertex[]): string | undefined => {
  const ids = [...new Set(found.map(({ id }) => id))].sort((one, other) => one - other)
  return ids.length === 0 ? undefined : ids.join('+')
}

export function rackOf(graph: Graph, vertex: Vertex): Vertex | undefined {
  let place: Vertex | undefined = vertex
  for (let depth = 0; place !== undefined && depth < deepest; depth++) {
    if (place.kind.name === 'Rack') return place
    place = graph.neighbors(place, 'LOCATED_IN', 'out')[0] ?? graph.neighbors(place, 'PART_OF', 'out')[0]
  }
  return undefined
}

function uplinksOf(graph: Graph, vertex: Vertex): Vertex[] {
  return graph
    .neighbors(vertex, 'PART_OF', 'in')
    .filter(({ kind }) => kind.name === 'NetworkInterface')
    .flatMap((port) => graph.neighbors(port, 'CONNECTED_TO', 'both'))
    .flatMap((port) => graph.neighbors(port, 'PART_OF', 'out'))
    .filter(({ kind }) => kind.name === 'Switch')
}

/** What feeds it in the end: feeds, or the PDUs where nobody says what feeds those. */
function feedsOf(graph: Graph, vertex: Vertex): Vertex[] {
  const ends: Vertex[] = []
  let border = graph.neighbors(vertex, 'POWERED_BY', 'out')
  for (let depth = 0; border.length > 0 && depth < deepest; depth++) {
    const next: Vertex[] = []
    for (const one of border) {
      const above = graph.neighbors(one, 'POWERED_BY', 'out')
      const whole = above.length > 0 ? above : graph.neighbors(one, 'PART_OF', 'out')
      if (one.kind.name === 'PowerFeed' || whole.length === 0) ends.push(one)
      else next.push(...whole)
    }
    border = next
  }
  return ends
}
