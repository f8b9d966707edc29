/** SQL of incidents. */
import type { Knex } from 'knex'
import { appendEvents } from '../../event/store.ts'
import type { Cursor, NoteEvent } from '../../event/event.ts'
import { invalidInput } from '../../errors.ts'
import type { Fence } from '../../turn.ts'
import type { Failure, IncidentImage, IncidentState, IncidentWrite, Severity } from '../alert.ts'
import { checkTurns } from '../store.ts'

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`
const columns = `i.id, cause_id as "causeId", i.failure, i.tenant_id as "tenantId", i.summary, i.severity, i.runbook_url as "runbookUrl", ${ms('i.starts_at')} as "startsAt",
  ${ms('i.ends_at')} as "endsAt", acknowledged_by as "acknowledgedBy", ${ms('acknowledged_at')} as "acknowledgedAt", merged_into as "mergedInto",
  (select coalesce(array_agg(a.id order by a.id), '{}') from alert a where a.incident_id = i.id) as "alertIds"`

interface Row {
  id: string
  causeId: string
  failure: Failure
  tenantId: string | null
  summary: string
  severity: Severity
  runbookUrl: string | null
  startsAt: number
  endsAt: number | null
  acknowledgedBy: string | null
  acknowledgedAt: number | null
  mergedInto: string | null
  alertIds: string[]
}

export const stateOf = ({ endsAt, acknowledgedAt }: Pick<Row, 'endsAt' | 'acknowledgedAt'>): IncidentState =>
  endsAt !== null ? 'CLOSED' : acknowledgedAt !== null ? 'ACKNOWLEDGED' : 'OPEN'

const toImage = (row: Row): IncidentImage => ({
  ...row,
  id: Number(row.id),
  causeId: Number(row.causeId),
  tenantId: row.tenantId === null ? null : Number(row.tenantId),
  mergedInto: row.mergedInto === null ? null : Number(row.mergedInto),
  alertIds: row.alertIds.map(Number),
  state: stateOf(row),
})

export async function openIncidents(db: Knex): Promise<IncidentImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from incident i where i.ends_at is null order by id`,
  )
  return rows.map(toImage)
}

/** Those that ended after `since` by themselves: what comes again soon is the same. */
export async function lateIncidents(db: Knex, since: number): Promise<IncidentImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from incident i where i.ends_at > to_timestamp(cast(? as double precision) / 1000) and merged_into is null order by id`,
    [since],
  )
  return rows.map(toImage)
}

export async function closedIncidents(
  db: Knex,
  { before, first }: { before?: number; first: number },
): Promise<IncidentImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from incident i where i.ends_at is not null and merged_into is null and (cast(:before as bigint) is null or i.id < :before) order by i.id desc limit :first`,
    { before: before ?? null, first } as never,
  )
  return rows.map(toImage)
}

export async function incidentById(db: Knex, id: number): Promise<IncidentImage | undefined> {
  const { rows } = await db.raw<{ rows: Row[] }>(`select ${columns} from incident i where i.id = ?`, [id])
  return rows[0] && toImage(rows[0])
}

/** Writes incidents and which alerts are theirs, and tells them. */
export async function writeIncidents(
  db: Knex,
  fence: Fence,
  writes: readonly IncidentWrite[],
  plan: (trx: Knex.Transaction, written: readonly IncidentImage[]) => Promise<void>,
): Promise<Cursor> {
  return db.transaction(async (trx) => {
    await checkTurns(trx, [fence])
    const written: IncidentImage[] = []
    for (const write of writes) written.push(await writeOne(trx, write))
    await plan(trx, written)
    return appendEvents(trx, 'plenum', written.map(toEvent))
  })
}

async function writeOne(trx: Knex.Transaction, write: IncidentWrite): Promise<IncidentImage> {
  const row = {
    cause_id: write.causeId,
    failure: write.failure,
    tenant_id: write.tenantId,
    summary: write.summary,
    severity: write.severity,
    runbook_url: write.runbookUrl,
    starts_at: new Date(write.startsAt),
    ends_at: write.endsAt === null ? null : new Date(write.endsAt),
    merged_into: write.mergedInto,
  }
  const [{ id }] = (
    write.id === undefined
      ? await trx('incident').insert(row).returning('id')
      : await trx('incident').where({ id: write.id }).update(row).returning('id')
  ) as [{ id: string }]
  const own = Number(id)
  await trx.raw(
    'update alert set incident_id = ? where id = any(cast(? as bigint[])) and incident_id is distinct from ?',
    [own, write.alertIds as unknown as string, own],
  )
  return (await incidentById(trx, own))!
}

export const toEvent = (incident: IncidentImage): NoteEvent => ({
  type: 'IncidentChanged',
  id: incident.causeId,
  detail: { ...incident },
})

export interface Moment {
  at: number
  actor: string
  image: IncidentImage
}

/** What the log still has of how they came about, oldest first. */
export async function incidentMoments(db: Knex, ids: readonly number[], most: number): Promise<Moment[]> {
  const { rows } = await db.raw<{ rows: { at: number; actor: string; detail: IncidentImage }[] }>(
    `select ${ms('at')} as at, actor, body -> 'detail' as detail from event
     where type = 'IncidentChanged' and (body -> 'detail' ->> 'id')::bigint = any(cast(? as bigint[])) order by seq limit ?`,
    [ids as unknown as string, most],
  )
  return rows.map(({ at, actor, detail }) => ({ at, actor, image: detail }))
}

/** Somebody has seen it. INVALID_INPUT when there is no such open incident. */
export async function acknowledge(
  db: Knex,
  id: number,
  by: string,
): Promise<{ incident: IncidentImage; cursor: Cursor }> {
  return db.transaction(async (trx) => {
    const found = await trx('incident')
      .where({ id })
      .whereNull('ends_at')
      .update({
        acknowledged_by: trx.raw('coalesce(acknowledged_by, ?)', [by]),
        acknowledged_at: trx.raw('coalesce(acknowledged_at, now())'),
      })
    if (found === 0) throw invalidInput('There is no such incident, or it is closed', 'input.incident')
    const incident = (await incidentById(trx, id))!
    return { incident, cursor: await appendEvents(trx, by, [toEvent(incident)]) }
  })
}

/** Removes at most `most` of those that ended before `instant` and whose alerts are gone; gives how many. */
export async function pruneIncidents(db: Knex, instant: Date, most: number): Promise<number> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `with old as (
       select id from incident i where ends_at < :instant and not exists (select from alert where incident_id = i.id)
         and not exists (select from incident other where other.merged_into = i.id) order by ends_at limit :most),
     sent as (delete from notification where incident_id in (select id from old))
     delete from incident where id in (select id from old) returning 1`,
    { instant, most },
  )
  return rows.length
}
