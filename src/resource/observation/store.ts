/** SQL of what sources said: observations, the identities they claim, people's decisions about them. */
import type { Knex } from 'knex'
import type { KindName } from '../kind/index.ts'
import type { ResourceId, ResourceStatus } from '../resource.ts'
import type { Member } from '../reconcile/member.ts'

export interface SourceRow {
  id: ResourceId
  name: string
  driver: string
  role: 'intent' | 'observed'
  precedence: number
  authoritative: boolean
  epoch: number
}

export async function findSource(
  db: Knex,
  by: { id?: ResourceId; name?: string },
): Promise<SourceRow | undefined> {
  const [row] = (await db('source')
    .where(by)
    .select('id', 'name', 'driver', 'role', 'precedence', 'authoritative', 'epoch')) as (Omit<
    SourceRow,
    'id' | 'epoch'
  > & {
    id: string
    epoch: string
  })[]
  return row && { ...row, id: Number(row.id), epoch: Number(row.epoch) }
}

export async function sourceNames(db: Knex): Promise<Map<string, ResourceId>> {
  const rows = (await db('source').select('id', 'name')) as { id: string; name: string }[]
  return new Map(rows.map((row) => [row.name, Number(row.id)]))
}

interface MemberRow {
  source_id: string
  key: string
  resource_id: string
  kind: KindName
  name: string
  status: ResourceStatus | null
  labels: Record<string, string> | null
  owner: string | null
  contact: string | null
  fields: Record<string, unknown>
  attributes: Record<string, unknown>
  links: Member['links']
  without: string[]
  hearsay: boolean
  source_name: string
  role: 'intent' | 'observed'
  precedence: number
  first_seen: number
  changed: number
  hash: Buffer
  missed_listings: number
}

/** A member as the tables have it. */
export interface StoredMember extends Member {
  resourceId: ResourceId
  hash: Buffer
  missedListings: number
}

const memberColumns = `o.source_id, o.key, o.resource_id, o.kind, o.name, o.status, o.labels, o.owner, o.contact, o.fields, o.attributes, o.links, o.without, o.hearsay,
  o.content_hash as hash, o.missed_listings, s.name as source_name, s.role, s.precedence,
  (extract(epoch from o.first_seen_at) * 1000)::float8 as first_seen, (extract(epoch from o.changed_at) * 1000)::float8 as changed`

/** Absent says nothing, null says that there is none. */
const said = <K extends 'status' | 'owner' | 'contact'>(name: K, row: MemberRow) =>
  row[name] === null && !row.without.includes(name) ? {} : { [name]: row[name] }

function toMember(row: MemberRow): StoredMember {
  return {
    sourceId: Number(row.source_id),
    key: row.key,
    resourceId: Number(row.resource_id),
    kind: row.kind,
    name: row.name,
    ...said('status', row),
    ...(row.labels === null ? {} : { labels: row.labels }),
    ...said('owner', row),
    ...said('contact', row),
    fields: row.fields,
    attributes: row.attributes,
    links: row.links ?? [],
    hearsay: row.hearsay,
    sourceName: row.source_name,
    role: row.role,
    precedence: row.precedence,
    firstSeenAt: row.first_seen,
    changedAt: row.changed,
    hash: row.hash,
    missedListings: row.missed_listings,
  }
}

async function members(db: Knex, from: string, bindings: readonly unknown[]): Promise<StoredMember[]> {
  const { rows } = await db.raw<{ rows: MemberRow[] }>(
    `select ${memberColumns} from observation o join source s on s.id = o.source_id ${from}`,
    bindings as Knex.RawBinding[],
  )
  return rows.map(toMember)
}

/** So many are read at once: more would hold up everything else while they are unpacked. */
const pageSize = 1_000

export async function membersOfSource(db: Knex, sourceId: ResourceId): Promise<StoredMember[]> {
  const found: StoredMember[] = []
  for (let after = '', more = true; more;) {
    const page = await members(db, 'where o.source_id = ? and o.key > ? order by o.key limit ?', [
      sourceId,
      after,
      pageSize,
    ])
    found.push(...page)
    after = page.at(-1)?.key ?? after
    more = page.length === pageSize
  }
  return found
}

export async function membersByKey(
  db: Knex,
  sourceId: ResourceId,
  keys: readonly string[],
): Promise<StoredMember[]> {
  const found: StoredMember[] = []
  for (let start = 0; start < keys.length; start += pageSize) {
    const some = keys.slice(start, start + pageSize)
    found.push(...(await members(db, 'where o.source_id = ? and o.key = any(?::text[])', [sourceId, some])))
  }
  return found
}

export const membersByKeys = (
  db: Knex,
  keys: readonly { sourceId: ResourceId; key: string }[],
): Promise<StoredMember[]> =>
  members(
    db,
    'join unnest(?::bigint[], ?::text[]) as wanted (source_id, key) on o.source_id = wanted.source_id and o.key = wanted.key',
    [keys.map((one) => one.sourceId), keys.map((one) => one.key)],
  )

export const membersOfResources = (db: Knex, ids: readonly ResourceId[]): Promise<StoredMember[]> =>
  members(db, 'where o.resource_id = any(?::bigint[])', [ids])

/** Members whose identities lie within one of these parents: a device's interfaces, by whatever source. */
export const membersWithin = (db: Knex, parents: readonly ResourceId[]): Promise<StoredMember[]> =>
  members(
    db,
    `join (select distinct source_id, key from identity where scope like 'r:%' and split_part(scope, '/', 1) = any(?::text[])) part
       on part.source_id = o.source_id and part.key = o.key`,
    [parents.map((id) => `r:${id}`)],
  )

/** Members that say by these keys what they are a part of, stand in or belong to. */
export const membersNaming = (
  db: Knex,
  keys: readonly { sourceId: ResourceId; key: string }[],
): Promise<StoredMember[]> =>
  members(
    db,
    `join (select distinct c.source_id, c.key from link_claim c
       join unnest(?::bigint[], ?::text[]) as whole (source_id, key) on c.target_source_id = whole.source_id and c.target_key = whole.key
       where c.direction = 'out' and c.type in ('PART_OF', 'LOCATED_IN', 'MEMBER_OF')) part
     on part.source_id = o.source_id and part.key = o.key`,
    [keys.map((one) => one.sourceId), keys.map((one) => one.key)],
  )

const chunkSize = 5_000

export async function inChunks<T>(
  items: readonly T[],
  write: (chunk: T[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += chunkSize)
    await write(items.slice(start, start + chunkSize))
}

export interface MemberWrite {
  member: Member
  resourceId: ResourceId
  hash: Buffer
}

/** Inserts or replaces observations; firstSeenAt stays that of the first time. */
export async function saveMembers(
  trx: Knex.Transaction,
  writes: readonly MemberWrite[],
  at: Date,
): Promise<void> {
  await inChunks(writes, (chunk) =>
    trx.raw(
      `insert into observation (source_id, key, resource_id, kind, name, status, labels, owner, contact, fields, attributes, links, without, hearsay, content_hash, part, first_seen_at, changed_at)
       select source_id, key, resource_id, kind, name, status, labels, owner, contact, fields, attributes, links, without, hearsay, decode(hash, 'hex'), part, ?, ?
       from jsonb_to_recordset(?) as r (source_id bigint, key text, resource_id bigint, kind text, name text, status text, labels jsonb, owner text, contact text,
         fields jsonb, attributes jsonb, links jsonb, without text[], hearsay boolean, hash text, part text)
       on conflict (source_id, key) do update set part = coalesce(excluded.part, observation.part), resource_id = excluded.resource_id, kind = excluded.kind, name = excluded.name, status = excluded.status,
         labels = excluded.labels, owner = excluded.owner, contact = excluded.contact, fields = excluded.fields, attributes = excluded.attributes, links = excluded.links, without = excluded.without,
         hearsay = excluded.hearsay, content_hash = excluded.content_hash, changed_at = excluded.changed_at, missed_listings = 0, missed_since = null`,
      [at, at, JSON.stringify(chunk.map(toRecord))],
    ),
  )
}

const toRecord = ({ member, resourceId, hash }: MemberWrite) => ({
  source_id: member.sourceId,
  key: member.key,
  resource_id: resourceId,
  kind: member.kind,
  name: member.name,
  status: member.status ?? null,
  labels: member.labels ?? null,
  owner: member.owner ?? null,
  contact: member.contact ?? null,
  fields: member.fields ?? {},
  attributes: member.attributes ?? {},
  links: member.links ?? [],
  without: (['status', 'owner', 'contact'] as const).filter((name) => member[name] === null),
  hearsay: member.hearsay ?? false,
  hash: hash.toString('hex'),
  part: member.part ?? null,
})

/** Observations that stay as they are and now belong to another resource. */
export async function moveMembers(
  trx: Knex.Transaction,
  moves: readonly { sourceId: ResourceId; key: string; resourceId: ResourceId }[],
): Promise<void> {
  await inChunks(moves, (chunk) =>
    trx.raw(
      `update observation o set resource_id = m.resource_id from unnest(?::bigint[], ?::text[], ?::bigint[]) as m (source_id, key, resource_id)
       where o.source_id = m.source_id and o.key = m.key`,
      [
        chunk.map((one) => one.sourceId),
        chunk.map((one) => one.key),
        chunk.map((one) => one.resourceId),
      ] as unknown as Knex.RawBinding[],
    ),
  )
}

export async function removeMembers(
  trx: Knex.Transaction,
  keys: readonly { sourceId: ResourceId; key: string }[],
): Promise<void> {
  await inChunks(keys, (chunk) =>
    trx.raw(
      'delete from observation o using unnest(?::bigint[], ?::text[]) as m (source_id, key) where o.source_id = m.source_id and o.key = m.key',
      [chunk.map((one) => one.sourceId), chunk.map((one) => one.key)] as unknown as Knex.RawBinding[],
    ),
  )
}

/** Counts a complete listing in which they were not; gives those that were missed `enough` times. */
export async function noteMissed(
  trx: Knex.Transaction,
  sourceId: ResourceId,
  keys: readonly string[],
  at: Date,
): Promise<void> {
  await trx.raw(
    'update observation set missed_listings = missed_listings + 1, missed_since = coalesce(missed_since, ?) where source_id = ? and key = any(?::text[])',
    [at, sourceId, keys as string[]],
  )
}

export async function noteSeen(
  trx: Knex.Transaction,
  sourceId: ResourceId,
  keys: readonly string[],
): Promise<void> {
  await trx.raw(
    'update observation set missed_listings = 0, missed_since = null where source_id = ? and key = any(?::text[])',
    [sourceId, keys as string[]],
  )
}
