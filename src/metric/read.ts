/** Series over a range, from the coarsest that answers it: days of hours, hours of minutes, samples; and what is in memory still. */
import type { Knex } from 'knex'
import { limitExceeded } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { decodeChunk, mergeSamples, type Samples } from './chunk.ts'
import { dayMs, minuteMs } from './compact.ts'
import { addGrid, addSamples, emptyGrid, valuesOf, type Grid } from './grid.ts'
import { hourMs, type Head } from './head.ts'
import { readKept, type KeptRow } from './kept/store.ts'
import type { Aggregate, Series, SeriesId } from './metric.ts'
import { decodeRollup } from './rollup.ts'

export interface Range {
  from: number
  to: number
  stepMs: number
}

export interface ReadOptions {
  db: Knex
  catalogue: Catalogue
  head: Head
  /** Values that one answer may hold. */
  mostValues: number
}

const batchSize = 2_000

/** One grid a series that has anything in the range. */
export async function readGrids(
  { db, head, mostValues }: ReadOptions,
  ids: readonly SeriesId[],
  asked: Range,
  aggregate: Aggregate,
): Promise<Map<SeriesId, Grid>> {
  const range = wholeSteps(asked)
  checkSize(ids.length, asked, mostValues)
  const grids = new Map<SeriesId, Grid>()
  const gridOf = (id: SeriesId): Grid => {
    let grid = grids.get(id)
    if (grid === undefined) grids.set(id, (grid = emptyGrid(range.from, range.to, range.stepMs, aggregate)))
    return grid
  }
  for (let at = 0; at < ids.length; at += batchSize) {
    const some = ids.slice(at, at + batchSize)
    await addKept(db, head, some, range, gridOf)
  }
  return grids
}

/** LIMIT_EXCEEDED when they would be too many values. */
export function checkSize(series: number, asked: Range, mostValues: number): void {
  const { from, to, stepMs } = wholeSteps(asked)
  const steps = (to - from) / stepMs
  if (series * steps <= mostValues) return
  throw limitExceeded(
    'seriesValues',
    mostValues,
    `${series} series of ${steps} steps are too many values: take a larger step, a shorter range or fewer series`,
    series * steps,
  )
}

/** From the begin of the first step to the end of the last. */
function wholeSteps({ from, to, stepMs }: Range): Range {
  return { from: Math.floor(from / stepMs) * stepMs, to: Math.ceil(to / stepMs) * stepMs, stepMs }
}

/** Hours suffice for steps of whole hours, minutes for steps of whole minutes. */
async function addKept(
  db: Knex,
  head: Head,
  ids: readonly SeriesId[],
  { from, to, stepMs }: Range,
  gridOf: (id: SeriesId) => Grid,
): Promise<void> {
  const inHead = new Map(ids.map((id) => [id, head.between(id, from, to)]))
  if (stepMs % hourMs === 0) {
    const days = await readKept(db, 'day', ids, Math.floor(from / dayMs) * dayMs, to)
    return addDays(days, inHead, { from, to }, gridOf)
  }
  const hour = Math.floor(from / hourMs) * hourMs
  const chunks = await readKept(db, 'chunk', ids, hour, to)
  const needsFine = stepMs % minuteMs === 0 ? [] : chunks.filter(({ isRollup }) => isRollup)
  const fine =
    needsFine.length === 0
      ? []
      : await readKept(db, 'fine', [...new Set(needsFine.map(({ seriesId }) => seriesId))], hour, to)
  addHours(chunks, fine, inHead, gridOf)
}

function addHours(
  chunks: readonly KeptRow[],
  fine: readonly KeptRow[],
  inHead: ReadonlyMap<SeriesId, Samples[]>,
  gridOf: (id: SeriesId) => Grid,
): void {
  const finer = new Set(fine.map(({ seriesId, start }) => `${seriesId} ${start}`))
  const raw = Map.groupBy(
    [...fine, ...chunks.filter((row) => !row.isRollup && !finer.has(`${row.seriesId} ${row.start}`))],
    ({ seriesId }) => seriesId,
  )
  const minutes = new Map<string, Grid>()
  for (const row of chunks) {
    const name = `${row.seriesId} ${row.start}`
    if (!row.isRollup || finer.has(name)) continue
    const grid = decodeRollup(row.payload, row.start, row.start + hourMs, minuteMs)
    minutes.set(name, grid)
    addGrid(gridOf(row.seriesId), grid)
  }
  for (const [id, lots] of inHead) {
    const kept = (raw.get(id) ?? []).map(({ payload }) => decodeChunk(payload))
    // What is in chunks already is in memory for a while longer: samples of one time count once, minutes that have something are whole.
    const fresh = lots.map((lot) => without(lot, (time) => isIn(minutes.get(`${id} ${hourOf(time)}`), time)))
    if (kept.length + fresh.length > 0) addSamples(gridOf(id), mergeSamples([...kept, ...fresh]))
  }
}

const hourOf = (time: number): number => Math.floor(time / hourMs) * hourMs

/** A rollup knows the last sample of a minute: what is later came after it. */
function isIn(grid: Grid | undefined, time: number): boolean {
  if (grid === undefined) return false
  return time <= grid.lastAt[Math.floor((time - grid.start) / grid.stepMs)]!
}

function addDays(
  days: readonly KeptRow[],
  inHead: ReadonlyMap<SeriesId, Samples[]>,
  range: { from: number; to: number },
  gridOf: (id: SeriesId) => Grid,
): void {
  const known = Map.groupBy(days, ({ seriesId }) => seriesId)
  for (const [id, lots] of inHead) {
    const grids = (known.get(id) ?? []).map((row) =>
      decodeRollup(row.payload, row.start, row.start + dayMs, hourMs),
    )
    for (const grid of grids) addGrid(gridOf(id), clipped(grid, range))
    const fresh = lots.map((lot) => without(lot, (time) => grids.some((grid) => isIn(grid, time))))
    if (fresh.some(({ times }) => times.length > 0)) addSamples(gridOf(id), mergeSamples(fresh))
  }
}

/** Only the steps that begin in the range. */
function clipped(grid: Grid, { from, to }: { from: number; to: number }): Grid {
  for (let at = 0; at < grid.count.length; at++) {
    const start = grid.start + at * grid.stepMs
    if (start < from || start >= to) grid.count[at] = 0
  }
  return grid
}

function without({ times, values }: Samples, isOut: (time: number) => boolean): Samples {
  const keep = [...times.keys()].filter((index) => !isOut(times[index]!))
  if (keep.length === times.length) return { times, values }
  return {
    times: Float64Array.from(keep, (index) => times[index]!),
    values: Float64Array.from(keep, (index) => values[index]!),
  }
}

/** As series with their names, of one aggregate. */
export function toSeries(
  catalogue: Catalogue,
  grids: ReadonlyMap<SeriesId, Grid>,
  aggregate: Aggregate,
): Series[] {
  return [...grids].flatMap(([id, grid]) => {
    const key = catalogue.key(id)
    if (key === undefined) return []
    return [{ ...key, start: grid.start, stepMs: grid.stepMs, values: valuesOf(grid, aggregate) }]
  })
}
