/** SQL of alerts. Times in and out are milliseconds. What changes and the event that tells it are one transaction. */
import type { Knex } from 'knex'
import { appendEvents } from '../event/store.ts'
import type { Cursor, NoteEvent } from '../event/event.ts'
import type { Fence } from '../turn.ts'
import type { AlertImage } from './alert.ts'
import type { Life } from './rule/machine.ts'

/** An alert to be written; one without an id is new. `isTold`: by an event; otherwise only its life is kept. */
export interface AlertWrite {
  image: Omit<AlertImage, 'id'> & { id?: number }
  fingerprint: string
  life: Life | null
  isTold: boolean
}

export interface StoredAlert {
  image: AlertImage
  fingerprint: string
  life: Life | null
  incidentId: number | null
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

const columns = `id, rule, fingerprint, resource_id as "resourceId", tenant_id as "tenantId", site_id as "siteId", source_id as "sourceId", state, severity, failure, value, summary,
  runbook_url as "runbookUrl", labels, life, ${ms('starts_at')} as "startsAt", ${ms('fired_at')} as "firedAt", ${ms('ends_at')} as "endsAt", incident_id as "incidentId"`

interface Row extends Omit<AlertImage, 'id' | 'resourceId' | 'tenantId' | 'siteId' | 'sourceId'> {
  id: string
  resourceId: string | null
  tenantId: string | null
  siteId: string | null
  sourceId: string
  fingerprint: string
  life: Life | null
  incidentId: string | null
}

const toNumber = (text: string | null): number | null => (text === null ? null : Number(text))

function toStored({ fingerprint, life, incidentId, ...row }: Row): StoredAlert {
  const image = {
    ...row,
    id: Number(row.id),
    resourceId: toNumber(row.resourceId),
    tenantId: toNumber(row.tenantId),
    siteId: toNumber(row.siteId),
    sourceId: Number(row.sourceId),
  }
  return { image, fingerprint, life, incidentId: toNumber(incidentId) }
}

export async function openAlerts(db: Knex): Promise<StoredAlert[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from alert where state <> 'RESOLVED' order by id`,
  )
  return rows.map(toStored)
}

/** Those that are open of these fingerprints. */
export async function openAlertsOf(db: Knex, fingerprints: readonly string[]): Promise<StoredAlert[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from alert where state <> 'RESOLVED' and fingerprint = any(cast(? as text[]))`,
    [fingerprints as unknown as string],
  )
  return rows.map(toStored)
}

/** Alerts that have ended, the latest first; `before`: the id of the last one that was read. */
export async function endedAlerts(
  db: Knex,
  {
    resourceIds,
    incidentId,
    before,
    first,
  }: { resourceIds?: readonly number[]; incidentId?: number; before?: number; first: number },
): Promise<AlertImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from alert where state = 'RESOLVED' and fired_at is not null
       and (cast(:resources as bigint[]) is null or resource_id = any(cast(:resources as bigint[])))
       and (cast(:incident as bigint) is null or incident_id = :incident)
       and (cast(:before as bigint) is null or id < :before)
     order by id desc limit :first`,
    {
      resources: resourceIds === undefined ? null : [...resourceIds],
      incident: incidentId ?? null,
      before: before ?? null,
      first,
    } as never,
  )
  return rows.map((row) => toStored(row).image)
}

export async function alertsByIds(db: Knex, ids: readonly number[]): Promise<AlertImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from alert where id = any(cast(? as bigint[])) order by id`,
    [ids as unknown as string],
  )
  return rows.map((row) => toStored(row).image)
}

/** Thrown when the turn went to another process: nothing was written. */
export class TurnLost extends Error {
  override name = 'TurnLost'
}

export async function checkTurns(trx: Knex.Transaction, fences: readonly Fence[]): Promise<void> {
  for (const { turn, epoch } of fences) {
    const held = await trx('turn').where({ name: turn, epoch }).select('name').forShare()
    if (held.length === 0) throw new TurnLost(`the turn ${turn} is another process' now`)
  }
}

/** Writes and tells them; gives those that were written with their ids. A new one that is open already is left as it is. */
export async function writeAlerts(
  db: Knex,
  fences: readonly Fence[],
  writes: readonly AlertWrite[],
  by: string,
): Promise<{ images: Map<string, AlertImage>; cursor: Cursor | null }> {
  return db.transaction(async (trx) => {
    await checkTurns(trx, fences)
    const made = await insertAlerts(
      trx,
      writes.filter(({ image }) => image.id === undefined),
    )
    await updateAlerts(
      trx,
      writes.filter(({ image }) => image.id !== undefined),
    )
    const written = writes.flatMap(({ image, fingerprint, isTold }) => {
      const id = image.id ?? made.get(fingerprint)
      return id === undefined ? [] : [{ fingerprint, isTold, image: { ...image, id } }]
    })
    const told = written.filter(({ isTold }) => isTold).map(({ image }) => toEvent(image))
    const cursor = told.length === 0 ? null : await appendEvents(trx, by, told)
    return { images: new Map(written.map(({ fingerprint, image }) => [fingerprint, image])), cursor }
  })
}

export const toEvent = (alert: AlertImage): NoteEvent => ({
  type: 'AlertChanged',
  ...(alert.resourceId === null ? {} : { id: alert.resourceId }),
  detail: { ...alert },
})

const rowTypes = `fingerprint text, id bigint, rule text, "resourceId" bigint, "tenantId" bigint, "siteId" bigint, "sourceId" bigint, state text, severity text, failure text,
  value double precision, summary text, "runbookUrl" text, labels jsonb, life jsonb, "startsAt" float8, "firedAt" float8, "endsAt" float8`

const toRows = (writes: readonly AlertWrite[]): string =>
  JSON.stringify(writes.map(({ image, fingerprint, life }) => ({ ...image, fingerprint, life })))

async function insertAlerts(
  trx: Knex.Transaction,
  writes: readonly AlertWrite[],
): Promise<Map<string, number>> {
  if (writes.length === 0) return new Map()
  const { rows } = await trx.raw<{ rows: { id: string; fingerprint: string }[] }>(
    `insert into alert (rule, fingerprint, resource_id, tenant_id, site_id, source_id, state, severity, failure, value, summary, runbook_url, labels, life, starts_at, fired_at, ends_at)
     select rule, fingerprint, "resourceId", "tenantId", "siteId", "sourceId", state, severity, failure, value, summary, "runbookUrl", labels, life,
       to_timestamp("startsAt" / 1000), to_timestamp("firedAt" / 1000), to_timestamp("endsAt" / 1000)
     from jsonb_to_recordset(cast(? as jsonb)) as given (${rowTypes})
     on conflict (fingerprint) where state <> 'RESOLVED' do nothing returning id, fingerprint`,
    [toRows(writes)],
  )
  return new Map(rows.map(({ id, fingerprint }) => [fingerprint, Number(id)]))
}

async function updateAlerts(trx: Knex.Transaction, writes: readonly AlertWrite[]): Promise<void> {
  if (writes.length === 0) return
  await trx.raw(
    `update alert set state = given.state, severity = given.severity, value = given.value, summary = given.summary, tenant_id = given."tenantId", site_id = given."siteId",
       runbook_url = given."runbookUrl", labels = given.labels, life = given.life, fired_at = to_timestamp(given."firedAt" / 1000), ends_at = to_timestamp(given."endsAt" / 1000)
     from jsonb_to_recordset(cast(? as jsonb)) as given (${rowTypes}) where alert.id = given.id`,
    [toRows(writes)],
  )
}

/** Removes at most `most` of the alerts that ended before `instant`; gives how many. */
export async function pruneAlerts(db: Knex, instant: Date, most: number): Promise<number> {
  const old = db('alert').select('id').where('ends_at', '<', instant).orderBy('ends_at').limit(most)
  return db('alert').whereIn('id', old).delete()
}
