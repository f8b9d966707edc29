/** Rates of a device's counters, of what its polls read. Pure: times are told. */
import type { MappedReading } from './reading.ts'

interface Seen {
  value: number
  at: number
}

export interface MadeReading {
  key: string
  metric: string
  value: number
}

const uptime = 'system.uptime'
const range = 2 ** 32

export class CounterRates {
  #before = new Map<string, Seen>()
  #uptime = NaN

  /** What is told of one poll: gauges and states as they are, counters as totals and, from the second poll on, their rates. */
  take(readings: readonly MappedReading[], atMs: number): MadeReading[] {
    const now = readings.find(({ metric }) => metric === uptime)?.value ?? NaN
    const isFresh = now < this.#uptime
    this.#uptime = now
    const seen = new Map<string, Seen>()
    const made: MadeReading[] = []
    for (const { key, metric, value, rate } of readings) {
      made.push({ key, metric, value })
      if (rate === undefined) continue
      const place = `${key}\n${metric}`
      const before = isFresh ? undefined : this.#before.get(place)
      seen.set(place, { value, at: atMs })
      const perSecond = before === undefined ? undefined : rateOf(before, { value, at: atMs })
      if (perSecond !== undefined) made.push({ key, metric: rate.name, value: perSecond * rate.times })
    }
    this.#before = seen
    return made
  }
}

/**
 * A counter that went back began anew, unless it was near the end of 32 bits and is near its begin: then it went over. What began anew has no rate this time.
 * One reading each is too few to tell more, and a wrong rate is worse than none.
 */
function rateOf(before: Seen, now: Seen): number | undefined {
  const seconds = (now.at - before.at) / 1_000
  if (seconds <= 0) return undefined
  const difference = now.value - before.value
  if (difference >= 0) return difference / seconds
  const isWrap = before.value < range && before.value > range * 0.75 && now.value < range * 0.25
  return isWrap ? (difference + range) / seconds : undefined
}
