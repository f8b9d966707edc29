/** Blast radius and its reverse: what is hit when a resource fails, and what hits it; by the rules of impact.ts. */
import { checkTime, countVisits } from '../deadline.ts'
import { limitExceeded } from '../errors.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Graph, GraphLink, Reached, ReachOptions, Vertex } from './graph.ts'
import { kindSet } from './indexes.ts'
import { needsOf, strikesOf, type Strike } from './impact.ts'

export function dependentsOf(graph: Graph, start: Vertex, options: ReachOptions = {}): Reached[] {
  return reach(graph, start, options, (vertex, isHit) => strikesOf(graph, vertex, isHit))
}

export function dependenciesOf(graph: Graph, start: Vertex, options: ReachOptions = {}): Reached[] {
  return reach(graph, start, options, (vertex) => needsOf(graph, vertex))
}

type Next = (vertex: Vertex, isHit: (vertex: Vertex) => boolean) => readonly Strike[]

class Hit implements Reached {
  readonly vertex: Vertex
  readonly depth: number
  readonly #before: Hit | undefined
  readonly #chain: readonly GraphLink[]

  constructor(vertex: Vertex, before: Hit | undefined, chain: readonly GraphLink[]) {
    this.vertex = vertex
    this.depth = before === undefined ? 0 : before.depth + chain.length
    this.#before = before
    this.#chain = chain
  }

  /** Put together only when somebody asks. */
  get via(): readonly GraphLink[] {
    const chains: (readonly GraphLink[])[] = []
    chains.push(this.#chain)
    for (let hit = this.#before; hit !== undefined; hit = hit.#before) chains.push(hit.#chain)
    return chains.reverse().flat()
  }
}

const signalEvery = 1_024

/**
 * By depth, so that every chain is a shortest one; ascending by id within a depth. A strike may be several links long: what it
 * leads to waits for its depth. Nothing that is hit becomes whole again, so it is enough to look at each vertex once.
 */
function reach(graph: Graph, start: Vertex, options: ReachOptions, next: Next): Reached[] {
  const { depth: most = Number.POSITIVE_INFINITY, signal } = options
  const hits = new Set<ResourceId>()
  const isHit = (vertex: Vertex): boolean => hits.has(vertex.id)
  const waiting: (Hit[] | undefined)[] = [[new Hit(start, undefined, [])]]
  const found: Hit[] = []
  for (let depth = 0; depth < waiting.length && depth <= most; depth++) {
    const settled = settle(waiting[depth] ?? [], hits)
    waiting[depth] = undefined
    for (const [index, hit] of settled.entries()) {
      if (index % signalEvery === 0) checkTime(signal)
      if (depth > 0) found.push(hit)
      for (const { vertex, chain } of next(hit.vertex, isHit)) {
        if (!hits.has(vertex.id)) (waiting[depth + chain.length] ??= []).push(new Hit(vertex, hit, chain))
      }
    }
    checkVisited(hits.size, graph.limits.visited)
  }
  countVisits(signal, hits.size, graph.limits.visited, tooMany(graph.limits.visited))
  return found.filter(toShown(options))
}

/** Those not reached before, each once, ascending by id. They count as hit from now on. */
function settle(reached: readonly Hit[], hits: Set<ResourceId>): Hit[] {
  const settled: Hit[] = []
  for (const hit of reached) {
    if (hits.has(hit.vertex.id)) continue
    hits.add(hit.vertex.id)
    settled.push(hit)
  }
  for (let index = 1; index < settled.length; index++) {
    if (settled[index - 1]!.vertex.id > settled[index]!.vertex.id) {
      return settled.sort((a, b) => a.vertex.id - b.vertex.id)
    }
  }
  return settled
}

function toShown({ kind, visible }: ReachOptions): (hit: Hit) => boolean {
  const kinds = kind && kindSet(kind)
  return ({ vertex }) =>
    (kinds === undefined || kinds.has(vertex.kind.name)) && (visible === undefined || visible(vertex))
}

/** Throws LIMIT_EXCEEDED when a walk touches more than it may. */
export function checkVisited(count: number, limit: number): void {
  if (count <= limit) return
  throw limitExceeded('visited', limit, tooMany(limit))
}

const tooMany = (limit: number): string =>
  `More than ${limit} resources would be visited: ask with a smaller depth`
