/** Samples on a grid of equal steps: what a graph draws. Pure. */
import type { Samples } from './chunk.ts'
import type { Aggregate } from './metric.ts'

/** What is known of each step; NaN where nothing is. Steps of rollups are joined by this, so that averages stay exact. */
export interface Grid {
  start: number
  stepMs: number
  min: Float64Array
  max: Float64Array
  sum: Float64Array
  count: Float64Array
  last: Float64Array
  /** When the last one was. */
  lastAt: Float64Array
}

/** Covers [from, to) with whole steps that begin at multiples of the step. `aggregate`: the only one that it will be asked for; columns that it does not need are empty. */
export function emptyGrid(from: number, to: number, stepMs: number, aggregate?: Aggregate): Grid {
  const start = Math.floor(from / stepMs) * stepMs
  const size = Math.max(0, Math.ceil((to - start) / stepMs))
  const column = (value: number, ...needing: Aggregate[]) =>
    aggregate === undefined || needing.includes(aggregate) ? new Float64Array(size).fill(value) : unneeded
  return {
    start,
    stepMs,
    min: column(NaN, 'MIN', 'MAX'),
    max: column(NaN, 'MIN', 'MAX'),
    sum: column(0, 'AVG', 'SUM'),
    count: new Float64Array(size),
    last: column(NaN, 'LAST'),
    lastAt: column(-Infinity, 'LAST'),
  }
}

const unneeded = new Float64Array(0)

export function addSamples(grid: Grid, { times, values }: Samples): void {
  const { start, stepMs, count, min, max, sum, last, lastAt } = grid
  const [hasRange, hasSum, hasLast] = [min.length > 0, sum.length > 0, last.length > 0]
  for (let index = 0; index < times.length; index++) {
    const time = times[index]!
    const value = values[index]!
    const at = Math.floor((time - start) / stepMs)
    if (at < 0 || at >= count.length) continue
    const before = count[at]!
    count[at] = before + 1
    if (hasSum) sum[at]! += value
    if (hasRange) {
      if (before === 0 || value < min[at]!) min[at] = value
      if (before === 0 || value > max[at]!) max[at] = value
    }
    if (hasLast && time >= lastAt[at]!) {
      last[at] = value
      lastAt[at] = time
    }
  }
}

interface Step {
  min: number
  max: number
  sum: number
  count: number
  last: number
  lastAt: number
}

function addStep(grid: Grid, at: number, step: Step): void {
  const isFirst = grid.count[at] === 0
  grid.count[at]! += step.count
  if (grid.min.length > 0) {
    grid.min[at] = isFirst ? step.min : Math.min(grid.min[at]!, step.min)
    grid.max[at] = isFirst ? step.max : Math.max(grid.max[at]!, step.max)
  }
  if (grid.sum.length > 0) grid.sum[at]! += step.sum
  if (grid.last.length === 0 || step.lastAt < grid.lastAt[at]!) return
  grid.last[at] = step.last
  grid.lastAt[at] = step.lastAt
}

/** A finer grid into a coarser one (or one of the same steps). */
export function addGrid(grid: Grid, finer: Grid): void {
  for (let index = 0; index < finer.count.length; index++) {
    if (finer.count[index] === 0) continue
    const at = Math.floor((finer.start + index * finer.stepMs - grid.start) / grid.stepMs)
    if (at < 0 || at >= grid.count.length) continue
    addStep(grid, at, {
      min: finer.min[index]!,
      max: finer.max[index]!,
      sum: finer.sum[index]!,
      count: finer.count[index]!,
      last: finer.last[index]!,
      lastAt: finer.lastAt[index]!,
    })
  }
}

/** One value a step; null where nothing was measured. COUNT of nothing is null as well: silence is no zero. */
export function valuesOf(grid: Grid, aggregate: Aggregate): (number | null)[] {
  const { count, sum } = grid
  const own = { AVG: sum, SUM: sum, MIN: grid.min, MAX: grid.max, COUNT: count, LAST: grid.last }[aggregate]
  const isMean = aggregate === 'AVG'
  const values: (number | null)[] = []
  for (let at = 0; at < count.length; at++) {
    const many = count[at]!
    values.push(many === 0 ? null : isMean ? sum[at]! / many : own[at]!)
  }
  return values
}
