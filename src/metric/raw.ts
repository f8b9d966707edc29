/** Samples as they were kept: the finest that there is of each hour. */
import { limitExceeded } from '../errors.ts'
import { decodeChunk, mergeSamples, type Samples } from './chunk.ts'
import { dayMs, minuteMs } from './compact.ts'
import type { Grid } from './grid.ts'
import { hourMs } from './head.ts'
import { readKept, type KeptRow } from './kept/store.ts'
import type { SeriesId } from './metric.ts'
import type { ReadOptions } from './read.ts'
import { decodeRollup } from './rollup.ts'

const batchSize = 2_000

/** Samples of [from, to]; of hours whose samples are gone the last of each minute, of those before `hoursBefore` the last of each hour. */
export async function readSamples(
  { db, head, mostValues }: Omit<ReadOptions, 'catalogue'>,
  ids: readonly SeriesId[],
  { from, to, hoursBefore }: { from: number; to: number; hoursBefore: number },
): Promise<Map<SeriesId, Samples>> {
  const found = new Map<SeriesId, Samples>()
  let count = 0
  for (let at = 0; at < ids.length; at += batchSize) {
    const some = ids.slice(at, at + batchSize)
    // What moves from memory to the tables while they are read must be in one of the two.
    const fresh = new Map(some.map((id) => [id, head.between(id, from, to + 1)]))
    const hour = Math.floor(from / hourMs) * hourMs
    const chunks = await readKept(db, 'chunk', some, hour, to + 1)
    const fine = chunks.some(({ isRollup }) => isRollup) ? await readKept(db, 'fine', some, hour, to + 1) : []
    const days =
      from < hoursBefore ? await readKept(db, 'day', some, Math.floor(from / dayMs) * dayMs, to + 1) : []
    const kept = Map.groupBy(finest(chunks, fine, days), ({ seriesId }) => seriesId)
    for (const id of some) {
      const samples = within(mergeSamples([...(kept.get(id) ?? []), ...fresh.get(id)!]), from, to)
      count += samples.times.length
      if (count > mostValues)
        throw limitExceeded(
          'seriesValues',
          mostValues,
          'The query reads too many samples: take a shorter range or fewer series',
          count,
        )
      if (samples.times.length > 0) found.set(id, samples)
    }
  }
  return found
}

type Piece = Samples & { seriesId: SeriesId }

function* finest(
  chunks: readonly KeptRow[],
  fine: readonly KeptRow[],
  days: readonly KeptRow[],
): Generator<Piece> {
  const nameOf = (seriesId: SeriesId, start: number) => `${seriesId} ${start}`
  const finer = new Set(fine.map(({ seriesId, start }) => nameOf(seriesId, start)))
  const hours = new Set(chunks.map(({ seriesId, start }) => nameOf(seriesId, start)))
  for (const { seriesId, payload } of fine) yield { seriesId, ...decodeChunk(payload) }
  for (const { seriesId, start, isRollup, payload } of chunks) {
    if (finer.has(nameOf(seriesId, start))) continue
    if (!isRollup) yield { seriesId, ...decodeChunk(payload) }
    else yield { seriesId, ...lastOf(decodeRollup(payload, start, start + hourMs, minuteMs)) }
  }
  for (const { seriesId, start, payload } of days) {
    const grid = decodeRollup(payload, start, start + dayMs, hourMs)
    yield { seriesId, ...lastOf(grid, (hour) => !hours.has(nameOf(seriesId, hour))) }
  }
}

function lastOf(grid: Grid, isWanted: (start: number) => boolean = () => true): Samples {
  const steps = [...grid.count.keys()].filter(
    (step) => grid.count[step]! > 0 && isWanted(grid.start + step * grid.stepMs),
  )
  return {
    times: Float64Array.from(steps, (step) => grid.lastAt[step]!),
    values: Float64Array.from(steps, (step) => grid.last[step]!),
  }
}

function within({ times, values }: Samples, from: number, to: number): Samples {
  const low = times.findIndex((time) => time >= from)
  const high = times.findLastIndex((time) => time <= to)
  return low < 0
    ? { times: times.slice(0, 0), values: values.slice(0, 0) }
    : { times: times.slice(low, high + 1), values: values.slice(low, high + 1) }
}
