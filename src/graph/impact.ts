/**
 * Terminology
 * - hit: no longer working as it should, because something else fails.
 * - strike: what a failing vertex hits directly, with the chain of links that leads there.
 * Which end of a link is hit stands in the link's definition (`impact`). CONNECTED_TO goes by what its ends belong to:
 * - a failing port of a network device hits the far port and the device of that, when it is no network device: a server, a storage box;
 * - it hits a network device below its own (role: core over spine over aggregation over leaf) only when all of that one's uplinks lead to what is hit;
 * - hosts hit nothing over their cables; nor do devices of one layer, or of unknown roles, hit each other.
 */
import { linkDefinition, linkTypes, type LinkType } from '../resource/kind/link.ts'
import type { Graph, GraphLink, Vertex } from './graph.ts'
import { isNetworkDevice, networkLayer } from './role.ts'

export interface Strike {
  readonly vertex: Vertex
  /** From the failing vertex to this one. */
  readonly chain: readonly GraphLink[]
}

const typesOf = (impact: 'from' | 'to' | 'network'): LinkType[] =>
  linkTypes.filter((type) => linkDefinition(type).impact === impact)
const cableTypes = typesOf('network')

type Direction = 'out' | 'in'

/** Links by which a failing vertex hits others, without cables. */
const isStriking = toTest('in', 'out')
const isStrikingOrCable = (type: LinkType, direction: Direction): boolean =>
  isStriking(type, direction) || isCable(type)
/** Links by which a vertex needs others, without cables. */
const isNeedful = toTest('out', 'in')
const cables: ReadonlySet<LinkType> = new Set(cableTypes)
const isCable = (type: LinkType): boolean => cables.has(type)

/** Called for every bundle of links that a walk passes: two tables rather than a look into definitions. */
function toTest(fromWay: Direction, toWay: Direction): (type: LinkType, direction: Direction) => boolean {
  const ways: Record<Direction, Set<LinkType>> = { in: new Set(), out: new Set() }
  for (const type of typesOf('from')) ways[fromWay].add(type)
  for (const type of typesOf('to')) ways[toWay].add(type)
  return (type, direction) => ways[direction].has(type)
}

const farEnd = (link: GraphLink, vertex: Vertex): Vertex => (link.from === vertex ? link.to : link.from)

const toStrikes = (links: readonly GraphLink[], vertex: Vertex): Strike[] =>
  links.map((link) => ({ vertex: farEnd(link, vertex), chain: [link] }))

/** What `vertex` hits when it fails. `isHit` tells what is hit already. */
export function strikesOf(graph: Graph, vertex: Vertex, isHit: (vertex: Vertex) => boolean): Strike[] {
  const strikes: Strike[] = []
  let ends: GraphLink[] | undefined
  for (const link of graph.linksWhere(vertex, isStrikingOrCable)) {
    if (isCable(link.type)) (ends ??= []).push(link)
    else strikes.push({ vertex: farEnd(link, vertex), chain: [link] })
  }
  if (ends === undefined) return strikes
  const own = ownerOf(graph, vertex)
  if (!isNetworkDevice(own.vertex)) return strikes
  for (const cable of ends) strikes.push(...acrossCable(graph, vertex, own.vertex, cable, isHit))
  return strikes
}

function acrossCable(
  graph: Graph,
  port: Vertex,
  own: Vertex,
  cable: GraphLink,
  isHit: (vertex: Vertex) => boolean,
): Strike[] {
  const far = farEnd(cable, port)
  const owner = ownerOf(graph, far)
  const whole = { vertex: owner.vertex, chain: [cable, ...owner.chain] }
  if (!isNetworkDevice(owner.vertex)) {
    return owner.vertex === far ? [whole] : [{ vertex: far, chain: [cable] }, whole]
  }
  return isBelow(owner.vertex, own) && losesAllUplinks(graph, owner.vertex, isHit) ? [whole] : []
}

/** Whether every cable upwards leads to what is hit. */
function losesAllUplinks(graph: Graph, device: Vertex, isHit: (vertex: Vertex) => boolean): boolean {
  return uplinksOf(graph, device).every(({ port, far, above }) => isHit(port) || isHit(far) || isHit(above))
}

interface Uplink {
  port: Vertex
  far: Vertex
  above: Vertex
  /** From the device to the far port. */
  chain: GraphLink[]
}

/** Cables from a host to network devices, or from a network device to those above it. */
function uplinksOf(graph: Graph, device: Vertex): Uplink[] {
  const isHost = !isNetworkDevice(device)
  return portsOf(graph, device).flatMap(({ vertex: port, chain }) =>
    graph.links(port, { type: cableTypes }).flatMap((cable): Uplink[] => {
      const far = farEnd(cable, port)
      const above = ownerOf(graph, far).vertex
      const leadsUp = isHost ? isNetworkDevice(above) : isBelow(device, above)
      return leadsUp ? [{ port, far, above, chain: [...chain, cable] }] : []
    }),
  )
}

function isBelow(lower: Vertex, upper: Vertex): boolean {
  const [low, high] = [networkLayer(lower), networkLayer(upper)]
  return low !== undefined && high !== undefined && low < high
}

const isPart = (vertex: Vertex): boolean =>
  vertex.kind.name === 'NetworkInterface' || vertex.kind.name === 'Component'

/** The device that a port belongs to, through modules, and the links that lead to it; the vertex itself when it is no part of anything. */
function ownerOf(graph: Graph, port: Vertex): Strike {
  let vertex = port
  const chain: GraphLink[] = []
  while (isPart(vertex) && chain.length < 16) {
    const [link] = graph.links(vertex, { type: ['PART_OF'], direction: 'out' })
    if (link === undefined) break
    chain.push(link)
    vertex = link.to
  }
  return { vertex, chain }
}

/** The device's ports, those of its modules too, and itself: a cable may end at the device. */
function portsOf(graph: Graph, device: Vertex): Strike[] {
  const found: Strike[] = [{ vertex: device, chain: [] }]
  for (const { vertex, chain } of found) {
    for (const link of graph.links(vertex, { type: ['PART_OF'], direction: 'in' })) {
      if (isPart(link.from) && chain.length < 16) found.push({ vertex: link.from, chain: [...chain, link] })
    }
  }
  return found
}

/** What hits `vertex` when it fails: the reverse of `strikesOf`, redundant uplinks each told. */
export function needsOf(graph: Graph, vertex: Vertex): Strike[] {
  const needs = toStrikes(graph.linksWhere(vertex, isNeedful), vertex)
  const owner = ownerOf(graph, vertex).vertex
  if (owner === vertex) {
    return [...needs, ...uplinksOf(graph, vertex).map(({ far, chain }) => ({ vertex: far, chain }))]
  }
  const ends = graph.linksWhere(vertex, isCable)
  if (ends.length === 0 || isNetworkDevice(owner)) return needs
  for (const cable of ends) {
    const far = farEnd(cable, vertex)
    if (isNetworkDevice(ownerOf(graph, far).vertex)) needs.push({ vertex: far, chain: [cable] })
  }
  return needs
}
