/** Addresses at which a driver may find what the inventory knows. */
import type { Graph, Vertex } from '../graph/graph.ts'
import type { SourceEnvironment } from './source.ts'

type Known = Awaited<ReturnType<SourceEnvironment['addresses']>>[number]

const kinds = ['Server', 'Switch', 'Device', 'Pdu', 'VirtualMachine'] as const

/** All addresses on the interfaces of devices and machines, and those of their BMCs. */
export function findAddresses(graph: Graph): Known[] {
  return kinds.flatMap((kind) =>
    graph
      .ofType(kind)
      .flatMap((vertex) => addressesOf(graph, vertex).map((address) => toKnown(vertex, address))),
  )
}

function addressesOf(graph: Graph, vertex: Vertex): string[] {
  const field = vertex.kind.fields['ipAddresses']
  const assigned = field?.from === 'walk' ? graph.walk(vertex, field.steps) : []
  const values = [vertex.fields['bmcAddress'], ...assigned.map((one) => one.fields['address'])]
  return [...new Set(values.flatMap((value) => (typeof value === 'string' ? [value.split('/', 1)[0]!] : [])))]
}

const toKnown = ({ id, kind, name }: Vertex, address: string): Known => ({
  address,
  resourceId: id,
  kind: kind.name,
  name,
})
