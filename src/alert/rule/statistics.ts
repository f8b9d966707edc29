/** What is computed of a window of samples. Undefined where it has too few. */
import type { Window } from './condition.ts'

export function latestOf(
  { times, values }: Window,
  until: number,
): { at: number; value: number } | undefined {
  for (let index = times.length - 1; index >= 0; index--) {
    const [at, value] = [times[index]!, values[index]!]
    if (at <= until && !Number.isNaN(value)) return { at, value }
  }
  return undefined
}

/** What it rises by in a second between the first and the last sample of [from, to]. A fall is a new begin: what it has since counts. */
export function rateOf({ times, values }: Window, from: number, to: number): number | undefined {
  let first: number | undefined
  let last = 0
  let before = 0
  let risen = 0
  for (let index = 0; index < times.length; index++) {
    const [at, value] = [times[index]!, values[index]!]
    if (at < from || at > to || !Number.isFinite(value)) continue
    if (first === undefined) first = at
    else risen += value >= before ? value - before : value
    before = value
    last = at
  }
  return first === undefined || last <= first ? undefined : risen / ((last - first) / 1_000)
}

export function meanOf({ values }: Window): number | undefined {
  let [sum, count] = [0, 0]
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index]!)) continue
    sum += values[index]!
    count++
  }
  return count === 0 ? undefined : sum / count
}

const fewest = 5

/** By least squares, with the standard deviation of what it foretells. */
export function lineThrough(
  { times, values }: Window,
  now: number,
): { at(time: number): number; deviation(time: number): number } | undefined {
  const points: [number, number][] = []
  for (let index = 0; index < times.length; index++)
    if (Number.isFinite(values[index]!)) points.push([(times[index]! - now) / 1_000, values[index]!])
  const count = points.length
  if (count < fewest) return undefined
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (spread === 0) return undefined
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  const error = Math.sqrt(rest / (count - 2))
  const toX = (time: number): number => (time - now) / 1_000
  return {
    at: (time) => meanY + slope * (toX(time) - meanX),
    deviation: (time) => error * Math.sqrt(1 + 1 / count + (toX(time) - meanX) ** 2 / spread),
  }
}

/** By median and median absolute deviation: outliers in the window do not hide others. Of what never varied any other value is infinitely far. */
export function robustScore({ values }: Window, value: number): number | undefined {
  const sorted = Array.from(values)
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  if (sorted.length < fewest) return undefined
  const median = middleOf(sorted)
  const deviation = middleOf(sorted.map((one) => Math.abs(one - median)).sort((a, b) => a - b)) * 1.4826
  if (deviation === 0) return value === median ? 0 : Math.sign(value - median) * Number.MAX_VALUE
  return (value - median) / deviation
}

const middleOf = (sorted: readonly number[]): number => {
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
