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

/** Covers [from, to) with whole steps that begin at multiples of the step. */
export function emptyGrid(from: number, to: number, stepMs: number): Grid {
  const start = Math.floor(from / stepMs) * stepMs
  const size = Math.max(0, Math.ceil((to - start) / stepMs))
  const column = (value: number) => new Float64Array(size).fill(value)
  return {
    start,
    stepMs,
    min: column(NaN),
    max: column(NaN),
    sum: column(0),
    count: column(0),
    last: column(NaN),
    lastAt: column(-Infinity),
  }
}

export function addSamples(grid: Grid, { times, values }: Samples): void {
  for (let index = 0; index < times.length; index++) {
    const time = times[index]!
    const value = values[index]!
    const at = Math.floor((time - grid.start) / grid.stepMs)
    if (at < 0 || at >= grid.count.length) continue
    addStep(grid, at, { min: value, max: value, sum: value, count: 1, last: value, lastAt: time })
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
  grid.min[at] = isFirst ? step.min : Math.min(grid.min[at]!, step.min)
  grid.max[at] = isFirst ? step.max : Math.max(grid.max[at]!, step.max)
  grid.sum[at]! += step.sum
  grid.count[at]! += step.count
  if (step.lastAt < grid.lastAt[at]!) return
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
  const column = {
    AVG: (at: number) => grid.sum[at]! / grid.count[at]!,
    MIN: (at: number) => grid.min[at]!,
    MAX: (at: number) => grid.max[at]!,
    SUM: (at: number) => grid.sum[at]!,
    COUNT: (at: number) => grid.count[at]!,
    LAST: (at: number) => grid.last[at]!,
  }[aggregate]
  return Array.from(grid.count, (count, at) => (count === 0 ? null : column(at)))
}
