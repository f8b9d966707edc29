/** SQL of what is kept for long: chunks and rollups, in partitions that are dropped when their time is over. Times in and out are milliseconds. */
import type { Knex } from 'knex'
import type { SeriesId } from '../metric.ts'

/** `fine`: all samples of series that are measured often. `chunk`: all samples of the others, or minutes of those. `day`: hours. */
export const tables = { fine: 'sample_fine', chunk: 'sample_chunk', day: 'sample_day' } as const
export type Kept = keyof typeof tables

export interface KeptRow {
  seriesId: SeriesId
  /** Begin of the hour, of the day for `day`. */
  start: number
  samples: number
  isRollup: boolean
  payload: Uint8Array
}

const column = (kept: Kept): string => (kept === 'day' ? 'day' : 'hour')

/** Whoever joins what is kept with what is new does so alone, until the end of its transaction. */
export async function lockKept(trx: Knex.Transaction): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('plenum samples'))")
}

/** One row a series and start: a second write replaces the first. The partition must be there. */
export async function saveKept(db: Knex, kept: Kept, rows: readonly KeptRow[]): Promise<void> {
  if (rows.length === 0) return
  const names = [
    'series_id',
    column(kept),
    ...(kept === 'day' ? [] : ['samples']),
    ...(kept === 'chunk' ? ['is_rollup'] : []),
    'payload',
  ]
  const chosen = [
    'id',
    'to_timestamp(start / 1000)',
    ...(kept === 'day' ? [] : ['samples']),
    ...(kept === 'chunk' ? ['is_rollup'] : []),
    'payload',
  ]
  await db.raw(
    `insert into ${tables[kept]} (${names.join(', ')})
     select ${chosen.join(', ')}
     from unnest(cast(:ids as bigint[]), cast(:starts as double precision[]), cast(:samples as integer[]), cast(:rollups as boolean[]), cast(:payloads as bytea[]))
       as k (id, start, samples, is_rollup, payload)
     on conflict (series_id, ${column(kept)}) do update set ${names
       .slice(2)
       .map((name) => `${name} = excluded.${name}`)
       .join(', ')}`,
    {
      ids: rows.map(({ seriesId }) => seriesId),
      starts: rows.map(({ start }) => start),
      samples: rows.map(({ samples }) => samples),
      rollups: rows.map(({ isRollup }) => isRollup),
      payloads: rows.map(({ payload }) => Buffer.from(payload)),
    } as never,
  )
}

/** Rows of these series that begin in [from, to), ascending by series and start. */
export async function readKept(
  db: Knex,
  kept: Kept,
  ids: readonly SeriesId[],
  from: number,
  to: number,
): Promise<KeptRow[]> {
  const start = column(kept)
  const { rows } = await db.raw<{
    rows: { id: string; start: number; samples: number; is_rollup: boolean; payload: Buffer }[]
  }>(
    `select series_id as id, (extract(epoch from ${start}) * 1000)::float8 as start, ${kept === 'day' ? '0 as samples' : 'samples'},
       ${kept === 'chunk' ? 'is_rollup' : kept === 'day' ? 'true' : 'false'} as is_rollup, payload
     from ${tables[kept]} where series_id = any(cast(:ids as bigint[]))
       and ${start} >= to_timestamp(cast(:from as double precision) / 1000) and ${start} < to_timestamp(cast(:to as double precision) / 1000)
     order by 1, 2`,
    { ids, from, to } as never,
  )
  return rows.map((row) => ({
    seriesId: Number(row.id),
    start: row.start,
    samples: row.samples,
    isRollup: row.is_rollup,
    payload: row.payload,
  }))
}

/** The bounds of the partition that holds an instant: a day, a month for `day`. UTC. */
export function partitionOf(kept: Kept, at: number): { name: string; from: string; to: string } {
  const date = new Date(at)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const isMonth = kept === 'day'
  const from = new Date(Date.UTC(year, month, isMonth ? 1 : day)).toISOString()
  const to = new Date(Date.UTC(year, isMonth ? month + 1 : month, isMonth ? 1 : day + 1)).toISOString()
  return { name: `${tables[kept]}_${from.slice(0, isMonth ? 7 : 10).replaceAll('-', '')}`, from, to }
}

/** Makes the partitions that hold these instants, where they are not there yet. */
export async function ensurePartitions(db: Knex, kept: Kept, instants: Iterable<number>): Promise<void> {
  const wanted = new Map([...instants].map((at) => partitionOf(kept, at)).map((one) => [one.name, one]))
  if (wanted.size === 0) return
  const known = new Set((await partitionsOf(db, kept)).map(({ name }) => name))
  for (const { name, from, to } of wanted.values()) {
    if (known.has(name)) continue
    await db.raw(
      `create table if not exists ${name} partition of ${tables[kept]} for values from ('${from}') to ('${to}')`,
    )
  }
}

async function partitionsOf(db: Knex, kept: Kept): Promise<{ name: string; digits: string }[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = cast(? as regclass)`,
    [tables[kept]],
  )
  return rows.map(({ name }) => ({ name, digits: name.slice(tables[kept].length + 1) }))
}

/** Drops the partitions that end before an instant; gives their names. */
export async function dropPartitions(db: Knex, kept: Kept, before: number): Promise<string[]> {
  const dropped: string[] = []
  for (const { name, digits } of await partitionsOf(db, kept)) {
    const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8) || '01'].map(
      Number,
    )
    const { to } = partitionOf(kept, Date.UTC(year!, month! - 1, day))
    if (Date.parse(to) > before) continue
    await db.raw(`drop table if exists ${name}`)
    dropped.push(name)
  }
  return dropped
}
