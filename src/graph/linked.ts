/** Whether a vertex has a link to something that a filter lets through. */
import type { LinkType } from '../resource/kind/link.ts'
import { fromIndex, toTest, type Filter, type VertexTest } from './filter.ts'
import type { Graph, LinkQuery, Vertex } from './graph.ts'

export interface LinkedCondition {
  type?: LinkType
  direction: 'out' | 'in' | 'both'
  to: Filter
  depth: number
}

type Direction = LinkedCondition['direction']

/** Walks from whichever side is shorter: backwards from few targets, else forwards from each vertex. */
export function toLinkedTest(graph: Graph, condition: LinkedCondition): VertexTest {
  const isTarget = toTest(graph, condition.to)
  if (isTarget === undefined) return (vertex) => graph.degree(vertex, condition.type, condition.direction) > 0
  const targets = fromIndex(graph, 'Resource', condition.to)
  if (targets !== undefined) {
    const near = reachedFrom(graph, targets.filter(isTarget), condition)
    return (vertex) => near.has(vertex)
  }
  return (vertex) => leadsToTarget(graph, vertex, condition, isTarget)
}

const opposite: Record<Direction, Direction> = { out: 'in', in: 'out', both: 'both' }

function queryOf(condition: LinkedCondition, direction: Direction): LinkQuery {
  return condition.type === undefined ? { direction } : { direction, type: [condition.type] }
}

function* others(graph: Graph, vertex: Vertex, query: LinkQuery): Iterable<Vertex> {
  for (const link of graph.links(vertex, query)) yield link.from === vertex ? link.to : link.from
}

/** Everything from which a target is at most `depth` links away. A target itself counts only when it reaches one. */
function reachedFrom(graph: Graph, targets: readonly Vertex[], condition: LinkedCondition): Set<Vertex> {
  const query = queryOf(condition, opposite[condition.direction])
  const reached = new Set<Vertex>()
  let border: Iterable<Vertex> = targets
  for (let depth = 0; depth < condition.depth; depth++) {
    const next = new Set<Vertex>()
    for (const vertex of border) {
      for (const other of others(graph, vertex, query)) if (!reached.has(other)) next.add(other)
    }
    for (const vertex of next) reached.add(vertex)
    border = next
  }
  return reached
}

function leadsToTarget(
  graph: Graph,
  start: Vertex,
  condition: LinkedCondition,
  isTarget: VertexTest,
): boolean {
  const query = queryOf(condition, condition.direction)
  const seen = new Set<Vertex>()
  let border: Iterable<Vertex> = [start]
  for (let depth = 0; depth < condition.depth; depth++) {
    const next = new Set<Vertex>()
    for (const vertex of border) {
      for (const other of others(graph, vertex, query)) {
        if (seen.has(other)) continue
        if (isTarget(other)) return true
        seen.add(other)
        next.add(other)
      }
    }
    border = next
  }
  return false
}
