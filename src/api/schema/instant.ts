/** Which graph an argument `asOf` or an id's instant asks for. */
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Soon } from './soon.ts'

/** The present without instant. INVALID_INPUT for one that is yet to come. */
export function graphOf(context: Context, instant: number | null | undefined): Soon<Graph> {
  if (instant == null) return context.graph
  if (instant > Date.now())
    throw invalidInput(`asOf ${new Date(instant).toISOString()} lies in the future`, 'asOf')
  return context.graphAt(instant)
}

/** Refuses what has no history. */
export function presentOnly(graph: Graph, what: string): void {
  if (graph.asOf !== null) {
    throw invalidInput(`${what} is kept for the present only: ask for it without asOf`)
  }
}
