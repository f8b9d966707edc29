/** The neighbourhood of resources, for drawing: which are shown, what joins them, and what was left out. */
import { checkTime, countVisits } from '../deadline.ts'
import { limitExceeded } from '../errors.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { InterfaceName } from '../resource/kind/kind.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { Health, ResourceId } from '../resource/resource.ts'
import { edgesOf, endsOf, type Edge } from './collapse.ts'
import type { Graph, GraphLink, Vertex } from './graph.ts'
import { toGroup } from './group.ts'
import { kindSet } from './indexes.ts'
import { toLayers } from './layer.ts'

export interface TopologyNode {
  vertex: Vertex
  /** Edges from the nearest root. */
  depth: number
  /** Id of the resource of the `groupBy` kind that holds it; null: none does. */
  group: ResourceId | null
  /** See layer.ts. */
  layer: number | null
  /** Neighbours that `maxDegree` or `limit` left out. */
  omitted: number
}

/** All links of one type between two nodes, in one direction. */
export interface TopologyLink {
  /** `<type>.<from>.<to>`, the ends being nodes of the picture. */
  id: string
  type: LinkType
  from: Vertex
  to: Vertex
  count: number
  health: Health | null
  /** Of all together, by the slower end of each; null when none is known. */
  speedBps: number | null
  members: GraphLink[]
}

export interface Topology {
  nodes: TopologyNode[]
  links: TopologyLink[]
  /** Whether `limit` left something out. */
  truncated: boolean
}

export interface TopologyOptions {
  root: readonly Vertex[]
  /** Edges from a root to follow; default 2. */
  depth?: number
  /** Only links of these types; default all. */
  type?: readonly LinkType[]
  /** Only resources of these kinds, beside the roots; default all. */
  kind?: readonly (KindName | InterfaceName)[]
  /** Kinds that are left out, what they join being joined directly. Roots are shown all the same. */
  collapse?: readonly (KindName | InterfaceName)[]
  groupBy?: KindName
  /** Most neighbours that one node brings into the picture. */
  maxDegree?: number
  /** Most nodes; default 500. */
  limit?: number
  visible?: (vertex: Vertex) => boolean
  signal?: AbortSignal
}

const tooMany = (limit: number): string =>
  `More than ${limit} links would be looked at: ask with a smaller depth, or name the link types`

const defaultDepth = 2
const defaultLimit = 500

/** Throws LIMIT_EXCEEDED when it would look at more than `limits.visited` links. */
export function toTopology(graph: Graph, options: TopologyOptions): Topology {
  const picture = new Picture(graph, options)
  picture.grow()
  picture.close()
  return picture.toTopology()
}

class Picture {
  readonly #graph: Graph
  readonly #options: TopologyOptions
  readonly #kinds: ReadonlySet<KindName> | undefined
  readonly #collapse: ReadonlySet<KindName>
  readonly #depths = new Map<Vertex, number>()
  readonly #edges = new Map<Vertex, readonly Edge[]>()
  #truncated = false
  #seenLinks = 0

  constructor(graph: Graph, options: TopologyOptions) {
    this.#graph = graph
    this.#options = options
    this.#kinds = options.kind && kindSet(options.kind)
    this.#collapse = kindSet(options.collapse ?? [])
  }

  /** Breadth first, ascending by id within a depth; each node brings at most `maxDegree` others. */
  grow(): void {
    const { root, depth: most = defaultDepth, maxDegree = Number.POSITIVE_INFINITY, visible } = this.#options
    for (const vertex of root) if (!visible || visible(vertex)) this.#show(vertex, 0)
    for (const [vertex, depth] of this.#depths) {
      if (depth >= most) break
      checkTime(this.#options.signal)
      const fresh = this.#neighborsOf(vertex).filter((one) => !this.#depths.has(one))
      const shown = this.#neighborsOf(vertex).length - fresh.length
      for (const one of fresh.slice(0, Math.max(0, maxDegree - shown))) this.#show(one, depth + 1)
    }
  }

  /** What was looked at counts among what the request comes by. */
  close(): void {
    const { visited } = this.#graph.limits
    countVisits(this.#options.signal, this.#seenLinks, visited, tooMany(visited))
  }

  #show(vertex: Vertex, depth: number): void {
    if (this.#depths.has(vertex)) return
    if (this.#depths.size >= (this.#options.limit ?? defaultLimit)) this.#truncated = true
    else this.#depths.set(vertex, depth)
  }

  #edgesOf(vertex: Vertex): readonly Edge[] {
    let edges = this.#edges.get(vertex)
    if (edges !== undefined) return edges
    const { type, visible } = this.#options
    const found = edgesOf(this.#graph, vertex, {
      collapse: this.#collapse,
      onLink: () => this.#seeLink(),
      ...(type ? { type } : {}),
      ...(visible ? { visible } : {}),
    })
    edges = found.filter(({ far }) => this.#mayShow(far))
    this.#edges.set(vertex, edges)
    return edges
  }

  #mayShow(vertex: Vertex): boolean {
    return this.#kinds === undefined || this.#kinds.has(vertex.kind.name) || this.#depths.get(vertex) === 0
  }

  #seeLink(): void {
    const { visited } = this.#graph.limits
    if (++this.#seenLinks <= visited) return
    throw limitExceeded('visited', visited, tooMany(visited))
  }

  /** Each once, ascending by id. */
  #neighborsOf(vertex: Vertex): Vertex[] {
    return [...new Set(this.#edgesOf(vertex).map(({ far }) => far))].sort((a, b) => a.id - b.id)
  }

  toTopology(): Topology {
    const links = this.#toLinks()
    const joined = Map.groupBy(
      links.flatMap(({ from, to }) => [[from, to] as const, [to, from] as const]),
      ([near]) => near,
    )
    const vertices = [...this.#depths.keys()]
    const layers = toLayers(vertices, (vertex) => (joined.get(vertex) ?? []).map(([, far]) => far))
    const groupOf = toGroup(this.#graph, this.#options.groupBy)
    const nodes = vertices.map((vertex) => ({
      vertex,
      depth: this.#depths.get(vertex)!,
      group: groupOf(vertex),
      layer: layers.get(vertex) ?? null,
      omitted: this.#omitted(vertex),
    }))
    return { nodes, links, truncated: this.#truncated }
  }

  /** What stands further away than `depth` was not asked for. */
  #omitted(vertex: Vertex): number {
    if (this.#depths.get(vertex)! >= (this.#options.depth ?? defaultDepth)) return 0
    return this.#neighborsOf(vertex).filter((one) => !this.#depths.has(one)).length
  }

  #toLinks(): TopologyLink[] {
    const members = new Map<
      string,
      { type: LinkType; ends: [Vertex, Vertex]; links: Map<string, GraphLink> }
    >()
    for (const vertex of this.#depths.keys()) {
      for (const edge of this.#edgesOf(vertex)) {
        if (!this.#depths.has(edge.far)) continue
        const ends = endsOf(vertex, edge)
        const id = `${edge.link.type}.${ends[0].id}.${ends[1].id}`
        const entry = members.get(id) ?? { type: edge.link.type, ends, links: new Map() }
        entry.links.set(`${edge.link.from.id}.${edge.link.to.id}`, edge.link)
        members.set(id, entry)
      }
    }
    return [...members].map(([id, { type, ends, links }]) => {
      const all = [...links.values()]
      return {
        id,
        type,
        from: ends[0],
        to: ends[1],
        count: all.length,
        health: null,
        speedBps: speedOf(all),
        members: all,
      }
    })
  }
}

function speedOf(links: readonly GraphLink[]): number | null {
  const speeds = links.flatMap(({ from, to }) => {
    const known = [from, to]
      .map((end) => Number(end.fields['speedBps'] ?? Number.NaN))
      .filter((speed) => speed > 0)
    return known.length === 0 ? [] : [Math.min(...known)]
  })
  return speeds.length === 0 ? null : speeds.reduce((sum, speed) => sum + speed, 0)
}
