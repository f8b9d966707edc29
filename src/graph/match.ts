/**
 * Which resource the labels speak of that monitoring systems give their series and alerts: an address or a name in `instance`, `host` or `hostname`, an interface in `interface` or
 * `ifName`. Pure.
 */
import type { Graph, Vertex } from './graph.ts'

type Labels = Readonly<Record<string, string>>

const hostLabels = ['instance', 'host', 'hostname', 'node', 'nodename', 'device_name', 'target']
const portLabels = ['interface', 'ifName', 'ifDescr', 'device']
const machineKinds = [
  'Server',
  'Switch',
  'Device',
  'VirtualMachine',
  'Pdu',
  'Container',
  'Service',
  'Endpoint',
] as const

/** The resource that labels speak of; undefined when there is none, or more than one. */
export type LabelMatcher = (labels: Labels) => Vertex | undefined

/** For labels of one moment: it looks through the names once. */
export function createMatcher(graph: Graph): LabelMatcher {
  let names: ReadonlyMap<string, Vertex[]> | undefined
  const named = (name: string): readonly Vertex[] => (names ??= namesOf(graph)).get(name) ?? []
  return (labels) => {
    for (const label of hostLabels) {
      const value = labels[label]
      if (value === undefined || value === '') continue
      const found = byHost(graph, named, hostOf(value).toLowerCase())
      if (found !== undefined) return portOf(graph, found, labels) ?? found
    }
    return undefined
  }
}

const namesOf = (graph: Graph): Map<string, Vertex[]> =>
  Map.groupBy(
    machineKinds.flatMap((kind) => [...graph.ofType(kind)]),
    ({ name }) => name.toLowerCase(),
  )

/** Without a scheme, a port and a path. */
function hostOf(value: string): string {
  const bare = value.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[/?#].*$/, '')
  const bracketed = /^\[([^\]]+)\]/.exec(bare)
  if (bracketed) return bracketed[1]!
  return bare.split(':').length === 2 ? bare.replace(/:\d+$/, '') : bare
}

function byHost(graph: Graph, named: (name: string) => readonly Vertex[], host: string): Vertex | undefined {
  const addresses = graph.lookup('IpAddress', 'address', host)
  if (addresses.length > 0) return only(addresses.map((address) => ownerOf(graph, address)))
  return only(named(host)) ?? (host.includes('.') ? only(named(host.split('.')[0]!)) : undefined)
}

/** The machine that an address belongs to. */
function ownerOf(graph: Graph, address: Vertex): Vertex {
  let vertex = address
  for (let depth = 0; depth < 8; depth++) {
    const [next] = [
      ...graph.neighbors(vertex, 'ASSIGNED_TO', 'out'),
      ...(vertex.kind.name === 'IpAddress' ? [] : graph.neighbors(vertex, 'PART_OF', 'out')),
    ]
    if (next === undefined) return vertex
    vertex = next
  }
  return vertex
}

function portOf(graph: Graph, device: Vertex, labels: Labels): Vertex | undefined {
  const names = portLabels.flatMap((label) => labels[label] ?? [])
  if (names.length === 0) return undefined
  return only(
    graph
      .neighbors(device, 'PART_OF', 'in')
      .filter(({ kind, name }) => kind.name === 'NetworkInterface' && names.includes(name)),
  )
}

function only(vertices: readonly Vertex[]): Vertex | undefined {
  const distinct = new Set(vertices)
  return distinct.size === 1 ? vertices[0] : undefined
}
