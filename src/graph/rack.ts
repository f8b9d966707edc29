/** What fills the units of a rack. */
import type { Graph, Vertex } from './graph.ts'

export interface RackUnit {
  /** Counted from 1 at the bottom. */
  unit: number
  face: 'FRONT' | 'REAR' | null
  /** Null: nothing fills it. */
  resource: Vertex | null
}

/** Racks are lower; a position or height beyond it is a mistake in the data and left out. */
const mostUnits = 200

/** From the top down; a unit that is filled from both sides has an entry for each, the front first. Null when nothing tells the height. */
export function elevationOf(graph: Graph, rack: Vertex): RackUnit[] | null {
  const filled = filledUnits(graph, rack)
  const height = heightOf(rack) ?? Math.max(0, ...filled.keys())
  if (height === 0) return null
  return Array.from({ length: height }, (_, index) => height - index).flatMap((unit): RackUnit[] => {
    const contents = filled.get(unit) ?? []
    if (contents.length === 0) return [{ unit, face: null, resource: null }]
    return contents.map((resource) => ({ unit, face: faceOf(resource), resource })).sort(compareFaces)
  })
}

/** Units that nothing fills, from either side; null when the height is unknown. */
export function freeUnitsOf(graph: Graph, rack: Vertex): number | null {
  const height = heightOf(rack)
  if (height === null) return null
  const filled = [...filledUnits(graph, rack).keys()].filter((unit) => unit <= height)
  return height - filled.length
}

function heightOf(rack: Vertex): number | null {
  const height = rack.fields['heightUnits']
  return typeof height === 'number' && height > 0 ? Math.min(Math.floor(height), mostUnits) : null
}

const faceOf = (vertex: Vertex): RackUnit['face'] => (vertex.fields['face'] as RackUnit['face']) ?? null

const compareFaces = (a: RackUnit, b: RackUnit): number =>
  (a.face ?? 'FRONT') === (b.face ?? 'FRONT')
    ? a.resource!.id - b.resource!.id
    : (a.face ?? 'FRONT') < (b.face ?? 'FRONT')
      ? -1
      : 1

function filledUnits(graph: Graph, rack: Vertex): Map<number, Vertex[]> {
  const units = new Map<number, Vertex[]>()
  for (const vertex of graph.neighbors(rack, 'LOCATED_IN', 'in')) {
    const position = vertex.fields['position']
    const height = vertex.fields['heightUnits'] ?? 1
    if (typeof position !== 'number' || typeof height !== 'number' || position < 1) continue
    const top = Math.min(position + height - 1, mostUnits)
    for (let unit = Math.floor(position); unit <= top; unit++) {
      const contents = units.get(unit)
      if (contents) contents.push(vertex)
      else units.set(unit, [vertex])
    }
  }
  return units
}
