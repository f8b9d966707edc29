/**
 * Makes chunks and rollups of what the head holds of hours that are over. May be repeated: chunks are merged with what is there, so a run that was killed, a sample that
 * came late and two processes that both believe it is their turn end in the same rows.
 */
import type { Knex } from 'knex'
import { decodeChunk, encodeChunk, mergeSamples, type Samples } from './chunk.ts'
import { addGrid, addSamples, emptyGrid, type Grid } from './grid.ts'
import { hourMs, type Head } from './head.ts'
import { ensurePartitions, lockKept, readKept, saveKept, type Kept, type KeptRow } from './kept/store.ts'
import type { SeriesId } from './metric.ts'
import { decodeRollup, encodeRollup } from './rollup.ts'
import type { Compacted } from './store.ts'

export const minuteMs = 60_000
export const dayMs = 24 * hourMs
/** More samples than this in an hour are kept as minutes for long, and as they were for a while. */
export const mostSlow = 240
const batchSize = 500

export interface Compaction {
  db: Knex
  head: Head
  /** What is in chunks already. */
  compacted: Compacted
  /** Hours before this are over. */
  until: number
  signal: AbortSignal
}

/** Gives how many samples were looked at. */
export async function compact({ db, head, compacted, until, signal }: Compaction): Promise<number> {
  let batch: [SeriesId, Map<number, Samples>][] = []
  let samples = 0
  for (const one of head.pending(until, compacted)) {
    batch.push(one)
    if (batch.length < batchSize) continue
    samples += await compactBatch(db, batch)
    batch = []
    signal.throwIfAborted()
  }
  return batch.length === 0 ? samples : samples + (await compactBatch(db, batch))
}

interface Hour {
  seriesId: SeriesId
  start: number
  samples: Samples
  /** Minutes that outlived their samples. */
  minutes: Grid | undefined
}

/** One transaction, and one at a time: what is there is read, joined with what is new, and written. */
async function compactBatch(db: Knex, batch: readonly [SeriesId, Map<number, Samples>][]): Promise<number> {
  await db.transaction(async (trx) => {
    await lockKept(trx)
    const hours = await withKept(trx, batch)
    const fine: KeptRow[] = []
    const chunks: KeptRow[] = []
    for (const hour of hours) {
      const { seriesId, start, samples } = hour
      const count = samples.times.length
      const raw = { seriesId, start, samples: count, isRollup: false, payload: encodeChunk(samples) }
      if (count <= mostSlow && hour.minutes === undefined) chunks.push(raw)
      else {
        if (hour.minutes === undefined) fine.push(raw)
        chunks.push({ ...raw, isRollup: true, payload: encodeRollup(minutesOf(hour)) })
      }
    }
    await save(trx, 'fine', fine)
    await save(trx, 'chunk', chunks)
    await save(trx, 'day', await daysOf(trx, hours))
  })
  return batch.reduce((sum, [, lots]) => sum + sizeOf(lots), 0)
}

async function save(trx: Knex.Transaction, kept: Kept, rows: readonly KeptRow[]): Promise<void> {
  await ensurePartitions(trx, kept, new Set(rows.map(({ start }) => start)))
  await saveKept(trx, kept, rows)
}

const sizeOf = (lots: ReadonlyMap<number, Samples>): number =>
  [...lots.values()].reduce((sum, { times }) => sum + times.length, 0)

/** The hours with what is in chunks of them already. */
async function withKept(db: Knex, batch: readonly [SeriesId, Map<number, Samples>][]): Promise<Hour[]> {
  const ids = batch.map(([id]) => id)
  const starts = batch.flatMap(([, lots]) => [...lots.keys()])
  const [from, to] = [Math.min(...starts), Math.max(...starts) + hourMs]
  const [fine, chunks] = [
    byHour(await readKept(db, 'fine', ids, from, to)),
    byHour(await readKept(db, 'chunk', ids, from, to)),
  ]
  return batch.flatMap(([seriesId, lots]) =>
    [...lots].map(([start, samples]) => {
      const chunk = chunks.get(`${seriesId} ${start}`)
      const raw = fine.get(`${seriesId} ${start}`) ?? (chunk?.isRollup ? undefined : chunk)
      const minutes =
        raw === undefined && chunk !== undefined
          ? decodeRollup(chunk.payload, start, start + hourMs, minuteMs)
          : undefined
      return {
        seriesId,
        start,
        minutes,
        samples: raw === undefined ? samples : mergeSamples([decodeChunk(raw.payload), samples]),
      }
    }),
  )
}

const byHour = (rows: readonly KeptRow[]): Map<string, KeptRow> =>
  new Map(rows.map((row) => [`${row.seriesId} ${row.start}`, row]))

function minutesOf({ start, samples, minutes }: Hour): Grid {
  const grid = minutes ?? emptyGrid(start, start + hourMs, minuteMs)
  addSamples(grid, samples)
  return grid
}

/** The days of these hours, the hours put in anew. */
async function daysOf(db: Knex, hours: readonly Hour[]): Promise<KeptRow[]> {
  const days = Map.groupBy(hours, ({ seriesId, start }) => `${seriesId} ${dayOf(start)}`)
  const starts = hours.map(({ start }) => dayOf(start))
  const known = byHour(
    await readKept(
      db,
      'day',
      [...new Set(hours.map(({ seriesId }) => seriesId))],
      Math.min(...starts),
      Math.max(...starts) + dayMs,
    ),
  )
  return [...days].map(([name, some]) => {
    const { seriesId, start } = some[0]!
    const day = dayOf(start)
    const row = known.get(name)
    const grid =
      row === undefined
        ? emptyGrid(day, day + dayMs, hourMs)
        : decodeRollup(row.payload, day, day + dayMs, hourMs)
    for (const hour of some) putHour(grid, hour)
    return { seriesId, start: day, samples: 0, isRollup: true, payload: encodeRollup(grid) }
  })
}

const dayOf = (start: number): number => Math.floor(start / dayMs) * dayMs

function putHour(day: Grid, hour: Hour): void {
  const grid = emptyGrid(hour.start, hour.start + hourMs, hourMs)
  if (hour.minutes === undefined) addSamples(grid, hour.samples)
  else addGrid(grid, hour.minutes)
  const at = (hour.start - day.start) / hourMs
  for (const column of ['min', 'max', 'sum', 'count', 'last', 'lastAt'] as const)
    day[column][at] = grid[column][0]!
}
