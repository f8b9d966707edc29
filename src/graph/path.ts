/** Ways along links from one vertex to another, shortest first (Yen's algorithm over breadth-first search). */
import { limitExceeded } from '../errors.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { Graph, GraphLink, LinkQuery, Vertex } from './graph.ts'

export interface GraphPath {
  /** From the one end to the other, both included. */
  vertices: Vertex[]
  /** One fewer than vertices. */
  links: GraphLink[]
}

export interface PathOptions {
  type?: readonly LinkType[]
  /** Most ways to give. */
  max: number
  /** What the viewer may know of; default all. */
  visible?: (vertex: Vertex) => boolean
  signal?: AbortSignal
}

/** Up to `max` ways without a vertex twice. Empty when there is none; one of no links when both ends are the same. */
export function findPaths(graph: Graph, from: Vertex, to: Vertex, options: PathOptions): GraphPath[] {
  const search = new Search(graph, options)
  const first = search.shortest(from, to, new Set(), new Set())
  if (first === undefined) return []
  const found = [first]
  const waiting: GraphPath[] = []
  while (found.length < options.max) {
    for (const candidate of search.detours(found, to)) {
      if (![...found, ...waiting].some((path) => isSame(path, candidate))) waiting.push(candidate)
    }
    waiting.sort((a, b) => a.links.length - b.links.length || compareVertices(a, b))
    const next = waiting.shift()
    if (next === undefined) break
    found.push(next)
  }
  return found
}

class Search {
  readonly #graph: Graph
  readonly #options: PathOptions
  readonly #query: LinkQuery
  #visited = 0

  constructor(graph: Graph, options: PathOptions) {
    this.#graph = graph
    this.#options = options
    this.#query = options.type ? { type: options.type } : {}
  }

  /** The ways that leave the last found one at each of its vertices. */
  *detours(found: readonly GraphPath[], to: Vertex): Iterable<GraphPath> {
    const last = found.at(-1)!
    for (let at = 0; at < last.links.length; at++) {
      const root = last.vertices.slice(0, at + 1)
      const closed = found
        .filter((path) => root.every((vertex, index) => path.vertices[index] === vertex))
        .flatMap((path) => path.links.slice(at, at + 1).map(idOf))
      const rest = this.shortest(root[at]!, to, new Set(root.slice(0, -1)), new Set(closed))
      if (rest === undefined) continue
      yield {
        vertices: [...root, ...rest.vertices.slice(1)],
        links: [...last.links.slice(0, at), ...rest.links],
      }
    }
  }

  shortest(
    from: Vertex,
    to: Vertex,
    closed: ReadonlySet<Vertex>,
    closedLinks: ReadonlySet<string>,
  ): GraphPath | undefined {
    const { visible, signal } = this.#options
    const came = new Map<Vertex, GraphLink | undefined>([[from, undefined]])
    for (const [vertex] of came) {
      if (vertex === to) return trace(from, to, came)
      signal?.throwIfAborted()
      for (const link of this.#graph.links(vertex, this.#query)) {
        const next = link.from === vertex ? link.to : link.from
        if (came.has(next) || closed.has(next) || closedLinks.has(idOf(link))) continue
        if (visible && !visible(next)) continue
        came.set(next, link)
        this.#visit()
      }
    }
    return undefined
  }

  #visit(): void {
    const { visited } = this.#graph.limits
    if (++this.#visited > visited) {
      throw limitExceeded(
        'visited',
        visited,
        `More than ${visited} resources would be visited: name the link types to follow`,
      )
    }
  }
}

const idOf = ({ type, from, to }: GraphLink): string => `${type}.${from.id}.${to.id}`

function trace(from: Vertex, to: Vertex, came: ReadonlyMap<Vertex, GraphLink | undefined>): GraphPath {
  const path: GraphPath = { vertices: [to], links: [] }
  for (let vertex = to; vertex !== from;) {
    const link = came.get(vertex)!
    vertex = link.from === vertex ? link.to : link.from
    path.vertices.unshift(vertex)
    path.links.unshift(link)
  }
  return path
}

const isSame = (a: GraphPath, b: GraphPath): boolean =>
  a.links.length === b.links.length && a.links.every((link, index) => idOf(link) === idOf(b.links[index]!))

function compareVertices(a: GraphPath, b: GraphPath): number {
  const at = a.vertices.findIndex((vertex, index) => vertex !== b.vertices[index])
  return at < 0 ? 0 : a.vertices[at]!.id - (b.vertices[at]?.id ?? 0)
}
