/** Follows the steps of a field: from one vertex, along typed links, to whatever they lead to. */
import { isOfType } from '../resource/kind/index.ts'
import type { Step } from '../resource/kind/kind.ts'
import type { Graph, Vertex } from './graph.ts'

/** What the steps lead to, without doubles and without the start, ascending by id. */
export function walkSteps(graph: Graph, start: Vertex, steps: readonly Step[]): Vertex[] {
  let border: Vertex[] = [start]
  for (const step of steps) border = takeStep(graph, border, step)
  return border.length === 1 && border[0] === start ? [] : border.filter((vertex) => vertex !== start)
}

function takeStep(graph: Graph, border: readonly Vertex[], step: Step): Vertex[] {
  if (step.transitive) return follow(graph, border, step)
  if (border.length === 1) return ofKind(graph.neighbors(border[0]!, step.type, step.direction), step)
  const reached = new Set<Vertex>()
  for (const vertex of border) {
    for (const next of graph.neighbors(vertex, step.type, step.direction))
      if (fits(next, step)) reached.add(next)
  }
  return ascending([...reached])
}

/** Again and again, through anything, keeping what is of the kind. */
function follow(graph: Graph, border: readonly Vertex[], step: Step): Vertex[] {
  const seen = new Set<Vertex>(border)
  const kept: Vertex[] = []
  const waiting = [...border]
  for (let vertex = waiting.pop(); vertex !== undefined; vertex = waiting.pop()) {
    for (const next of graph.neighbors(vertex, step.type, step.direction)) {
      if (seen.has(next)) continue
      seen.add(next)
      waiting.push(next)
      if (fits(next, step)) kept.push(next)
    }
  }
  return step.direction === 'out' ? nearest(kept) : ascending(kept)
}

/** Upwards, the nearest comes first: a rack's own location before the one around it. */
const nearest = (vertices: Vertex[]): Vertex[] => vertices

const fits = (vertex: Vertex, step: Step): boolean =>
  step.kind === undefined || step.kind.some((one) => isOfType(vertex.kind.name, one))

const ofKind = (vertices: Vertex[], step: Step): Vertex[] =>
  step.kind === undefined ? vertices : vertices.filter((vertex) => fits(vertex, step))

const ascending = (vertices: Vertex[]): Vertex[] => vertices.sort((a, b) => a.id - b.id)
