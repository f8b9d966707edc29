/**
 * The event log's SQL. The last step of a writing transaction is `commitEvents`: it takes the next sequence numbers from `log_head`, whose row
 * stays locked until the commit. So numbers are dense and in commit order, and no reader passes over one that commits later.
 */
import type { Knex } from 'knex'
import type { Cursor, EventBody, LoggedEvent } from './event.ts'

export interface LogHead extends Cursor {
  /** The first sequence that is still kept; seq + 1 when none is. */
  keptFrom: number
}

const stagedTable = 'staged_event'
const chunkSize = 5_000

export const resourceOf = (body: EventBody): number | null =>
  'resource' in body ? body.resource.id : 'link' in body ? body.link.from : (body.id ?? null)

/** Puts events aside in this transaction; `commitEvents` numbers them. May be called often, for large writes. */
export async function stageEvents(trx: Knex.Transaction, bodies: readonly EventBody[]): Promise<void> {
  await trx.raw(
    `create temporary table if not exists ${stagedTable} (ordinal bigint generated always as identity, type text, resource_id bigint, body jsonb) on commit drop`,
  )
  for (let start = 0; start < bodies.length; start += chunkSize) {
    const chunk = bodies.slice(start, start + chunkSize)
    await trx.raw(
      `insert into ${stagedTable} (type, resource_id, body) select * from unnest(?::text[], ?::bigint[], ?::jsonb[])`,
      columnsOf(chunk),
    )
  }
}

/** One array a column; knex' own types know arrays of one kind only. */
function columnsOf(chunk: readonly EventBody[]): readonly Knex.RawBinding[] {
  const columns: readonly unknown[] = [
    chunk.map((body) => body.type),
    chunk.map(resourceOf),
    chunk.map((body) => JSON.stringify(body)),
  ]
  return columns as readonly Knex.RawBinding[]
}

/** Numbers and writes what was staged. Nothing slow may come after it. Gives the cursor of the last event and the number of the first. */
export async function commitEvents(
  trx: Knex.Transaction,
  actor: string,
  at: Date,
): Promise<{ cursor: Cursor; firstSeq: number }> {
  const { rows } = await trx.raw<{ rows: { epoch: string; seq: string; count: string }[] }>(
    `with head as (update log_head set seq = seq + (select count(*) from ${stagedTable}) returning epoch, seq, seq - (select count(*) from ${stagedTable}) as base),
     written as (insert into event (seq, at, actor, type, resource_id, body)
       select head.base + row_number() over (order by ordinal), ?, ?, type, resource_id, body from ${stagedTable}, head returning 1)
     select epoch, seq, (select count(*) from written) as count from head`,
    [at, actor],
  )
  await trx.raw(`drop table ${stagedTable}`)
  await trx.raw('notify plenum_event')
  const head = rows[0]!
  const seq = Number(head.seq)
  return { cursor: { epoch: head.epoch, seq }, firstSeq: seq - Number(head.count) + 1 }
}

/** Stages and commits a few events. */
export async function appendEvents(
  trx: Knex.Transaction,
  actor: string,
  bodies: readonly EventBody[],
  at = new Date(),
): Promise<Cursor> {
  await stageEvents(trx, bodies)
  return (await commitEvents(trx, actor, at)).cursor
}

export async function readHead(db: Knex): Promise<LogHead> {
  const { rows } = await db.raw<{ rows: { epoch: string; seq: string; kept_from: string }[] }>(
    'select epoch, seq, coalesce((select min(seq) from event), seq + 1) as kept_from from log_head',
  )
  const head = rows[0]!
  return { epoch: head.epoch, seq: Number(head.seq), keptFrom: Number(head.kept_from) }
}

export interface EventQuery {
  after?: number
  before?: number
  types?: readonly string[]
  resourceId?: number
  first: number
}

interface EventRow {
  seq: string
  at: number
  actor: string
  body: EventBody
}

/** Ascending by sequence. */
export async function readEvents(db: Knex, query: EventQuery): Promise<LoggedEvent[]> {
  const rows = (await matching(db, query)
    .select('seq', db.raw('(extract(epoch from at) * 1000)::float8 as at'), 'actor', 'body')
    .orderBy('seq')
    .limit(query.first)) as EventRow[]
  return rows.map((row) => ({ seq: Number(row.seq), at: row.at, actor: row.actor, body: row.body }))
}

export async function countEvents(db: Knex, query: Omit<EventQuery, 'first'>): Promise<number> {
  const [row] = (await matching(db, query).count({ count: '*' })) as { count: string }[]
  return Number(row?.count ?? 0)
}

function matching(db: Knex, query: Omit<EventQuery, 'first'>): Knex.QueryBuilder {
  const found = db('event')
  if (query.after !== undefined) void found.where('seq', '>', query.after)
  if (query.before !== undefined) void found.where('seq', '<', query.before)
  if (query.types !== undefined) void found.whereIn('type', [...query.types])
  if (query.resourceId !== undefined) void found.where('resource_id', query.resourceId)
  return found
}

/** Removes at most `most` of the oldest events before `instant`; gives how many. */
export async function pruneEvents(db: Knex, instant: Date, most = 10_000): Promise<number> {
  return db('event')
    .whereIn('seq', db('event').select('seq').where('at', '<', instant).orderBy('seq').limit(most))
    .delete()
}

/** A restored database is another log: cursors of the old one get a gap. */
export async function startNewEpoch(db: Knex): Promise<void> {
  await db.raw('update log_head set epoch = gen_random_uuid()')
}
