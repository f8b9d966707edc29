/** Whose line it is, by the graph: who sent it, what it calls itself, and which interface it speaks of. Pure. */
import type { Graph, Vertex } from '../graph/graph.ts'

export interface Sent {
  /** Where it came from, without the zone and in the canonical form. */
  address: string
  /** What the line says; believed of relays only. */
  hostname: string | null
  isRelay: boolean
  text: string
}

export interface Matched {
  resource: Vertex
  interface: Vertex | null
}

const hosts = ['Server', 'Switch', 'Device', 'Pdu', 'VirtualMachine', 'Container'] as const

/** Undefined: nobody that the graph knows, or it could be several. */
export function matchLine(graph: Graph, sent: Sent): Matched | undefined {
  const named = sent.isRelay && sent.hostname !== null ? byHostname(graph, sent.hostname) : []
  const resource = named.length === 1 ? named[0]! : bySender(graph, sent)
  return resource && { resource, interface: interfaceIn(graph, resource, sent.text) }
}

/** A relay's own lines name the relay, or nobody. */
function bySender(graph: Graph, { address, hostname, isRelay }: Sent): Vertex | undefined {
  const found = byAddress(graph, address)
  if (isRelay && hostname !== null) return found.find((one) => isCalled(one, hostname))
  if (found.length === 1) return found[0]
  return hostname === null ? undefined : only(found.filter((one) => isCalled(one, hostname)))
}

const only = (vertices: readonly Vertex[]): Vertex | undefined =>
  vertices.length === 1 ? vertices[0] : undefined

/** Who has the address on an interface, or as that of its management controller. */
function byAddress(graph: Graph, address: string): Vertex[] {
  const found = new Map<number, Vertex>()
  for (const one of graph.lookup('IpAddress', 'address', address))
    for (const holder of graph.neighbors(one, 'ASSIGNED_TO', 'out'))
      for (const host of hostsOf(graph, holder)) found.set(host.id, host)
  return [...found.values()]
}

const isHost = ({ kind }: Vertex): boolean => hosts.some((name) => name === kind.name)

/** What an interface is a part of, at any depth: of a component too. */
function hostsOf(graph: Graph, vertex: Vertex, depth = 0): Vertex[] {
  if (isHost(vertex)) return [vertex]
  return depth > 3
    ? []
    : graph.neighbors(vertex, 'PART_OF', 'out').flatMap((one) => hostsOf(graph, one, depth + 1))
}

/** By its address where the hostname is one; by its whole name, else by its first part, if that is one thing's alone. */
function byHostname(graph: Graph, hostname: string): Vertex[] {
  if (/^[\d.]+$|:/.test(hostname)) return byAddress(graph, hostname)
  const short = hostname.split('.', 1)[0]!
  for (const name of new Set([hostname, hostname.toLowerCase(), short, short.toLowerCase()])) {
    const found = hosts.flatMap((kind) => graph.lookup(kind, 'name', name))
    if (found.length > 0) return found
  }
  return []
}

function isCalled({ name }: Vertex, hostname: string): boolean {
  const [one, other] = [name.toLowerCase(), hostname.toLowerCase()]
  return one === other || one.split('.', 1)[0] === other.split('.', 1)[0]
}

/** The interface whose name stands in the text as a word, if it is one alone. */
function interfaceIn(graph: Graph, resource: Vertex, text: string): Vertex | null {
  if (text.length > longestSearched) return null
  const words = new Set(text.split(/[\s,;:()[\]"'=<>]+/).flatMap((word) => [word, word.replace(/[.]+$/, '')]))
  const found = graph
    .neighbors(resource, 'PART_OF', 'in')
    .filter(({ kind, name }) => kind.name === 'NetworkInterface' && words.has(name))
  return only(found) ?? null
}
const longestSearched = 2_000
