/** Which samples an expression needs: each selector with the time that it looks over. */
import type { Expression, Matcher, Selector, Shift, Subquery } from './expression.ts'
import type { Labels } from './labels.ts'
import type { Steps } from './value.ts'

/** A selector finds the latest sample not older than this, unless the query says otherwise. */
export const defaultLookbackMs = 5 * 60_000

/** Samples of one series, ascending by time (milliseconds). */
export interface StoredSeries {
  labels: Labels
  times: Float64Array
  values: Float64Array
}

/** Samples of [from, to] of what the matchers want. */
export type SelectSeries = (request: {
  matchers: readonly Matcher[]
  from: number
  to: number
}) => Promise<StoredSeries[]>

export type Found = ReadonlyMap<Selector, readonly StoredSeries[]>

/** The query's own begin and end: what `@ start()` and `@ end()` are. */
export interface Bounds {
  start: number
  end: number
  lookbackMs: number
  /** The step of subqueries that say none. */
  stepMs: number
}

interface Reach {
  from: number
  to: number
}

export async function selectAll(
  expression: Expression,
  bounds: Bounds,
  select: SelectSeries,
): Promise<Found> {
  const wanted = new Map<Selector, Reach>()
  note(expression, { from: bounds.start, to: bounds.end }, bounds, wanted)
  const found = new Map<Selector, readonly StoredSeries[]>()
  for (const [selector, reach] of wanted)
    found.set(selector, await select({ matchers: selector.matchers, ...reach }))
  return found
}

export const instantOf = ({ at, offsetMs }: Shift, time: number, { start, end }: Bounds): number =>
  (at === null ? time : at === 'start' ? start : at === 'end' ? end : at) - offsetMs

function note(expression: Expression, reach: Reach, bounds: Bounds, wanted: Map<Selector, Reach>): void {
  const shifted = (shift: Shift, backMs: number): Reach => ({
    from: instantOf(shift, reach.from, bounds) - backMs,
    to: instantOf(shift, reach.to, bounds),
  })
  switch (expression.type) {
    case 'selector':
      return void wanted.set(expression, shifted(expression, bounds.lookbackMs))
    case 'range':
      return void wanted.set(expression.selector, shifted(expression.selector, expression.rangeMs))
    case 'subquery':
      return note(expression.expression, shifted(expression, expression.rangeMs), bounds, wanted)
    case 'negation':
      return note(expression.expression, reach, bounds, wanted)
    case 'call':
      return expression.arguments.forEach((one) => note(one, reach, bounds, wanted))
    case 'aggregation':
      if (expression.parameter !== null) note(expression.parameter, reach, bounds, wanted)
      return note(expression.expression, reach, bounds, wanted)
    case 'binary':
      note(expression.left, reach, bounds, wanted)
      return note(expression.right, reach, bounds, wanted)
    default:
  }
}

/** The steps of a subquery: multiples of its step, so that it finds the same ones whenever it is asked. */
export function subquerySteps(subquery: Subquery, { start, stepMs, count }: Steps, bounds: Bounds): Steps {
  const own = subquery.stepMs ?? bounds.stepMs
  const from = instantOf(subquery, start, bounds) - subquery.rangeMs
  const to = instantOf(subquery, start + (count - 1) * stepMs, bounds)
  const first = (Math.floor(from / own) + 1) * own
  return { start: first, stepMs: own, count: Math.max(0, Math.floor((to - first) / own) + 1) }
}
