/** SQL of resources as they stand: rows, ids that are no longer, history, conflicts. */
import type { Knex } from 'knex'
import { inChunks } from './observation/store.ts'
import type { KindName } from './kind/index.ts'
import type { Change, ResourceId, ResourceImage, ResourceStatus } from './resource.ts'

/** A resource's row: its image and what is not kept in memory. */
export interface ResourceRow extends ResourceImage {
  attributes: Record<string, unknown>
  drift: { path: string; intended: unknown; observed: unknown; since: number }[]
}

/** Writes of resources are one at a time, so that two of them cannot make two resources of one thing. Gives the time of this write: later than that of any before. */
export async function beginWrite(trx: Knex.Transaction): Promise<Date> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('plenum resource'))")
  const { rows } = await trx.raw<{ rows: { at: number }[] }>(
    `select greatest(floor(extract(epoch from clock_timestamp()) * 1000),
       coalesce((select floor(extract(epoch from max(valid_from)) * 1000) + 1 from resource_history), 0))::float8 as at`,
  )
  return new Date(rows[0]!.at)
}

export async function nextIds(trx: Knex.Transaction, count: number): Promise<ResourceId[]> {
  if (count === 0) return []
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    "select nextval('resource_id') as id from generate_series(1, ?)",
    [count],
  )
  return rows.map((row) => Number(row.id))
}

interface Row {
  id: string
  kind: KindName
  name: string
  status: ResourceStatus | null
  labels: Record<string, string>
  owner: string | null
  contact: string | null
  site_id: string | null
  tenant_id: string | null
  fields: Record<string, unknown>
  attributes: Record<string, unknown>
  sources: string[]
  generation: number
  revision: number
  created: number
  updated: number
  drift: ResourceRow['drift'] | null
  has_conflict: boolean
}

const toId = (id: string | null): ResourceId | null => (id === null ? null : Number(id))

const toRow = (row: Row): ResourceRow => ({
  id: Number(row.id),
  kind: row.kind,
  name: row.name,
  status: row.status,
  labels: row.labels,
  owner: row.owner,
  contact: row.contact,
  siteId: toId(row.site_id),
  tenantId: toId(row.tenant_id),
  fields: row.fields,
  attributes: row.attributes,
  sources: row.sources.map(Number),
  generation: row.generation,
  revision: row.revision,
  createdAt: row.created,
  updatedAt: row.updated,
  hasDrift: row.drift !== null,
  drift: row.drift ?? [],
  hasConflict: row.has_conflict,
})

const columns = `id, kind, name, status, labels, owner, contact, site_id, tenant_id, fields, attributes, sources, generation, revision,
  (extract(epoch from created_at) * 1000)::float8 as created, (extract(epoch from updated_at) * 1000)::float8 as updated, drift, has_conflict`

export async function loadRows(db: Knex, ids: readonly ResourceId[]): Promise<Map<ResourceId, ResourceRow>> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from resource where id = any(?::bigint[])`,
    [ids as unknown as string[]],
  )
  return new Map(rows.map((row) => [Number(row.id), toRow(row)]))
}

export async function saveRows(trx: Knex.Transaction, rows: readonly ResourceRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    trx.raw(
      `insert into resource (id, kind, name, status, labels, owner, contact, site_id, tenant_id, fields, attributes, sources, generation, revision, created_at, updated_at, drift, has_conflict)
       select id, kind, name, status, labels, owner, contact, site_id, tenant_id, fields, attributes, sources, generation, revision, to_timestamp(created / 1000), to_timestamp(updated / 1000), drift, has_conflict
       from jsonb_to_recordset(?) as r (id bigint, kind text, name text, status text, labels jsonb, owner text, contact text, site_id bigint, tenant_id bigint, fields jsonb, attributes jsonb,
         sources bigint[], generation integer, revision integer, created double precision, updated double precision, drift jsonb, has_conflict boolean)
       on conflict (id) do update set kind = excluded.kind, name = excluded.name, status = excluded.status, labels = excluded.labels, owner = excluded.owner, contact = excluded.contact,
         site_id = excluded.site_id, tenant_id = excluded.tenant_id, fields = excluded.fields, attributes = excluded.attributes, sources = excluded.sources, generation = excluded.generation,
         revision = excluded.revision, updated_at = excluded.updated_at, drift = excluded.drift, has_conflict = excluded.has_conflict`,
      [JSON.stringify(chunk.map(toRecord))],
    ),
  )
}

const toRecord = (row: ResourceRow) => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  status: row.status,
  labels: row.labels,
  owner: row.owner,
  contact: row.contact,
  site_id: row.siteId,
  tenant_id: row.tenantId,
  fields: row.fields,
  attributes: row.attributes,
  sources: row.sources,
  generation: row.generation,
  revision: row.revision,
  created: row.createdAt,
  updated: row.updatedAt,
  drift: row.drift.length === 0 ? null : row.drift,
  has_conflict: row.hasConflict,
})

export interface GoneRow {
  id: ResourceId
  kind: KindName
  name: string
  into: ResourceId | null
}

const tombstoneDays = 90

/** The resources end; ids that led to one that is merged away now lead to its survivor. */
export async function removeRows(trx: Knex.Transaction, gone: readonly GoneRow[], at: Date): Promise<void> {
  const expires = new Date(at.getTime() + tombstoneDays * 86_400_000)
  await inChunks(gone, async (chunk) => {
    await trx.raw('delete from resource where id = any(?::bigint[])', [
      chunk.map((one) => one.id) as unknown as string[],
    ])
    await trx.raw(
      `insert into resource_gone (id, kind, name, into_id, gone_at, expires_at)
       select id, kind, name, into_id, ?, case when into_id is null then ?::timestamptz end from jsonb_to_recordset(?) as r (id bigint, kind text, name text, into_id bigint)`,
      [
        at,
        expires,
        JSON.stringify(chunk.map(({ id, kind, name, into }) => ({ id, kind, name, into_id: into }))),
      ],
    )
    await trx.raw(
      `update resource_gone g set into_id = r.into_id from jsonb_to_recordset(?) as r (id bigint, into_id bigint) where g.into_id = r.id and r.into_id is not null`,
      [JSON.stringify(chunk.map(({ id, into }) => ({ id, into_id: into })))],
    )
  })
}

export interface HistoryWrite {
  action: 'CREATED' | 'UPDATED' | 'DELETED' | 'MERGED'
  image: ResourceImage
  changes: Change[]
}

export async function saveHistory(
  trx: Knex.Transaction,
  writes: readonly HistoryWrite[],
  actor: string,
  at: Date,
): Promise<void> {
  await inChunks(writes, async (chunk) => {
    // The new image waits for the former one to be closed: a resource has one open image.
    await trx.raw(
      `with closed as (update resource_history set valid_to = ? where resource_id = any(?::bigint[]) and valid_to is null returning 1)
       insert into resource_history (resource_id, valid_from, valid_to, action, actor, image, changes)
       select id, ?, case when action in ('DELETED', 'MERGED') then ?::timestamptz end, action, ?, image, changes
       from (select count(*) as count from closed) c, jsonb_to_recordset(?) as r (id bigint, action text, image jsonb, changes jsonb)`,
      [
        at,
        chunk.filter((one) => one.action !== 'CREATED').map((one) => one.image.id) as unknown as string[],
        at,
        at,
        actor,
        JSON.stringify(chunk.map(({ action, image, changes }) => ({ id: image.id, action, image, changes }))),
      ],
    )
  })
}

export interface ConflictRow {
  aId: ResourceId
  bId: ResourceId
  type: string
  scope: string
  value: string
}

/** A value that so many share tells nothing about any two of them. */
const mostSharing = 8

/** Pairs of resources, one of them in `ids`, of which different sources claim the same identity. */
export async function sharedIdentities(trx: Knex, ids: readonly ResourceId[]): Promise<ConflictRow[]> {
  const { rows } = await trx.raw<{
    rows: { a_id: string; b_id: string; type: string; scope: string; value: string }[]
  }>(
    `with mine as (select i.type, i.scope, i.value, i.source_id, i.key, o.resource_id from identity i join observation o on o.source_id = i.source_id and o.key = i.key
       where o.resource_id = any(?::bigint[])),
     wanted as (select distinct type, scope, value from mine),
     holders as (select i.type, i.scope, i.value, i.source_id, i.key, o.resource_id, count(*) over (partition by i.type, i.scope, i.value) as sharing
       from wanted w cross join lateral (select * from identity one where one.type = w.type and one.scope = w.scope and one.value = w.value limit ?) i
       join observation o on o.source_id = i.source_id and o.key = i.key)
     select distinct least(m.resource_id, h.resource_id) as a_id, greatest(m.resource_id, h.resource_id) as b_id, m.type, m.scope, m.value
     from mine m join holders h on h.type = m.type and h.scope = m.scope and h.value = m.value and h.resource_id <> m.resource_id and h.source_id <> m.source_id and h.sharing <= ?
     where not exists (select from identity_decision d where not d.same and
       ((d.source_a = m.source_id and d.key_a = m.key and d.source_b = h.source_id and d.key_b = h.key) or
        (d.source_a = h.source_id and d.key_a = h.key and d.source_b = m.source_id and d.key_b = m.key)))`,
    [ids as unknown as string[], mostSharing + 1, mostSharing],
  )
  return rows.map((row) => ({
    aId: Number(row.a_id),
    bId: Number(row.b_id),
    type: row.type,
    scope: row.scope,
    value: row.value,
  }))
}

export async function conflictsTouching(trx: Knex, ids: readonly ResourceId[]): Promise<ConflictRow[]> {
  const { rows } = await trx.raw<{
    rows: { a_id: string; b_id: string; type: string; scope: string; value: string }[]
  }>(
    'select a_id, b_id, type, scope, value from identity_conflict where a_id = any(cast(:ids as bigint[])) or b_id = any(cast(:ids as bigint[]))',
    { ids: ids as unknown as string },
  )
  return rows.map((row) => ({
    aId: Number(row.a_id),
    bId: Number(row.b_id),
    type: row.type,
    scope: row.scope,
    value: row.value,
  }))
}

export async function changeConflicts(
  trx: Knex.Transaction,
  added: readonly ConflictRow[],
  removed: readonly ConflictRow[],
  at: Date,
): Promise<void> {
  const record = (rows: readonly ConflictRow[]) =>
    JSON.stringify(
      rows.map((one) => ({
        a_id: one.aId,
        b_id: one.bId,
        type: one.type,
        scope: one.scope,
        value: one.value,
      })),
    )
  const shape = 'jsonb_to_recordset(?) as r (a_id bigint, b_id bigint, type text, scope text, value text)'
  await inChunks(removed, (chunk) =>
    trx.raw(
      `delete from identity_conflict c using ${shape} where c.a_id = r.a_id and c.b_id = r.b_id and c.type = r.type and c.scope = r.scope and c.value = r.value`,
      [record(chunk)],
    ),
  )
  await inChunks(added, (chunk) =>
    trx.raw(
      `insert into identity_conflict (a_id, b_id, type, scope, value, since) select a_id, b_id, type, scope, value, ?::timestamptz from ${shape} on conflict do nothing`,
      [at, record(chunk)],
    ),
  )
}

/** Which of these still have a conflict with anything. */
export async function withConflict(trx: Knex, ids: readonly ResourceId[]): Promise<Set<ResourceId>> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    'select distinct id from unnest(?::bigint[]) as wanted (id) where exists (select from identity_conflict where a_id = id or b_id = id)',
    [ids as unknown as string[]],
  )
  return new Set(rows.map((row) => Number(row.id)))
}

/** Removes at most `most` tombstones whose time is over; their ids are still never given again. */
export async function pruneTombstones(db: Knex, now: Date, most: number): Promise<number> {
  const over = db('resource_gone').select('id').where('expires_at', '<', now).limit(most)
  return db('resource_gone').whereIn('id', over).delete()
}
