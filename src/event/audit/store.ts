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

/** Removes at most `most` of the oldest records before `instant`, and notes where the chain now begins; gives how many. */
export async function pruneAudit(db: Knex, instant: Date, most = 10_000): Promise<number> {
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: { place: string | null; hash: Buffer | null }[] }>(
      `delete from audit where id in (
         select id from audit where place < (select coalesce(min(place), (select place + 1 from audit_head)) from audit where at >= ?)
         order by place limit ?)
       returning place, hash`,
      [instant, most],
    )
    const last = rows.reduce<{ place: number; hash: Buffer } | undefined>(
      (most, { place, hash }) =>
        hash !== null && Number(place) > (most?.place ?? 0) ? { place: Number(place), hash } : most,
      undefined,
    )
    if (last !== undefined)
      await trx('audit_head').update({ pruned_place: last.place, pruned_hash: last.hash })
    return rows.length
  })
}

/** One record of the chain. */
export interface AuditLink {
  place: number
  /** Hex. */
  previous: string
  hash: string
  /** The record as JSON: what was hashed. */
  text: string
}

/** Where the chain begins and ends, as the table of its own says. */
export interface AuditHead {
  place: number
  hash: string
  prunedPlace: number
  prunedHash: string
}

export async function readAuditHead(db: Knex): Promise<AuditHead> {
  const { rows } = await db.raw<{
    rows: Record<'place' | 'hash' | 'pruned_place' | 'pruned_hash', string>[]
  }>(
    `select place, encode(hash, 'hex') as hash, pruned_place, encode(pruned_hash, 'hex') as pruned_hash from audit_head`,
  )
  const { place, hash, pruned_place, pruned_hash } = rows[0]!
  return { place: Number(place), hash, prunedPlace: Number(pruned_place), prunedHash: pruned_hash }
}

/** Everything that is kept, in the chain's order, from one snapshot a batch. The text is built here and not by the function that the trigger uses. */
export async function* readAudit(
  db: Knex,
  { after = 0, since, batch = 1_000 }: { after?: number; since?: Date; batch?: number } = {},
): AsyncGenerator<AuditLink[]> {
  for (let last = after; ;) {
    const { rows } = await db.raw<{ rows: (Omit<AuditLink, 'place'> & { place: string })[] }>(
      `select place, encode(previous, 'hex') as previous, encode(hash, 'hex') as hash, jsonb_build_object(
         'place', place, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'actor', actor,
         'remoteAddress', remote_address, 'requestId', request_id, 'action', action, 'input', input, 'outcome', outcome,
         'errorCode', error_code, 'cursorSeq', cursor_seq)::text as text
       from audit where place > ? and at >= ? order by place limit ?`,
      [last, since ?? new Date(0), batch],
    )
    if (rows.length > 0) yield rows.map((row) => ({ ...row, place: Number(row.place) }))
    if (rows.length < batch) return
    last = Number(rows.at(-1)!.place)
  }
}

/** Rows that are in no chain: put in by hand, past the trigger. */
export async function countUnchained(db: Knex): Promise<number> {
  const rows = await db('audit').whereNull('place').count<{ count: string }[]>('* as count')
  return Number(rows[0]!.count)
}
