/** What of resources is not kept in memory, each by one statement for any number of them. */
import type { Knex } from 'knex'
import type { KindName } from '../kind/index.ts'
import type { LinkType } from '../kind/link.ts'
import type { ResourceId } from '../resource.ts'
import type { AttributeCondition, ConflictEntry, DriftEntry, Origin } from '../verbs.ts'

const list = (ids: readonly ResourceId[]) => ids as unknown as string[]

export async function attributesOf(
  db: Knex,
  ids: readonly ResourceId[],
): Promise<Map<ResourceId, Record<string, unknown>>> {
  const { rows } = await db.raw<{ rows: { id: string; attributes: Record<string, unknown> }[] }>(
    'select id, attributes from resource where id = any(?::bigint[])',
    [list(ids)],
  )
  return new Map(rows.map((row) => [Number(row.id), row.attributes]))
}

interface OriginRow {
  resource_id: string
  source_id: string
  key: string
  precedence: number
  first_seen: number
  last_seen: number
  stale: boolean
  hearsay: boolean
}

/** Last seen: at the start of the source's last complete sync, unless it was missed in it; for inventories when it was last stated anew. */
const originColumns = `o.resource_id, o.source_id, o.key, s.precedence, o.hearsay, (extract(epoch from o.first_seen_at) * 1000)::float8 as first_seen,
  (extract(epoch from case when o.missed_since is null then greatest(s.last_sync_at, o.changed_at) else o.changed_at end) * 1000)::float8 as last_seen, o.missed_since is not null as stale`

const toOrigin = (row: OriginRow): Origin => ({
  resourceId: Number(row.resource_id),
  sourceId: Number(row.source_id),
  key: row.key,
  precedence: row.precedence,
  firstSeenAt: row.first_seen,
  lastSeenAt: row.last_seen,
  stale: row.stale,
  hearsay: row.hearsay,
})

export async function originsOf(db: Knex, ids: readonly ResourceId[]): Promise<Map<ResourceId, Origin[]>> {
  const { rows } = await db.raw<{ rows: OriginRow[] }>(
    `select ${originColumns} from observation o join source s on s.id = o.source_id where o.resource_id = any(?::bigint[]) order by s.precedence desc, o.source_id, o.key`,
    [list(ids)],
  )
  return Map.groupBy(rows.map(toOrigin), (origin) => origin.resourceId)
}

export async function driftOf(db: Knex, ids: readonly ResourceId[]): Promise<Map<ResourceId, DriftEntry[]>> {
  const { rows } = await db.raw<{ rows: { id: string; drift: Omit<DriftEntry, 'resourceId'>[] }[] }>(
    'select id, drift from resource where id = any(?::bigint[]) and drift is not null',
    [list(ids)],
  )
  return new Map(
    rows.map((row) => [Number(row.id), row.drift.map((one) => ({ ...one, resourceId: Number(row.id) }))]),
  )
}

export async function conflictsOf(
  db: Knex,
  ids: readonly ResourceId[],
): Promise<Map<ResourceId, ConflictEntry[]>> {
  const { rows } = await db.raw<{
    rows: { own: string; other: string; type: string; scope: string; value: string; since: number }[]
  }>(
    `select a_id as own, b_id as other, type, scope, value, (extract(epoch from since) * 1000)::float8 as since from identity_conflict where a_id = any(:ids)
     union all select b_id, a_id, type, scope, value, (extract(epoch from since) * 1000)::float8 from identity_conflict where b_id = any(:ids) order by own, other, type`,
    { ids: list(ids) as unknown as string },
  )
  const entries = rows.map((row) => ({
    resourceId: Number(row.own),
    otherId: Number(row.other),
    type: row.type,
    scope: row.scope,
    value: row.value,
    since: row.since,
  }))
  return Map.groupBy(entries, (entry) => entry.resourceId)
}

type LinkName = { type: LinkType; from: ResourceId; to: ResourceId }

export async function linkAttributesOf(
  db: Knex,
  links: readonly LinkName[],
): Promise<Record<string, unknown>[]> {
  const { rows } = await db.raw<{ rows: { place: number; attributes: Record<string, unknown> }[] }>(
    `select (a.place - 1)::integer as place, l.attributes from unnest(?::text[], ?::bigint[], ?::bigint[]) with ordinality as a (type, from_id, to_id, place)
     join link l on l.from_id = a.from_id and l.type = a.type and l.to_id = a.to_id where l.attributes <> '{}'`,
    [
      links.map(({ type }) => type),
      links.map(({ from }) => from),
      links.map(({ to }) => to),
    ] as unknown as Knex.RawBinding[],
  )
  const found = links.map((): Record<string, unknown> => ({}))
  for (const { place, attributes } of rows) found[place] = attributes
  return found
}

/** Attributes and origins of links, in the order asked. */
export async function linkDetailsOf(
  db: Knex,
  links: readonly LinkName[],
): Promise<{ attributes: Record<string, unknown>; origins: Origin[] }[]> {
  const asked = JSON.stringify(
    links.map((link, place) => ({ place, type: link.type, from_id: link.from, to_id: link.to })),
  )
  const { rows } = await db.raw<{
    rows: (OriginRow & {
      place: number
      attributes: Record<string, unknown> | null
      source_id: string | null
    })[]
  }>(
    `with asked as (select * from jsonb_to_recordset(?) as a (place integer, type text, from_id bigint, to_id bigint)),
     ends as (select a.place, a.from_id as own_id, a.to_id as other_id, a.type, 'out' as direction from asked a union all select a.place, a.to_id, a.from_id, a.type, 'in' from asked a
       union all select a.place, a.to_id, a.from_id, a.type, 'out' from asked a where a.type = 'CONNECTED_TO' union all select a.place, a.from_id, a.to_id, a.type, 'in' from asked a where a.type = 'CONNECTED_TO'),
     tellers as (select distinct e.place, o.source_id, o.key from ends e join observation o on o.resource_id = e.own_id
       join link_claim c on c.source_id = o.source_id and c.key = o.key and c.type = e.type and c.direction = e.direction
       left join observation t on t.source_id = c.target_source_id and t.key = c.target_key left join resource_gone g on g.id = c.target_id and g.into_id is not null
       where coalesce(t.resource_id, g.into_id, c.target_id) = e.other_id)
     select a.place, l.attributes, ${originColumns} from asked a left join link l on l.from_id = a.from_id and l.type = a.type and l.to_id = a.to_id
     left join tellers on tellers.place = a.place left join observation o on o.source_id = tellers.source_id and o.key = tellers.key left join source s on s.id = o.source_id
     order by a.place, s.precedence desc, o.source_id, o.key`,
    [asked],
  )
  const found = links.map((): { attributes: Record<string, unknown>; origins: Origin[] } => ({
    attributes: {},
    origins: [],
  }))
  for (const row of rows) {
    const detail = found[row.place]!
    detail.attributes = row.attributes ?? {}
    if (row.source_id !== null) detail.origins.push(toOrigin(row))
  }
  return found
}

/** Ids of resources whose attributes meet all conditions. */
export async function idsWhere(
  db: Knex,
  conditions: readonly AttributeCondition[],
): Promise<Set<ResourceId>> {
  const found = db('resource').select('id')
  for (const { path, op, value } of conditions) {
    const steps = path.split('.')
    if (op === 'exists')
      void found.whereRaw(`(attributes #> ?::text[] is not null) = ?`, [
        steps as unknown as string,
        value !== false,
      ])
    else if (op === 'contains')
      void found.whereRaw(`strpos(lower(attributes #>> ?::text[]), lower(?)) > 0`, [
        steps as unknown as string,
        String(value),
      ])
    else if (op === 'in')
      void found.whereRaw('attributes #> ?::text[] = any(?::jsonb[])', [
        steps as unknown as string,
        (value as unknown[]).map((one) => JSON.stringify(one)) as unknown as string,
      ])
    else void found.whereRaw('attributes @> ?::jsonb', [JSON.stringify(nest(steps, value))])
  }
  return new Set(((await found) as { id: string }[]).map((row) => Number(row.id)))
}

/** `{a: {b: value}}`: what containment, and with it the index, understands. */
const nest = (steps: readonly string[], value: unknown): unknown =>
  steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value)

export async function findByKey(db: Knex, source: string, key: string): Promise<ResourceId | undefined> {
  const { rows } = await db.raw<{ rows: { resource_id: string }[] }>(
    'select o.resource_id from observation o join source s on s.id = o.source_id where s.name = ? and o.key = ?',
    [source, key],
  )
  return rows[0] && Number(rows[0].resource_id)
}

/** In the order asked, by one statement. */
export async function findByKeys(
  db: Knex,
  keys: readonly { source: string; key: string }[],
): Promise<(ResourceId | undefined)[]> {
  const { rows } = await db.raw<{ rows: { place: number; resource_id: string }[] }>(
    `select a.place, o.resource_id from jsonb_to_recordset(?) as a (place integer, source text, key text)
     join source s on s.name = a.source join observation o on o.source_id = s.id and o.key = a.key`,
    [JSON.stringify(keys.map(({ source, key }, place) => ({ place, source, key })))],
  )
  const found = new Map(rows.map((row) => [row.place, Number(row.resource_id)]))
  return keys.map((_, place) => found.get(place))
}

export async function goneOf(
  db: Knex,
  ids: readonly ResourceId[],
): Promise<Map<ResourceId, { kind: KindName; name: string; into: ResourceId | null; at: number }>> {
  const { rows } = await db.raw<{
    rows: { id: string; kind: KindName; name: string; into_id: string | null; at: number }[]
  }>(
    'select id, kind, name, into_id, (extract(epoch from gone_at) * 1000)::float8 as at from resource_gone where id = any(?::bigint[])',
    [list(ids)],
  )
  return new Map(
    rows.map((row) => [
      Number(row.id),
      { kind: row.kind, name: row.name, into: row.into_id === null ? null : Number(row.into_id), at: row.at },
    ]),
  )
}
