/** SQL of definitions, series, ticks and chunks. Times in and out are milliseconds. */
import type { Knex } from 'knex'
import type { Metric, SeriesId } from './metric.ts'

export interface SeriesRow {
  id: SeriesId
  resourceId: number
  metricId: number
  sourceId: number
}

export interface TickRow {
  seq: number
  payload: Uint8Array
}

export interface Compacted {
  seq: number
  /** Hours before this instant are in chunks. */
  until: number
}

export async function saveMetrics(db: Knex, metrics: readonly Metric[]): Promise<Map<string, number>> {
  const { rows } = await db.raw<{ rows: { id: number; name: string }[] }>(
    `insert into metric (name, unit, type, help)
     select * from unnest(cast(:names as text[]), cast(:units as text[]), cast(:types as text[]), cast(:helps as text[]))
     on conflict (name) do update set
       unit = case when excluded.unit = '' then metric.unit else excluded.unit end,
       type = excluded.type,
       help = case when excluded.help = '' then metric.help else excluded.help end
     returning id, name`,
    {
      names: metrics.map(({ name }) => name),
      units: metrics.map(({ unit }) => unit),
      types: metrics.map(({ type }) => type),
      helps: metrics.map(({ help }) => help),
    } as never,
  )
  return new Map(rows.map(({ id, name }) => [name, id]))
}

export async function allMetrics(db: Knex): Promise<(Metric & { id: number })[]> {
  return db('metric').select('id', 'name', 'unit', 'type', 'help')
}

/** Makes those that are new; gives all, in no order. */
export async function saveSeries(db: Knex, keys: readonly Omit<SeriesRow, 'id'>[]): Promise<SeriesRow[]> {
  const { rows } = await db.raw<{ rows: RawSeries[] }>(
    `with asked as (select * from unnest(cast(:resources as bigint[]), cast(:metrics as integer[]), cast(:sources as bigint[])) as a (resource_id, metric_id, source_id)),
     made as (insert into series (resource_id, metric_id, source_id) select * from asked
       on conflict (resource_id, metric_id, source_id) do update set source_id = excluded.source_id
       returning id, resource_id, metric_id, source_id)
     select * from made`,
    {
      resources: keys.map(({ resourceId }) => resourceId),
      metrics: keys.map(({ metricId }) => metricId),
      sources: keys.map(({ sourceId }) => sourceId),
    } as never,
  )
  return rows.map(toSeries)
}

interface RawSeries {
  id: string
  resource_id: string
  metric_id: number
  source_id: string
}
const toSeries = (row: RawSeries): SeriesRow => ({
  id: Number(row.id),
  resourceId: Number(row.resource_id),
  metricId: row.metric_id,
  sourceId: Number(row.source_id),
})

/** Series after an id, ascending: how a process learns them, at first and as they come. */
export async function seriesAfter(db: Knex, id: SeriesId, first: number): Promise<SeriesRow[]> {
  const rows = (await db('series').where('id', '>', id).orderBy('id').limit(first)) as RawSeries[]
  return rows.map(toSeries)
}

/** Whoever follows the ticks is told here that there is a new one. */
export const tickChannel = 'plenum_metric'

/** Appends a tick; its number is the last thing that its transaction takes, so numbers are dense and in commit order. */
export async function saveTick(
  db: Knex,
  tick: { from: number; to: number; samples: number; payload: Uint8Array },
): Promise<number> {
  const { rows } = await db.raw<{ rows: { seq: string }[] }>(
    `with head as (update metric_head set seq = seq + 1 returning seq),
     written as (insert into metric_tick (seq, from_at, to_at, samples, payload)
       select seq, to_timestamp(cast(:from as double precision) / 1000), to_timestamp(cast(:to as double precision) / 1000), :samples, :payload from head returning seq)
     select seq, pg_notify(:channel, '') from written`,
    { ...tick, payload: Buffer.from(tick.payload), channel: tickChannel } as never,
  )
  return Number(rows[0]!.seq)
}

export async function readTicks(db: Knex, after: number, first: number): Promise<TickRow[]> {
  const rows = (await db('metric_tick')
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(first)
    .select('seq', 'payload')) as { seq: string; payload: Buffer }[]
  return rows.map(({ seq, payload }) => ({ seq: Number(seq), payload }))
}

export async function readCompacted(db: Knex): Promise<Compacted & { head: number }> {
  const { rows } = await db.raw<{ rows: { seq: string; compacted_seq: string; until: number | null }[] }>(
    `select seq, compacted_seq, case when isfinite(compacted_until) then extract(epoch from compacted_until) * 1000 end ::float8 as until from metric_head`,
  )
  const row = rows[0]!
  return { head: Number(row.seq), seq: Number(row.compacted_seq), until: row.until ?? 0 }
}

/** The place from which ticks must be read at start: what comes before is wholly in chunks. */
export async function firstOpenTick(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: { seq: string | null; head: string }[] }>(
    `select (select min(t.seq) from metric_tick t where t.seq > h.compacted_seq or t.to_at >= h.compacted_until) as seq, h.seq as head from metric_head h`,
  )
  return rows[0]!.seq === null ? Number(rows[0]!.head) : Number(rows[0]!.seq) - 1
}

/** Says that all ticks up to `seq` are in chunks as far as they are of hours before `until`, and drops those that are so wholly. */
export async function noteCompacted(
  db: Knex,
  { seq, until }: Compacted,
  /** Ticks that begin after this stay until the remote store has them. */
  waitsSince: number | undefined,
): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw(
      `update metric_head set compacted_seq = greatest(compacted_seq, :seq), compacted_until = greatest(compacted_until, to_timestamp(cast(:until as double precision) / 1000))`,
      { seq, until } as never,
    )
    await trx.raw(
      `delete from metric_tick where seq <= :seq and to_at < to_timestamp(cast(:until as double precision) / 1000)
       and (cast(:since as double precision) is null or to_at < to_timestamp(cast(:since as double precision) / 1000) or seq <= (select seq from metric_remote))`,
      { seq, until, since: waitsSince ?? null } as never,
    )
  })
}

/** Series by id: those that a tick names and this process does not know. */
export async function seriesByIds(db: Knex, ids: readonly SeriesId[]): Promise<SeriesRow[]> {
  const rows = (await db('series').whereIn('id', [...ids])) as RawSeries[]
  return rows.map(toSeries)
}
