/** SQL of notifications: the outbox. A row is one message to one receiver; it is there once, and sent until it arrived. */
import type { Knex } from 'knex'

export interface Due {
  id: number
  incidentId: number
  receiver: string
  what: 'firing' | 'escalation' | 'resolved'
  tries: number
  dueAt: number
}

export async function queue(
  trx: Knex,
  incidentId: number,
  what: Due['what'],
  receivers: readonly string[],
  dueAt: number,
): Promise<void> {
  if (receivers.length === 0) return
  await trx('notification')
    .insert(
      receivers.map((receiver) => ({ incident_id: incidentId, receiver, what, due_at: new Date(dueAt) })),
    )
    .onConflict(['incident_id', 'receiver', 'what'])
    .ignore()
}

/** What nobody was told yet need not be told any more; those that were told of it are told that it is over. */
export async function queueResolved(trx: Knex, incidentId: number, dueAt: number): Promise<void> {
  await trx('notification').where({ incident_id: incidentId }).whereNull('sent_at').delete()
  await trx.raw(
    `insert into notification (incident_id, receiver, what, due_at)
     select distinct incident_id, receiver, 'resolved', cast(:due as timestamptz) from notification where incident_id = :id and what <> 'resolved'
     on conflict (incident_id, receiver, what) do nothing`,
    { id: incidentId, due: new Date(dueAt) },
  )
}

/** It is open again: where its end was told already it begins anew, elsewhere its end is not told. */
export async function reopen(trx: Knex, incidentId: number): Promise<void> {
  await trx.raw(
    `delete from notification n where incident_id = :id and (what = 'resolved' or exists (
       select from notification o where o.incident_id = n.incident_id and o.receiver = n.receiver and o.what = 'resolved' and o.sent_at is not null))`,
    { id: incidentId },
  )
}

export async function dueNow(db: Knex, now: number, first: number): Promise<Due[]> {
  const { rows } = await db.raw<{
    rows: (Omit<Due, 'id' | 'incidentId'> & { id: string; incidentId: string })[]
  }>(
    `select id, incident_id as "incidentId", receiver, what, tries, (extract(epoch from due_at) * 1000)::float8 as "dueAt" from notification
     where sent_at is null and given_up_at is null and due_at <= to_timestamp(cast(? as double precision) / 1000) order by due_at limit ?`,
    [now, first],
  )
  return rows.map((row) => ({ ...row, id: Number(row.id), incidentId: Number(row.incidentId) }))
}

/** As what a receiver was told that it began. */
export async function toldBefore(
  db: Knex,
  incidentId: number,
  receiver: string,
): Promise<('firing' | 'escalation')[]> {
  const rows = await db('notification')
    .where({ incident_id: incidentId, receiver })
    .whereNotNull('sent_at')
    .whereNot({ what: 'resolved' })
    .select<{ what: 'firing' | 'escalation' }[]>('what')
  return rows.map(({ what }) => what)
}

export async function noteSent(db: Knex, id: number): Promise<void> {
  await db('notification').where({ id }).update({ sent_at: new Date(), failure: null })
}

export async function noteFailed(db: Knex, id: number, failure: string, dueAt: number | null): Promise<void> {
  await db('notification')
    .where({ id })
    .update({
      failure: failure.slice(0, 500),
      tries: db.raw('tries + 1'),
      ...(dueAt === null ? { given_up_at: new Date() } : { due_at: new Date(dueAt) }),
    })
}

export async function postpone(db: Knex, id: number, dueAt: number): Promise<void> {
  await db('notification')
    .where({ id })
    .update({ due_at: new Date(dueAt) })
}

export async function drop(db: Knex, id: number): Promise<void> {
  await db('notification').where({ id }).whereNull('sent_at').delete()
}
