/** When something that fills is full. Pure. */
import { lineThrough } from '../alert/index.ts'

/** So many times as far as it was looked back, and no further. */
const horizon = 4

export interface Fill {
  times: readonly number[]
  /** What was used at these times. */
  used: readonly number[]
  /** What may be used at most. */
  limit: number
}

/**
 * Along the line through what was used. Null when there is too little to tell, when it does not rise, when what it rises by is less than what it wavers by, and when that would be
 * further ahead than what was seen allows to say.
 */
export function fullAt({ times, used, limit }: Fill, now: number): number | null {
  if (times.length > 0 && used.at(-1)! >= limit) return now
  const line = lineThrough({ times, values: used }, now)
  if (line === undefined) return null
  const [first, last] = [times[0]!, times.at(-1)!]
  const risen = line.at(last) - line.at(first)
  if (risen <= 0 || risen <= line.deviation(last)) return null
  const at = first + ((limit - line.at(first)) / risen) * (last - first)
  return at - last > horizon * (last - first) ? null : Math.max(now, Math.round(at))
}

/** Of several, step by step: what has no value keeps its last, and before its first that: a new one among them is no growth. Steps in which none has a value are left out. */
export function addUp(
  columns: readonly (readonly (number | null)[])[],
  start: number,
  stepMs: number,
): { times: number[]; used: number[] } {
  const steps = columns[0]?.length ?? 0
  const sums = Array.from({ length: steps }, () => 0)
  const isTold = Array.from({ length: steps }, () => false)
  for (const column of columns) {
    let value = column.find((one) => one !== null) ?? 0
    for (let at = 0; at < steps; at++) {
      const own = column[at]
      if (own != null) {
        value = own
        isTold[at] = true
      }
      sums[at]! += value
    }
  }
  const told = [...sums.keys()].filter((at) => isTold[at])
  return { times: told.map((at) => start + (at + 0.5) * stepMs), used: told.map((at) => sums[at]!) }
}
