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
const chunkSize = 1_000
const mostAtOnce = 200

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

/** Numbers and writes events as the last step of a transaction: a few by one statement, many through the stage. */
export async function appendEvents(
  trx: Knex.Transaction,
  actor: string,
  bodies: readonly EventBody[],
  at = new Date(),
): Promise<Cursor> {
  if (bodies.length > mostAtOnce) {
    await stageEvents(trx, bodies)
    return (await commitEvents(trx, actor, at)).cursor
  }
  const { rows } = await trx.raw<{ rows: { epoch: string; seq: string }[] }>(
    `with given as (select * from unnest(?::text[], ?::bigint[], ?::jsonb[]) with ordinality as given (type, resource_id, body, place)),
     head as (update log_head set seq = seq + (select count(*) from given) returning epoch, seq),
     written as (insert into event (seq, at, actor, type, resource_id, body)
       select head.seq - (select count(*) from given) + place, ?, ?, type, resource_id, body from given, head)
     select epoch, seq, pg_notify('plenum_event', '') from head`,
    [...columnsOf(bodies), at, actor],
  )
  return { epoch: rows[0]!.epoch, seq: Number(rows[0]!.seq) }
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
  /** Only what has to do with these tenants: not less than they may be told of, and somewhat more. */
  tenants?: readonly number[]
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
  if (query.tenants !== undefined) {
    const list = query.tenants as unknown as string[]
    void found.whereRaw(
      `(resource_id = any(?::bigint[]) or ${['resource', 'before', 'from', 'to'].map((part) => `(body -> '${part}' ->> 'tenantId')::bigint = any(?::bigint[])`).join(' or ')})`,
      Array.from({ length: 5 }, () => list),
    )
  }
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
