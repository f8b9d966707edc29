/**
 * Ticks as requests that a Prometheus takes: in each request a series has one sample, older ones in earlier requests, so that what is refused (a sample that was sent before, one
 * that came late) takes nothing along. Pure.
 */
import type { SeriesId, SeriesKey } from '../metric.ts'
import type { Tick } from '../tick.ts'
import { labelsOf, type StaticLabels } from './label.ts'
import type { RemoteSeries } from './write-request.ts'

/** Of one request. */
export const mostSeries = 5_000

export function toRequests(
  ticks: readonly Tick[],
  keyOf: (id: SeriesId) => SeriesKey | undefined,
  more: StaticLabels,
): RemoteSeries[][] {
  const bySeries = new Map<SeriesId, Map<number, number>>()
  for (const { ids, times, values } of ticks)
    for (let index = 0; index < ids.length; index++) {
      const own = bySeries.get(ids[index]!) ?? new Map<number, number>()
      // Of several values of one time the last counts, as everywhere.
      bySeries.set(ids[index]!, own.set(times[index]!, values[index]!))
    }
  const layers: RemoteSeries[][] = []
  for (const [id, own] of bySeries) {
    const key = keyOf(id)
    if (key === undefined) continue
    const labels = labelsOf(key, more)
    for (const [place, [at, value]] of [...own].sort(([one], [other]) => one - other).entries())
      (layers[place] ??= []).push({ labels, samples: [{ at, value }] })
  }
  return layers.flatMap((layer) => cut(layer, mostSeries))
}

export function cut<T>(list: readonly T[], size: number): T[][] {
  const pieces: T[][] = []
  for (let from = 0; from < list.length; from += size) pieces.push(list.slice(from, from + size))
  return pieces
}
