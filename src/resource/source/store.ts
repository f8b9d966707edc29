/** SQL of sources beyond their resources: how they are believed and how their last sync went. */
import type { Knex } from 'knex'
import type { SourceDefinition } from '../origin.ts'
import type { ResourceId } from '../resource.ts'

export async function insertSource(
  trx: Knex.Transaction,
  id: ResourceId,
  { name, driver, role, precedence, authoritative }: SourceDefinition,
): Promise<void> {
  await trx('source').insert({ id, name, driver, role, precedence, authoritative })
}

export async function updateSource(
  trx: Knex.Transaction,
  id: ResourceId,
  { driver, role, precedence, authoritative }: SourceDefinition,
): Promise<void> {
  await trx('source').where({ id }).update({ driver, role, precedence, authoritative })
}

export interface SyncNote {
  at: Date
  tookSeconds: number
  seen: number
  changed: number
  held: string | null
  /** What stays wrong although it was listed. */
  failure: string | null
}

/** A complete listing was taken in: everything it has was seen at its start. */
export async function noteSync(trx: Knex.Transaction, id: ResourceId, note: SyncNote): Promise<void> {
  await trx('source').where({ id }).update({
    last_sync_at: note.at,
    last_sync_seconds: note.tookSeconds,
    seen: note.seen,
    changed: note.changed,
    held: note.held,
    failure: note.failure,
  })
}

/** What is wrong with the source now; null: nothing. Gives what it was before when that is news: that it fails, or fails no more. */
export async function noteFailure(
  db: Knex,
  id: ResourceId,
  failure: string | null,
): Promise<{ before: string | null } | undefined> {
  const { rows } = await db.raw<{ rows: { before: string | null }[] }>(
    `with old as (select id, failure from source where id = :id for update)
     update source s set failure = :failure from old where s.id = old.id and old.failure is distinct from :failure returning old.failure as before`,
    { id, failure },
  )
  const before = rows[0]?.before
  return before === undefined || (before === null) === (failure === null) ? undefined : { before }
}

export interface SourceNote {
  /** A source that only watches was well at this time. */
  seenAt?: Date
  seen?: number
  breaker?: string
  pushLagSeconds?: number
}

/** How a source does, beyond its listings. */
export async function noteSource(db: Knex, id: ResourceId, note: SourceNote): Promise<void> {
  await db('source')
    .where({ id })
    .update({
      ...(note.seenAt === undefined ? {} : { last_sync_at: note.seenAt }),
      ...(note.seen === undefined ? {} : { seen: note.seen }),
      ...(note.breaker === undefined ? {} : { breaker: note.breaker }),
      ...(note.pushLagSeconds === undefined ? {} : { push_lag_seconds: note.pushLagSeconds }),
    })
}

/** Whether the turn is still the one it was: kept so until the transaction ends, which should be soon. */
export async function isCurrent(
  trx: Knex.Transaction,
  { turn, epoch }: { turn: string; epoch: number },
): Promise<boolean> {
  const rows = await trx('turn').where({ name: turn, epoch }).select('name').forShare()
  return rows.length > 0
}

export interface SourceStatus {
  lastSyncAt: number | null
  tookSeconds: number | null
  seen: number | null
  changed: number | null
  failure: string | null
  held: string | null
  /** How long what was pushed took until it was written. */
  pushLagSeconds: number | null
  /** Of the process that has the source's turn. */
  breaker: 'CLOSED' | 'OPEN' | 'HALF_OPEN' | null
}

export async function sourceStates(db: Knex): Promise<Map<ResourceId, SourceStatus>> {
  const { rows } = await db.raw<{
    rows: {
      id: string
      last_sync: number | null
      took: number | null
      seen: number | null
      changed: number | null
      failure: string | null
      held: string | null
      lag: number | null
      breaker: SourceStatus['breaker']
    }[]
  }>(
    'select id, (extract(epoch from last_sync_at) * 1000)::float8 as last_sync, last_sync_seconds as took, seen, changed, failure, held, push_lag_seconds as lag, breaker from source',
  )
  return new Map(
    rows.map((row) => [
      Number(row.id),
      {
        lastSyncAt: row.last_sync,
        tookSeconds: row.took,
        seen: row.seen,
        changed: row.changed,
        failure: row.failure,
        held: row.held,
        pushLagSeconds: row.lag,
        breaker: row.breaker,
      },
    ]),
  )
}
