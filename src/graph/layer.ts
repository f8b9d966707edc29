/**
 * Ranks for drawing, what carries below what is carried: places 0 to 3, power 4 and 5, network 6 (core) to 9 (access), hosts 10, groups of hosts 11,
 * virtual machines 12, containers 13, services 14, endpoints 15.
 */
import type { KindName } from '../resource/kind/index.ts'
import type { Vertex } from './graph.ts'
import { isNetworkDevice, networkLayer } from './role.ts'

const ranks: Readonly<Partial<Record<KindName, number>>> = {
  Region: 0,
  Site: 1,
  Location: 2,
  Rack: 3,
  PowerFeed: 4,
  Pdu: 5,
  Server: 10,
  Device: 10,
  Cluster: 11,
  VirtualMachine: 12,
  Container: 13,
  Service: 14,
  Endpoint: 15,
}
const lowestNetwork = 6
const access = 9

/** The rank of each; network devices whose role does not tell stand by their distance to what is no network device. Null: none of these. */
export function toLayers(
  vertices: readonly Vertex[],
  joined: (vertex: Vertex) => Iterable<Vertex>,
): Map<Vertex, number | null> {
  const layers = new Map<Vertex, number | null>()
  const unknown: Vertex[] = []
  for (const vertex of vertices) {
    const height = networkLayer(vertex)
    if (height !== undefined) layers.set(vertex, access + 1 - height)
    else if (isNetworkDevice(vertex)) unknown.push(vertex)
    else layers.set(vertex, ranks[vertex.kind.name] ?? null)
  }
  placeByDistance(unknown, layers, joined)
  return layers
}

/** Next to a host is access, next to that one rank further from the hosts. */
function placeByDistance(
  unknown: readonly Vertex[],
  layers: Map<Vertex, number | null>,
  joined: (vertex: Vertex) => Iterable<Vertex>,
): void {
  const left = new Set(unknown)
  for (let rank = access; left.size > 0 && rank > lowestNetwork; rank--) {
    const placed = [...left].filter((vertex) =>
      [...joined(vertex)].some((one) => {
        const layer = layers.get(one) ?? -1
        return rank === access ? layer === 10 : layer === rank + 1
      }),
    )
    for (const vertex of placed) {
      layers.set(vertex, rank)
      left.delete(vertex)
    }
  }
  for (const vertex of left) layers.set(vertex, belowNeighbors(vertex, layers, joined))
}

/** What no host is seen behind: one rank nearer to the hosts than the devices that it is joined to. */
function belowNeighbors(
  vertex: Vertex,
  layers: ReadonlyMap<Vertex, number | null>,
  joined: (vertex: Vertex) => Iterable<Vertex>,
): number {
  const around = [...joined(vertex)].flatMap((one) => {
    const layer = layers.get(one) ?? 0
    return layer >= lowestNetwork && layer <= access ? [layer] : []
  })
  return around.length === 0 ? access : Math.min(access, Math.max(...around) + 1)
}
