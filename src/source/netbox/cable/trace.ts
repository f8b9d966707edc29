/** Follows cables from one plug to where they end, through panels (positions respected) and circuits, as NetBox's own cable paths do. */
import { type Row } from '../dump.ts'
import { passModels, type Plug, type Wiring } from './wiring.ts'

export interface Trace {
  from: readonly Row[]
  /** What was reached; where the way ends in a panel, its port; where in a circuit, the circuit. */
  to: readonly Row[]
  /** Cables, ports and circuits on the way, in order. */
  steps: readonly Row[]
  /** Whether it reached an end that signals do not go through. */
  complete: boolean
}

interface Way {
  wiring: Wiring
  steps: Row[]
  /** Positions of the front ports that entered a trunk; taken at its other end. */
  positions: (readonly unknown[])[]
  /** Do not pass through panels: only along one trunk, with the circuits in it. */
  isSegment: boolean
}

/** After an end was reached: ends to go on from, or where it stops. */
type Next = { goOn: readonly Row[]; stop: readonly Row[] } | { stop: readonly Row[]; complete: boolean }

export function trace(wiring: Wiring, plug: Plug, isSegment = false): Trace {
  const way: Way = { wiring, steps: [], positions: [], isSegment }
  const from = wiring.ends(plug)
  const seen = new Set<Row>()
  let at: Plug | undefined = plug
  let stop: readonly Row[] = []
  while (at !== undefined && !seen.has(at.cable)) {
    seen.add(at.cable)
    way.steps.push(at.cable)
    const next = pass(way, wiring.farEnds(at))
    stop = next.stop
    if ('complete' in next) return { from, to: stop, steps: way.steps, complete: next.complete }
    at = next.goOn.map((end) => wiring.plugOf(end)).find((found) => found !== undefined)
  }
  return { from, to: stop, steps: way.steps, complete: false }
}

function pass(way: Way, ends: readonly Row[]): Next {
  const [first] = ends
  if (first === undefined) return { stop: [], complete: false }
  if (first.model === 'circuits.circuittermination') return passCircuit(way, first)
  if (!passModels.has(first.model) || way.isSegment) return { stop: ends, complete: true }
  return first.model === 'dcim.frontport' ? passFront(way, ends) : passRear(way, ends)
}

function passFront(way: Way, fronts: readonly Row[]): Next {
  const rears = [...new Set(fronts.flatMap((front) => way.wiring.rearOf(front) ?? []))]
  if (rears.some(hasPositions)) way.positions.push(fronts.map((front) => front.fields['rear_port_position']))
  way.steps.push(...fronts, ...rears)
  return { goOn: rears, stop: fronts }
}

const hasPositions = (rear: Row): boolean => Number(rear.fields['positions'] ?? 1) > 1

function passRear(way: Way, rears: readonly Row[]): Next {
  // Without a position the way splits into all of the trunk's fibres: it ends at the trunk.
  const positions = rears.some(hasPositions) ? way.positions.pop() : [1]
  const fronts = positions && rears.flatMap((rear) => way.wiring.frontsOf(rear, positions))
  way.steps.push(...rears, ...(fronts ?? []))
  if (fronts === undefined || fronts.length === 0) return { stop: rears, complete: false }
  return { goOn: fronts, stop: fronts }
}

function passCircuit(way: Way, termination: Row): Next {
  const { wiring } = way
  const circuit = wiring.circuitOf(termination)
  const peer = wiring.peerOf(termination)
  if (circuit === undefined) return { stop: [], complete: false }
  const network = peer && wiring.providerNetworkOf(peer)
  if (peer === undefined && network === undefined) return { stop: [circuit], complete: false }
  way.steps.push(circuit)
  if (network) return { stop: [network], complete: true }
  return { goOn: peer ? [peer] : [], stop: [circuit] }
}
