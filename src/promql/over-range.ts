/** Functions over the samples of a window. Pure; the same answers as Prometheus 3. */
import { quantile, sum, variance } from './quantile.ts'

/** Samples of (start, end], at least one; times in milliseconds. */
export interface Window {
  times: Float64Array
  values: Float64Array
  start: number
  end: number
  /** The instant that is asked for: differs from `end` by the offset. */
  at: number
}

interface OverRange {
  takes: readonly ('range' | 'scalar')[]
  /** Undefined: no value. `rest`: the scalars of that step. */
  of: (window: Window, rest: readonly number[]) => number | undefined
  /** Whether series keep their name. */
  keepsName?: boolean
}

const range = (of: OverRange['of'], keepsName = false): OverRange => ({ takes: ['range'], of, keepsName })
const list = ({ values }: Window): number[] => [...values]

export const overRange: Readonly<Record<string, OverRange>> = {
  rate: range((window) => extrapolated(window, true, true)),
  increase: range((window) => extrapolated(window, true, false)),
  delta: range((window) => extrapolated(window, false, false)),
  irate: range((window) => lastStep(window, true)),
  idelta: range((window) => lastStep(window, false)),
  deriv: range((window) => (window.times.length < 2 ? undefined : fit(window, window.times[0]!).slope)),
  predict_linear: {
    takes: ['range', 'scalar'],
    of(window, [seconds]) {
      if (window.times.length < 2) return undefined
      const { slope, level } = fit(window, window.at)
      return level + slope * seconds!
    },
  },
  changes: range(({ values }) =>
    countSteps(values, (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after))),
  ),
  resets: range(({ values }) => countSteps(values, (before, after) => after < before)),
  avg_over_time: range((window) => sum(list(window)) / window.values.length),
  sum_over_time: range((window) => sum(list(window))),
  count_over_time: range(({ values }) => values.length),
  min_over_time: range(({ values }) =>
    values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  ),
  max_over_time: range(({ values }) =>
    values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  ),
  last_over_time: range(({ values }) => values.at(-1), true),
  present_over_time: range(() => 1),
  stddev_over_time: range((window) => Math.sqrt(variance(list(window)))),
  stdvar_over_time: range((window) => variance(list(window))),
  quantile_over_time: { takes: ['scalar', 'range'], of: (window, [q]) => quantile(q!, list(window)) },
}

function countSteps(values: Float64Array, isOne: (before: number, after: number) => boolean): number {
  let count = 0
  for (let index = 1; index < values.length; index++) if (isOne(values[index - 1]!, values[index]!)) count++
  return count
}

/** From the first to the last sample, carried on to the ends of the window where the samples come close to them; counters begin at 0 and may reset. */
function extrapolated(
  { times, values, start, end }: Window,
  isCounter: boolean,
  perSecond: boolean,
): number | undefined {
  const last = times.length - 1
  if (last < 1) return undefined
  let result = values[last]! - values[0]!
  if (isCounter)
    for (let index = 1; index <= last; index++)
      if (values[index]! < values[index - 1]!) result += values[index - 1]!
  const sampled = (times[last]! - times[0]!) / 1_000
  const between = sampled / last
  const nearby = between * 1.1
  let toStart = (times[0]! - start) / 1_000
  if (toStart >= nearby) toStart = between / 2
  if (isCounter && result > 0 && values[0]! >= 0) toStart = Math.min(toStart, sampled * (values[0]! / result))
  let toEnd = (end - times[last]!) / 1_000
  if (toEnd >= nearby) toEnd = between / 2
  const whole = result * ((sampled + toStart + toEnd) / sampled)
  return perSecond ? whole / ((end - start) / 1_000) : whole
}

function lastStep({ times, values }: Window, isRate: boolean): number | undefined {
  const last = times.length - 1
  if (last < 1) return undefined
  const [before, after] = [values[last - 1]!, values[last]!]
  if (!isRate) return after - before
  return (after < before ? after : after - before) / ((times[last]! - times[last - 1]!) / 1_000)
}

/** Least squares: the line's value at an instant and its rise a second. */
function fit({ times, values }: Window, at: number): { slope: number; level: number } {
  const count = times.length
  if (values.every((value) => value === values[0]))
    return { slope: Number.isFinite(values[0]) ? 0 : NaN, level: values[0]! }
  const xs = Array.from(times, (time) => (time - at) / 1_000)
  const ys = Array.from(values)
  const [sumX, sumY] = [sum(xs), sum(ys)]
  const covariance = sum(xs.map((x, index) => x * ys[index]!)) - (sumX * sumY) / count
  const slope = covariance / (sum(xs.map((x) => x * x)) - (sumX * sumX) / count)
  return { slope, level: sumY / count - slope * (sumX / count) }
}
