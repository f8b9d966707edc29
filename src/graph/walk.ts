/** Follows the steps of a field: from one vertex, along typed links, to whatever they lead to. */
import type { Step } from '../resource/kind/kind.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { Graph, Vertex } from './graph.ts'
import { kindSet } from './indexes.ts'
import { inOrder } from './vertex-list.ts'

/** Ascending by id; along a last step that is transitive and outwards the nearest first: a rack's own location before the one around it. */
export function walkSteps(graph: Graph, start: Vertex, steps: readonly Step[]): Vertex[] {
  let border: Vertex[] = [start]
  for (const step of steps) {
    if (border.length === 0) return border
    border = takeStep(graph, border, step)
  }
  return border.includes(start) ? border.filter((vertex) => vertex !== start) : border
}

function takeStep(graph: Graph, border: readonly Vertex[], step: Step): Vertex[] {
  const fits = toFits(step)
  if (step.transitive) return follow(graph, border, step, fits)
  const [first] = border
  if (border.length === 1) {
    const near = graph.neighbors(first!, step.type, step.direction)
    return fits ? near.filter(fits) : near
  }
  const reached = new Set<Vertex>()
  for (const vertex of border) {
    for (const next of graph.neighbors(vertex, step.type, step.direction)) {
      if (!fits || fits(next)) reached.add(next)
    }
  }
  return inOrder([...reached])
}

/** Again and again, through anything, keeping what fits. */
function follow(graph: Graph, start: readonly Vertex[], step: Step, fits: Fits): Vertex[] {
  const seen = new Seen(start)
  const kept: Vertex[] = []
  let border = start
  while (border.length > 0) {
    const reached: Vertex[] = []
    for (const vertex of border) {
      for (const next of graph.neighbors(vertex, step.type, step.direction)) {
        if (seen.add(next)) reached.push(next)
      }
    }
    border = inOrder(reached)
    for (const vertex of border) if (!fits || fits(vertex)) kept.push(vertex)
  }
  return step.direction === 'out' ? kept : inOrder(kept)
}

/** Most walks pass a handful: a set is made only for those that pass more. */
class Seen {
  readonly #few: Vertex[]
  #many: Set<Vertex> | undefined

  constructor(start: readonly Vertex[]) {
    this.#few = [...start]
  }

  /** Whether it was not there before. */
  add(vertex: Vertex): boolean {
    if (this.#many === undefined) {
      if (this.#few.includes(vertex)) return false
      if (this.#few.length < mostFew) return this.#few.push(vertex) > 0
      this.#many = new Set(this.#few)
    }
    if (this.#many.has(vertex)) return false
    this.#many.add(vertex)
    return true
  }
}

const mostFew = 8

type Fits = ((vertex: Vertex) => boolean) | undefined

const setsOf = new WeakMap<object, ReadonlySet<KindName>>()

/** Steps stand in definitions and come again and again. */
function toFits({ kind }: Step): Fits {
  if (kind === undefined) return undefined
  let set = setsOf.get(kind)
  if (set === undefined) setsOf.set(kind, (set = kindSet(kind)))
  return (vertex) => set.has(vertex.kind.name)
}
