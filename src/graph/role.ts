/** What a device is to the network, told by its kind and role: whether it carries others' traffic, and how high it stands. */
import type { Vertex } from './graph.ts'

const carrying = /router|firewall|switch|gateway|load.?balancer|spine|leaf|\btor\b/i

/** Whether others reach the network through it. */
export function isNetworkDevice(vertex: Vertex): boolean {
  if (vertex.kind.name === 'Switch') return true
  return vertex.kind.name === 'Device' && carrying.test(roleOf(vertex))
}

const layers: readonly [RegExp, number][] = [
  [/\bcore\b|super.?spine|backbone/i, 4],
  [/spine/i, 3],
  [/agg|distribution/i, 2],
  [/leaf|\btor\b|access|top.?of.?rack/i, 1],
]

/** Height in the network, 1 (access) to 4 (core); undefined for what is no network device or whose role does not tell. */
export function networkLayer(vertex: Vertex): number | undefined {
  if (!isNetworkDevice(vertex)) return undefined
  const role = roleOf(vertex)
  return layers.find(([pattern]) => pattern.test(role))?.[1]
}

/** Words of names such as `core_switch` stand apart. */
const roleOf = (vertex: Vertex): string => String(vertex.fields['role'] ?? '').replace(/[_.-]/g, ' ')
