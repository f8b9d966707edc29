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
}

/** A complete listing was taken in: everything it has was seen at its start. */
export async function noteSync(trx: Knex.Transaction, id: ResourceId, note: SyncNote): Promise<void> {
  await trx('source').where({ id }).update({
    last_sync_at: note.at,
    last_sync_seconds: note.tookSeconds,
    seen: note.seen,
    changed: note.changed,
    held: note.held,
    failure: null,
  })
}

/** Whether that is news. */
export async function noteFailure(db: Knex, id: ResourceId, failure: string): Promise<boolean> {
  return (
    (await db('source').where({ id }).whereRaw('failure is distinct from ?', [failure]).update({ failure })) >
    0
  )
}

/** Whether a holder of this epoch may still write for the source. */
export async function isCurrentEpoch(trx: Knex.Transaction, id: ResourceId, epoch: number): Promise<boolean> {
  const [row] = (await trx('source').where({ id }).select('epoch').forShare()) as { epoch: string }[]
  return row !== undefined && Number(row.epoch) === epoch
}

export interface SourceStatus {
  lastSyncAt: number | null
  tookSeconds: number | null
  seen: number | null
  changed: number | null
  failure: string | null
  held: string | null
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
    }[]
  }>(
    'select id, (extract(epoch from last_sync_at) * 1000)::float8 as last_sync, last_sync_seconds as took, seen, changed, failure, held from source',
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
      },
    ]),
  )
}
