/** Ways along links from one vertex to another, shortest first (Yen's algorithm over breadth-first search). */
import { checkTime, countVisits } from '../deadline.ts'
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
  search.close()
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
        .filter((path) => beginsAlike(path, last, at))
        .flatMap((path) => path.links.slice(at, at + 1).map(idOf))
      const rest = this.shortest(root[at]!, to, new Set(root.slice(0, -1)), new Set(closed))
      if (rest === undefined) continue
      yield {
        vertices: [...root, ...rest.vertices.slice(1)],
        links: [...last.links.slice(0, at), ...rest.links],
      }
    }
  }

  /** From both ends at once, always going on where the border is smaller: hubs in the middle are met late or never. */
  shortest(
    from: Vertex,
    to: Vertex,
    closed: ReadonlySet<Vertex>,
    closedLinks: ReadonlySet<string>,
  ): GraphPath | undefined {
    const { visible, signal } = this.#options
    if (from === to) return { vertices: [from], links: [] }
    const isOpen = (vertex: Vertex, link: GraphLink): boolean =>
      !closed.has(vertex) && !closedLinks.has(idOf(link)) && (!visible || visible(vertex))
    const [ahead, back] = [new Side(from), new Side(to)]
    while (ahead.border.length > 0 && back.border.length > 0) {
      checkTime(signal)
      const [side, other] = ahead.border.length <= back.border.length ? [ahead, back] : [back, ahead]
      const meeting = this.#step(side, other, isOpen)
      if (meeting !== undefined) return join(ahead.trace(meeting), back.trace(meeting))
    }
    return undefined
  }

  /** One link further on one side; gives where it meets the other, the smallest id where there are several. */
  #step(side: Side, other: Side, isOpen: (vertex: Vertex, link: GraphLink) => boolean): Vertex | undefined {
    const next: Vertex[] = []
    let meeting: Vertex | undefined
    for (const vertex of side.border) {
      for (const link of this.#graph.links(vertex, this.#query)) {
        this.#visit()
        const far = link.from === vertex ? link.to : link.from
        if (side.came.has(far) || !isOpen(far, link)) continue
        side.came.set(far, link)
        if (other.came.has(far) && (meeting === undefined || far.id < meeting.id)) meeting = far
        next.push(far)
      }
    }
    side.border = next
    return meeting
  }

  /** Its visits count among those of the request. */
  close(): void {
    const { visited } = this.#graph.limits
    countVisits(this.#options.signal, this.#visited, visited, tooMany(visited))
  }

  #visit(): void {
    const { visited } = this.#graph.limits
    if (this.#visited % timeEvery === 0) checkTime(this.#options.signal)
    if (++this.#visited > visited) {
      throw limitExceeded('visited', visited, tooMany(visited))
    }
  }
}

const timeEvery = 4_096
const tooMany = (limit: number): string =>
  `More than ${limit} resources would be visited: name the link types to follow`

const idOf = ({ type, from, to }: GraphLink): string => `${type}.${from.id}.${to.id}`

/** What was reached from one end, and by which link. */
class Side {
  readonly came: Map<Vertex, GraphLink | undefined>
  border: Vertex[]

  constructor(start: Vertex) {
    this.came = new Map([[start, undefined]])
    this.border = [start]
  }

  /** From where it was reached back to the start. */
  trace(end: Vertex): GraphPath {
    const path: GraphPath = { vertices: [end], links: [] }
    for (let vertex = end, link = this.came.get(end); link !== undefined; link = this.came.get(vertex)) {
      vertex = link.from === vertex ? link.to : link.from
      path.vertices.push(vertex)
      path.links.push(link)
    }
    return path
  }
}

function join(ahead: GraphPath, back: GraphPath): GraphPath {
  return {
    vertices: [...ahead.vertices.toReversed(), ...back.vertices.slice(1)],
    links: [...ahead.links.toReversed(), ...back.links],
  }
}

/** By links, not by vertices: between two vertices there may be several links, and each begins ways of its own. */
const beginsAlike = (a: GraphPath, b: GraphPath, count: number): boolean =>
  a.links.length >= count &&
  b.links.slice(0, count).every((link, index) => idOf(link) === idOf(a.links[index]!))

const isSame = (a: GraphPath, b: GraphPath): boolean =>
  a.links.length === b.links.length && a.links.every((link, index) => idOf(link) === idOf(b.links[index]!))

function compareVertices(a: GraphPath, b: GraphPath): number {
  const at = a.vertices.findIndex((vertex, index) => vertex !== b.vertices[index])
  return at < 0 ? 0 : a.vertices[at]!.id - (b.vertices[at]?.id ?? 0)
}
