/** SQL of how far the samples have been written to the remote. */
import type { Knex } from 'knex'

/** The last tick that was sent. At first: what is in memory still is sent, and what is in chunks already is not. */
export async function readSent(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: { seq: string }[] }>(
    `insert into metric_remote (seq)
     select coalesce((select min(seq) - 1 from metric_tick), seq) from metric_head
     on conflict (only_row) do update set seq = metric_remote.seq returning seq`,
  )
  return Number(rows[0]!.seq)
}

export async function noteSent(db: Knex, seq: number): Promise<void> {
  await db.raw('update metric_remote set seq = greatest(seq, ?)', [seq])
}
