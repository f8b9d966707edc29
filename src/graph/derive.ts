/** Fields that are computed from the graph: kinds name these functions in `derived(type, by)`. */
import type { Graph, Vertex } from './graph.ts'
import { freeAddressesOf, utilizationOf } from './prefix.ts'
import { elevationOf, freeUnitsOf } from './rack.ts'

export interface PowerOutlet {
  name: string
  /** Null: nothing is known to hang on it. */
  feeds: Vertex | null
}

type Derivation = (graph: Graph, vertex: Vertex) => unknown

const derivations: Readonly<Record<string, Derivation>> = {
  freeUnits: freeUnitsOf,
  elevation: elevationOf,
  outlets: outletsOf,
  /** Null until something measures it. */
  powerWatts: () => null,
  family: (_, vertex) => (String(vertex.fields['address']).includes(':') ? 6 : 4),
  utilization: utilizationOf,
  freeAddresses: freeAddressesOf,
}

/** Names that kinds may use. `sourceState` is not among them: it comes from the tables. */
export const derivationNames: readonly string[] = Object.keys(derivations)

/** Vertices in the value are for the caller to wrap. Throws for an unknown name: a mistake in a kind's definition. */
export function derive(name: string, graph: Graph, vertex: Vertex): unknown {
  const derivation = derivations[name]
  if (derivation === undefined) throw new Error(`nothing derives ${name}`)
  return derivation(graph, vertex)
}

/** The outlets that are known as parts of the PDU. What is powered by the whole of it is told by its links. */
function outletsOf(graph: Graph, pdu: Vertex): PowerOutlet[] {
  return graph
    .neighbors(pdu, 'PART_OF', 'in')
    .filter((part) => part.kind.name === 'Component' && /outlet/i.test(String(part.fields['role'] ?? '')))
    .map((outlet) => ({ name: outlet.name, feeds: fedBy(graph, outlet) }))
}

/** What draws power from the outlet: by a link, or by a cable to a power port, whose owner it then is. */
function fedBy(graph: Graph, outlet: Vertex): Vertex | null {
  const [powered] = graph.neighbors(outlet, 'POWERED_BY', 'in')
  if (powered !== undefined) return powered
  const [port] = graph.neighbors(outlet, 'CONNECTED_TO', 'both')
  if (port === undefined) return null
  return graph.neighbors(port, 'PART_OF', 'out')[0] ?? port
}
