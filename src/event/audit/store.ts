/** The audit trail's SQL: who did what, from where, with what result. Kept longer than events. */
import type { Knex } from 'knex'

export interface AuditRecord {
  actor: string
  remoteAddress: string
  requestId: string
  action: string
  /** The arguments, secrets masked. */
  input: unknown
  outcome: 'OK' | 'FAILED' | 'REFUSED'
  errorCode?: string
  cursorSeq?: number
}

export async function writeAudit(db: Knex, record: AuditRecord): Promise<void> {
  await db('audit').insert({
    at: new Date(),
    actor: record.actor,
    remote_address: record.remoteAddress,
    request_id: record.requestId,
    action: record.action,
    input: JSON.stringify(record.input ?? null),
    outcome: record.outcome,
    error_code: record.errorCode ?? null,
    cursor_seq: record.cursorSeq ?? null,
  })
}

/** Removes at most `most` of the oldest records before `instant`; gives how many. */
export async function pruneAudit(db: Knex, instant: Date, most = 10_000): Promise<number> {
  return db('audit')
    .whereIn('id', db('audit').select('id').where('at', '<', instant).orderBy('id').limit(most))
    .delete()
}
