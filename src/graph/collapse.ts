/**
 * Terminology
 * - collapsed kind: one that a picture leaves out; what its resources join is joined directly.
 * - edge: a link, or a chain of links through collapsed resources, from one shown resource to another. Its `link` is the one of the chain that
 *   says what kind of relation it is: of switch – port – port – server the cable.
 */
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import { linkDefinition } from '../resource/kind/link.ts'
import type { Graph, GraphLink, Vertex } from './graph.ts'

export interface Edge {
  readonly far: Vertex
  readonly link: GraphLink
  /** Whether `link` leads away from the vertex that was asked. */
  readonly isOutward: boolean
}

export interface EdgeOptions {
  type?: readonly LinkType[]
  collapse: ReadonlySet<KindName>
  /** What may be passed and told. */
  visible?: (vertex: Vertex) => boolean
  /** Called for each link that is looked at. */
  onLink: () => void
}

interface Chain {
  readonly end: Vertex
  readonly links: readonly GraphLink[]
}

const longestChain = 8

/** Edges of a vertex; none leads back to it. */
export function edgesOf(graph: Graph, start: Vertex, options: EdgeOptions): Edge[] {
  const { collapse, visible, onLink } = options
  const query = options.type ? { type: options.type } : {}
  const edges: Edge[] = []
  const passed = new Set<Vertex>([start])
  const waiting: Chain[] = [{ end: start, links: [] }]
  for (const { end, links } of waiting) {
    for (const link of graph.links(end, query)) {
      onLink()
      const far = link.from === end ? link.to : link.from
      if (passed.has(far) || (visible && !visible(far))) continue
      const chain = { end: far, links: [...links, link] }
      if (!collapse.has(far.kind.name)) edges.push(toEdge(start, chain))
      else if (chain.links.length < longestChain) {
        passed.add(far)
        waiting.push(chain)
      }
    }
  }
  return edges
}

function toEdge(start: Vertex, { end, links }: Chain): Edge {
  const telling = links.find((link) => link.type !== 'PART_OF') ?? links[0]!
  let at = start
  for (const link of links) {
    if (link === telling) break
    at = link.from === at ? link.to : link.from
  }
  return { far: end, link: telling, isOutward: telling.from === at }
}

/** Ends of the line that an edge is drawn as: those of symmetric links ascend by id. */
export function endsOf(near: Vertex, { far, link, isOutward }: Edge): [from: Vertex, to: Vertex] {
  const forward = linkDefinition(link.type).symmetric ? near.id < far.id : isOutward
  return forward ? [near, far] : [far, near]
}
