/** The labels of the series of a resource: what it is and where it belongs, as it is now. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { LinkType } from '../../resource/kind/link.ts'

/** The labels that every series may have, beside `label_…` for each label of the resource. */
export const labelNames = [
  'kind',
  'id',
  'name',
  'device',
  'host',
  'rack',
  'site',
  'tenant',
  'source',
] as const

const deepest = 16

export function labelsOf(graph: Graph, vertex: Vertex): [string, string][] {
  const device = topOf(graph, vertex)
  const [host] = graph.neighbors(device, 'RUNS_ON', 'out')
  const named = (id: number | null): string => (id === null ? '' : (graph.get(id)?.name ?? ''))
  return [
    ['kind', vertex.kind.name],
    ['id', String(vertex.id)],
    ['name', vertex.name],
    ['device', device === vertex ? '' : device.name],
    ['host', host?.name ?? ''],
    ['rack', rackOf(graph, device)],
    ['site', named(vertex.siteId)],
    ['tenant', named(vertex.tenantId)],
    ...Object.entries(vertex.labels).map(([key, value]): [string, string] => [
      `label_${key.replaceAll(/\W/g, '_')}`,
      value,
    ]),
  ]
}

/** What a port, a module or a sensor is part of at last. */
function topOf(graph: Graph, vertex: Vertex): Vertex {
  let top = vertex
  for (let depth = 0; depth < deepest; depth++) {
    const [whole] = graph.neighbors(top, 'PART_OF', 'out')
    if (whole === undefined) break
    top = whole
  }
  return top
}

const above: readonly LinkType[] = ['LOCATED_IN', 'PART_OF', 'RUNS_ON']

function rackOf(graph: Graph, vertex: Vertex): string {
  let at: Vertex | undefined = vertex
  for (let depth = 0; at !== undefined && depth < deepest; depth++) {
    if (at.kind.name === 'Rack') return at.name
    const from: Vertex = at
    at = above.map((type) => graph.neighbors(from, type, 'out')[0]).find((next) => next !== undefined)
  }
  return ''
}
