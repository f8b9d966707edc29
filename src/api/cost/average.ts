/** How many resources a field leads to on average, from resources of the graph that is asked: what a viewer may not know of changes nothing. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { InterfaceName } from '../../resource/kind/kind.ts'

export type TypeName = KindName | InterfaceName
type CountOf = (vertex: Vertex) => number

/** Resources that are looked at, evenly spread over all of the type. */
const samples = 8
/** By which part the graph may have grown or shrunk until they are looked at again. */
const drift = 0.05

interface Known {
  size: number
  average: number
}

const known = new WeakMap<Graph, Map<string, Known>>()

/** Remembered until the number of resources of the type differs by much. */
export function averageOf(graph: Graph, type: TypeName, field: string, countOf: CountOf): number {
  const list = graph.ofType(type)
  const key = `${type}.${field}`
  let averages = known.get(graph)
  if (averages === undefined) known.set(graph, (averages = new Map()))
  const last = averages.get(key)
  if (last !== undefined && Math.abs(list.length - last.size) <= last.size * drift) return last.average
  const average = measure(list, countOf)
  averages.set(key, { size: list.length, average })
  return average
}

function measure(list: readonly Vertex[], countOf: CountOf): number {
  if (list.length === 0) return 0
  const count = Math.min(samples, list.length)
  let sum = 0
  for (let index = 0; index < count; index++)
    sum += countOf(list[Math.floor(((index + 0.5) * list.length) / count)]!)
  return sum / count
}
