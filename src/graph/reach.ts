/**
 * Blast radius and its reverse: which resources are hit when one fails, by what each link type says about failure.
 * - `from` and `to`: the link's definition names the end that is hit.
 * - `network` (CONNECTED_TO): a failing interface of a network device takes the far interface with it, and with that the far device when it is no
 *   network device. A network device is hit by those above it (core over spine over aggregation over leaf) only when all of its uplinks lead to what is hit already.
 */
import { limitExceeded } from '../errors.ts'
import { isOfType } from '../resource/kind/index.ts'
import { linkDefinition } from '../resource/kind/link.ts'
import type { Graph, GraphLink, Reached, ReachOptions, Vertex } from './graph.ts'

interface Hit {
  vertex: Vertex
  depth: number
  link: GraphLink | undefined
  from: Hit | undefined
}

export function dependentsOf(graph: Graph, start: Vertex, options: ReachOptions, visited: number): Reached[] {
  return reach(start, options, visited, (vertex, hits) => hitBy(graph, vertex, hits))
}

export function dependenciesOf(
  graph: Graph,
  start: Vertex,
  options: ReachOptions,
  visited: number,
): Reached[] {
  return reach(start, options, visited, (vertex) => needs(graph, vertex))
}

type Next = (vertex: Vertex, hits: ReadonlyMap<Vertex, Hit>) => { link: GraphLink; vertex: Vertex }[]

/** Breadth first, so that the chain to each is a shortest one; within a depth ascending by id. */
function reach(start: Vertex, options: ReachOptions, visited: number, next: Next): Reached[] {
  const hits = new Map<Vertex, Hit>([[start, { vertex: start, depth: 0, link: undefined, from: undefined }]])
  const depth = options.depth ?? Number.POSITIVE_INFINITY
  let border: Hit[] = [hits.get(start)!]
  const found: Hit[] = []
  while (border.length > 0 && border[0]!.depth < depth) {
    options.signal?.throwIfAborted()
    const reached: Hit[] = []
    for (const hit of border) {
      for (const { link, vertex } of next(hit.vertex, hits)) {
        if (hits.has(vertex)) continue
        const one = { vertex, depth: hit.depth + 1, link, from: hit }
        hits.set(vertex, one)
        reached.push(one)
      }
      if (hits.size > visited)
        throw limitExceeded(
          'visited',
          visited,
          `More than ${visited} resources would be visited: ask with a smaller depth`,
        )
    }
    border = reached.sort((a, b) => a.vertex.id - b.vertex.id)
    for (const hit of border) found.push(hit)
  }
  const { kind } = options
  const shown =
    kind === undefined
      ? found
      : found.filter(({ vertex }) => kind.some((one) => isOfType(vertex.kind.name, one)))
  return shown.map((hit) => new Lazy(hit))
}

/** The chain is put together only when somebody asks for it. */
class Lazy implements Reached {
  #hit: Hit
  constructor(hit: Hit) {
    this.#hit = hit
  }
  get vertex(): Vertex {
    return this.#hit.vertex
  }
  get depth(): number {
    return this.#hit.depth
  }
  get via(): readonly GraphLink[] {
    const chain: GraphLink[] = []
    for (let hit: Hit | undefined = this.#hit; hit?.link !== undefined; hit = hit.from) chain.push(hit.link)
    return chain.reverse()
  }
}

const otherEnd = (link: GraphLink, vertex: Vertex): Vertex => (link.from === vertex ? link.to : link.from)

function hitBy(
  graph: Graph,
  vertex: Vertex,
  hits: ReadonlyMap<Vertex, Hit>,
): { link: GraphLink; vertex: Vertex }[] {
  const found: { link: GraphLink; vertex: Vertex }[] = []
  for (const link of graph.links(vertex)) {
    const { impact } = linkDefinition(link.type)
    if (impact === 'from' && link.to === vertex) found.push({ link, vertex: link.from })
    else if (impact === 'to' && link.from === vertex) found.push({ link, vertex: link.to })
    else if (impact === 'network') found.push(...acrossNetwork(graph, vertex, link))
    else if (impact === 'from' && link.type === 'PART_OF')
      found.push(...ownerOfPort(graph, vertex, link, hits))
  }
  return found
}

/** Over a cable: from a network device's port to the port at its other end. */
function acrossNetwork(graph: Graph, port: Vertex, link: GraphLink): { link: GraphLink; vertex: Vertex }[] {
  const owner = ownerOf(graph, port)
  return owner !== undefined && isNetworkDevice(owner) ? [{ link, vertex: otherEnd(link, port) }] : []
}

/** From a port that was hit over its cable to the device that it belongs to. */
function ownerOfPort(
  graph: Graph,
  port: Vertex,
  link: GraphLink,
  hits: ReadonlyMap<Vertex, Hit>,
): { link: GraphLink; vertex: Vertex }[] {
  const owner = link.to
  const hit = hits.get(port)
  if (link.from !== port || hit?.link?.type !== 'CONNECTED_TO') return []
  if (!isNetworkDevice(owner)) return [{ link, vertex: owner }]
  return losesAllUplinks(graph, owner, hits) ? [{ link, vertex: owner }] : []
}

function losesAllUplinks(graph: Graph, device: Vertex, hits: ReadonlyMap<Vertex, Hit>): boolean {
  const own = layerOf(device)
  if (own === undefined) return false
  let uplinks = 0
  for (const port of graph.neighbors(device, 'PART_OF', 'in')) {
    for (const peer of graph.neighbors(port, 'CONNECTED_TO', 'both')) {
      const above = ownerOf(graph, peer)
      if (above === undefined || (layerOf(above) ?? own) <= own) continue
      if (!hits.has(above)) return false
      uplinks++
    }
  }
  return uplinks > 0
}

/** What a vertex needs: the reverse of being hit. */
function needs(graph: Graph, vertex: Vertex): { link: GraphLink; vertex: Vertex }[] {
  const found: { link: GraphLink; vertex: Vertex }[] = []
  const links = graph.links(vertex)
  for (const link of links) {
    const { impact } = linkDefinition(link.type)
    if (impact === 'from' && link.from === vertex) found.push({ link, vertex: link.to })
    else if (impact === 'to' && link.to === vertex) found.push({ link, vertex: link.from })
    else if (impact === 'network') {
      const far = otherEnd(link, vertex)
      const [owner, above] = [ownerOf(graph, vertex), ownerOf(graph, far)]
      if (above !== undefined && isNetworkDevice(above) && isBelow(owner, above))
        found.push({ link, vertex: far })
    } else if (
      link.type === 'PART_OF' &&
      link.to === vertex &&
      !isNetworkDevice(vertex) &&
      isUplink(graph, link.from)
    ) {
      found.push({ link, vertex: link.from })
    }
  }
  return found
}

const isBelow = (below: Vertex | undefined, above: Vertex): boolean =>
  below !== undefined && (!isNetworkDevice(below) || (layerOf(below) ?? 0) < (layerOf(above) ?? 0))

/** A port of a host whose cable leads to a network device: what the host's place in the network hangs on. */
function isUplink(graph: Graph, port: Vertex): boolean {
  return graph.neighbors(port, 'CONNECTED_TO', 'both').some((peer) => {
    const owner = ownerOf(graph, peer)
    return owner !== undefined && isNetworkDevice(owner)
  })
}

const ownerOf = (graph: Graph, port: Vertex): Vertex | undefined => graph.neighbors(port, 'PART_OF', 'out')[0]

const networkRoles = /router|firewall|switch|load.?balancer|gateway/i

export function isNetworkDevice(vertex: Vertex): boolean {
  if (vertex.kind.name === 'Switch') return true
  return vertex.kind.name === 'Device' && networkRoles.test(String(vertex.fields['role'] ?? ''))
}

const layers: readonly [RegExp, number][] = [
  [/core|border|edge|router|super.?spine/i, 4],
  [/spine/i, 3],
  [/aggreg|distribution/i, 2],
  [/leaf|tor|access|top.?of.?rack/i, 1],
]

/** Height of a network device in the network by its role; undefined when the role does not tell. */
export function layerOf(vertex: Vertex): number | undefined {
  const role = vertex.fields['role']
  if (typeof role !== 'string' || !isNetworkDevice(vertex)) return undefined
  return layers.find(([pattern]) => pattern.test(role))?.[1]
}
