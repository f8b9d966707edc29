/** What drivers may ask of the inventory: addresses at which they may find what it knows, and whom labels speak of. */
import type { Graph, Vertex } from '../graph/graph.ts'
import { createMatcher } from '../graph/match.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { SourceEnvironment } from './source.ts'

type Known = Awaited<ReturnType<SourceEnvironment['addresses']>>[number]

const kinds = ['Server', 'Switch', 'Device', 'Pdu', 'VirtualMachine'] as const

/** All addresses on the interfaces of devices and machines, and those of their BMCs, as a source is told of them. */
export function findAddresses(graph: Graph, sourceId: ResourceId): Known[] {
  return kinds.flatMap((kind) =>
    graph
      .ofType(kind)
      .flatMap((vertex) => addressesOf(graph, vertex).map((address) => toKnown(vertex, address, sourceId))),
  )
}

function addressesOf(graph: Graph, vertex: Vertex): string[] {
  const field = vertex.kind.fields['ipAddresses']
  const assigned = field?.from === 'walk' ? graph.walk(vertex, field.steps) : []
  const values = [vertex.fields['bmcAddress'], ...assigned.map((one) => one.fields['address'])]
  return [...new Set(values.flatMap((value) => (typeof value === 'string' ? [value.split('/', 1)[0]!] : [])))]
}

const toKnown = ({ id, kind, name, sources }: Vertex, address: string, sourceId: ResourceId): Known => ({
  address,
  resourceId: id,
  kind: kind.name,
  name,
  isOwn: sources.every((source) => source === sourceId),
})

/** Good for the moment. */
export function matcherOf(graph: Graph): ReturnType<NonNullable<SourceEnvironment['matcher']>> {
  const match = createMatcher(graph)
  return (labels) => match(labels)?.id
}
