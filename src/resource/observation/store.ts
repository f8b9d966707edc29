/** SQL of what sources said: observations, the identities they claim, people's decisions about them. */
import type { Knex } from 'knex'
import type { KindName } from '../kind/index.ts'
import type { ResourceId, ResourceStatus } from '../resource.ts'
import { claimKey, memberKey, type Claim, type Member, type MemberKey } from '../reconcile/member.ts'
import type { Decision } from '../reconcile/partition.ts'

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

/** Who claims each of these, by `claimKey`: at most one more than `crowd` of them. */
export async function claimantsOf(
  db: Knex,
  claims: readonly Claim[],
  crowd: number,
): Promise<Map<string, { sourceId: ResourceId; key: string }[]>> {
  const { rows } = await db.raw<{ rows: { number: string; source_id: string; key: string }[] }>(
    `select wanted.number, i.source_id, i.key from unnest(?::text[], ?::text[], ?::text[]) with ordinality as wanted (type, scope, value, number),
     lateral (select source_id, key from identity i where i.type = wanted.type and i.scope = wanted.scope and i.value = wanted.value limit ?) i`,
    [
      claims.map((claim) => claim.type),
      claims.map((claim) => claim.scope),
      claims.map((claim) => claim.value),
      crowd + 1,
    ],
  )
  const found = new Map<string, { sourceId: ResourceId; key: string }[]>()
  for (const { number, source_id, key } of rows) {
    const name = claimKey(claims[Number(number) - 1]!)
    const one = { sourceId: Number(source_id), key }
    const list = found.get(name)
    if (list) list.push(one)
    else found.set(name, [one])
  }
  return found
}

export async function claimsOfMembers(
  db: Knex,
  keys: readonly { sourceId: ResourceId; key: string }[],
): Promise<Map<MemberKey, Claim[]>> {
  const { rows } = await db.raw<{
    rows: { source_id: string; key: string; type: string; scope: string; value: string; strong: boolean }[]
  }>(
    `select i.source_id, i.key, i.type, i.scope, i.value, i.strong from identity i
     join unnest(?::bigint[], ?::text[]) as wanted (source_id, key) on i.source_id = wanted.source_id and i.key = wanted.key`,
    [keys.map((one) => one.sourceId), keys.map((one) => one.key)],
  )
  const found = new Map<MemberKey, Claim[]>()
  for (const { source_id, key, ...claim } of rows) {
    const name = memberKey(Number(source_id), key)
    const list = found.get(name)
    if (list) list.push(claim)
    else found.set(name, [claim])
  }
  return found
}

export async function decisionsOf(
  db: Knex,
  keys: readonly { sourceId: ResourceId; key: string }[],
): Promise<(Decision & { ends: { sourceId: ResourceId; key: string }[] })[]> {
  const { rows } = await db.raw<{
    rows: { source_a: string; key_a: string; source_b: string; key_b: string; same: boolean }[]
  }>(
    `select distinct d.source_a, d.key_a, d.source_b, d.key_b, d.same from identity_decision d
     join unnest(?::bigint[], ?::text[]) as wanted (source_id, key)
       on (d.source_a = wanted.source_id and d.key_a = wanted.key) or (d.source_b = wanted.source_id and d.key_b = wanted.key)`,
    [keys.map((one) => one.sourceId), keys.map((one) => one.key)],
  )
  return rows.map((row) => ({
    a: memberKey(Number(row.source_a), row.key_a),
    b: memberKey(Number(row.source_b), row.key_b),
    same: row.same,
    ends: [
      { sourceId: Number(row.source_a), key: row.key_a },
      { sourceId: Number(row.source_b), key: row.key_b },
    ],
  }))
}

export async function decide(
  trx: Knex.Transaction,
  a: { sourceId: ResourceId; key: string },
  b: { sourceId: ResourceId; key: string },
  same: boolean,
  by: string,
  at: Date,
): Promise<void> {
  const [first, second] = memberKey(a.sourceId, a.key) < memberKey(b.sourceId, b.key) ? [a, b] : [b, a]
  await trx('identity_decision')
    .insert({
      source_a: first.sourceId,
      key_a: first.key,
      source_b: second.sourceId,
      key_b: second.key,
      same,
      decided_by: by,
      decided_at: at,
    })
    .onConflict(['source_a', 'key_a', 'source_b', 'key_b'])
    .merge(['same', 'decided_by', 'decided_at'])
}

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
      `insert into observation (source_id, key, resource_id, kind, name, status, labels, owner, contact, fields, attributes, links, without, hearsay, content_hash, first_seen_at, changed_at)
       select source_id, key, resource_id, kind, name, status, labels, owner, contact, fields, attributes, links, without, hearsay, decode(hash, 'hex'), ?, ?
       from jsonb_to_recordset(?) as r (source_id bigint, key text, resource_id bigint, kind text, name text, status text, labels jsonb, owner text, contact text,
         fields jsonb, attributes jsonb, links jsonb, without text[], hearsay boolean, hash text)
       on conflict (source_id, key) do update set resource_id = excluded.resource_id, kind = excluded.kind, name = excluded.name, status = excluded.status,
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

export async function saveClaims(
  trx: Knex.Transaction,
  writes: readonly { sourceId: ResourceId; key: string; claims: readonly Claim[] }[],
): Promise<void> {
  await inChunks(writes, (chunk) =>
    trx.raw(
      'delete from identity i using unnest(?::bigint[], ?::text[]) as m (source_id, key) where i.source_id = m.source_id and i.key = m.key',
      [chunk.map((one) => one.sourceId), chunk.map((one) => one.key)] as unknown as Knex.RawBinding[],
    ),
  )
  const rows = writes.flatMap(({ sourceId, key, claims }) =>
    claims.map((claim) => ({ source_id: sourceId, key, ...claim })),
  )
  await inChunks(rows, (chunk) =>
    trx.raw(
      `insert into identity (type, scope, value, source_id, key, strong)
       select type, scope, value, source_id, key, strong from jsonb_to_recordset(?) as r (type text, scope text, value text, source_id bigint, key text, strong boolean)
       on conflict do nothing`,
      [JSON.stringify(chunk)],
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
