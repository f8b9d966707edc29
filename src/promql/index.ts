/**
 * PromQL over whatever has series with labels: parsed, checked, its samples selected once, and evaluated at all steps at once. Knows no store.
 * Terminology: see expression.ts.
 */
import { Evaluation, orderOf } from './evaluate.ts'
import { BadQuery, valueType, type Expression } from './expression.ts'
import type { Labels } from './labels.ts'
import { byValue } from './quantile.ts'
import { defaultLookbackMs, instantOf, selectAll, type Bounds, type SelectSeries } from './select.ts'
import { timeOf, type Steps, type Value, type VectorSeries } from './value.ts'
import { parseExpression } from './parse.ts'

export { BadQuery, Unsupported, type Matcher } from './expression.ts'
export { parseDuration } from './duration.ts'
export { formatNumber, parseNumber } from './number.ts'
export { nameLabel, signature, toLabels, type Labels } from './labels.ts'
export { isMatched } from './matcher.ts'
export type { SelectSeries, StoredSeries } from './select.ts'

/** Times in seconds. */
export type Point = readonly [time: number, value: number]
export type Answer =
  | { type: 'vector'; series: { labels: Labels; point: Point }[] }
  | { type: 'matrix'; series: { labels: Labels; points: Point[] }[] }
  | { type: 'scalar'; point: Point }
  | { type: 'string'; time: number; text: string }

export interface QueryOptions {
  select: SelectSeries
  signal: AbortSignal
  lookbackMs?: number
}

const subqueryStepMs = 60_000

/** The matchers of a selector alone, as `match[]` has it. Throws BadQuery. */
export function parseSelector(text: string) {
  const expression = parseExpression(text)
  if (expression.type !== 'selector') throw new BadQuery(`${text} is no series selector`)
  return expression.matchers
}

/** At one instant (milliseconds). Throws BadQuery. */
export async function queryInstant(text: string, at: number, options: QueryOptions): Promise<Answer> {
  const expression = parseExpression(text)
  const bounds = boundsOf(at, at, options)
  const found = await selectAll(expression, bounds, options.select)
  const seconds = at / 1_000
  if (expression.type === 'range') {
    const end = instantOf(expression.selector, at, bounds)
    const series = found.get(expression.selector)!.flatMap(({ labels, times, values }) => {
      const points = [...times.keys()]
        .filter((index) => times[index]! > end - expression.rangeMs && times[index]! <= end)
        .map((index): Point => [times[index]! / 1_000, values[index]!])
      return points.length === 0 ? [] : [{ labels, points }]
    })
    return { type: 'matrix', series }
  }
  if (expression.type === 'subquery') throw new BadQuery('a subquery stands only in a function over time')
  const value = new Evaluation(found, bounds, options.signal).of(expression, {
    start: at,
    stepMs: 1,
    count: 1,
  })
  if (value.type === 'string') return { type: 'string', time: seconds, text: value.text }
  if (value.type === 'scalar') return { type: 'scalar', point: [seconds, value.values[0]!] }
  const present = value.series.filter(({ has }) => has[0] === 1)
  return {
    type: 'vector',
    series: ordered(expression, present).map(({ labels, values }) => ({
      labels,
      point: [seconds, values[0]!] as const,
    })),
  }
}

/** From begin to end by steps (milliseconds). Throws BadQuery. */
export async function queryRange(
  text: string,
  range: { start: number; end: number; stepMs: number },
  options: QueryOptions,
): Promise<Answer> {
  const expression = parseExpression(text)
  if (!['scalar', 'vector'].includes(valueType(expression)))
    throw new BadQuery(
      `invalid expression type ${JSON.stringify(valueType(expression))} for range query, must be scalar or instant vector`,
    )
  const steps = {
    start: range.start,
    stepMs: range.stepMs,
    count: Math.floor((range.end - range.start) / range.stepMs) + 1,
  }
  const bounds = boundsOf(range.start, range.end, options)
  const found = await selectAll(expression, bounds, options.select)
  const value = new Evaluation(found, bounds, options.signal).of(expression, steps)
  return { type: 'matrix', series: toMatrix(value, steps) }
}

const boundsOf = (start: number, end: number, { lookbackMs = defaultLookbackMs }: QueryOptions): Bounds => ({
  start,
  end,
  lookbackMs,
  stepMs: subqueryStepMs,
})

function ordered(expression: Expression, series: VectorSeries[]): VectorSeries[] {
  const order = orderOf(expression)
  if (order === null) return series
  const sign = order === 'ascending' ? 1 : -1
  // NaN is last either way.
  return series.sort(({ values: [a] }, { values: [b] }) =>
    Number.isNaN(a) || Number.isNaN(b) ? -byValue(a!, b!) : sign * (a! - b!),
  )
}

function toMatrix(value: Value, steps: Steps): { labels: Labels; points: Point[] }[] {
  const series: VectorSeries[] =
    value.type === 'vector'
      ? value.series
      : [
          {
            labels: {},
            values: (value as { values: Float64Array }).values,
            has: new Uint8Array(steps.count).fill(1),
          },
        ]
  return series.flatMap(({ labels, values, has }) => {
    const points: Point[] = []
    for (let step = 0; step < steps.count; step++)
      if (has[step] === 1) points.push([timeOf(steps, step) / 1_000, values[step]!])
    return points.length === 0 ? [] : [{ labels, points }]
  })
}
