/** SQL of links: who claims them, and the links that follow from the claims. */
import type { Knex } from 'knex'
import { linkTypes, type LinkType } from '../kind/link.ts'
import { inChunks } from '../observation/store.ts'
import type { LinkImage, LinkTarget, ResourceId } from '../resource.ts'

/** A link claim whose target is known as far as it can be. */
export interface ClaimWrite {
  sourceId: ResourceId
  key: string
  ordinal: number
  type: LinkType
  direction: 'out' | 'in'
  targetSourceId: ResourceId | null
  targetKey: string | null
  targetId: ResourceId | null
  target: LinkTarget
  attributes: Record<string, unknown>
}

/** A claim with both ends as resources; the better claims of the same link come first. */
export interface ResolvedClaim {
  type: LinkType
  from: ResourceId
  to: ResourceId
  role: 'intent' | 'observed'
  precedence: number
  changedAt: number
  hearsay: boolean
  attributes: Record<string, unknown>
}

export async function replaceClaims(
  trx: Knex.Transaction,
  members: readonly { sourceId: ResourceId; key: string }[],
  claims: readonly ClaimWrite[],
): Promise<void> {
  await inChunks(members, (chunk) =>
    trx.raw(
      'delete from link_claim c using unnest(?::bigint[], ?::text[]) as m (source_id, key) where c.source_id = m.source_id and c.key = m.key',
      [chunk.map((one) => one.sourceId), chunk.map((one) => one.key)] as unknown as Knex.RawBinding[],
    ),
  )
  const rows = claims.map((one) => ({
    source_id: one.sourceId,
    key: one.key,
    ordinal: one.ordinal,
    type: one.type,
    direction: one.direction,
    target_source_id: one.targetSourceId,
    target_key: one.targetKey,
    target_id: one.targetId,
    target: one.target,
    attributes: one.attributes,
  }))
  await inChunks(rows, (chunk) =>
    trx.raw(
      `insert into link_claim (source_id, key, ordinal, type, direction, target_source_id, target_key, target_id, target, attributes)
       select source_id, key, ordinal, type, direction, target_source_id, target_key, target_id, target, attributes
       from jsonb_to_recordset(?) as r (source_id bigint, key text, ordinal integer, type text, direction text, target_source_id bigint, target_key text, target_id bigint, target jsonb, attributes jsonb)`,
      [JSON.stringify(chunk)],
    ),
  )
}

interface ResolvedRow {
  type: LinkType
  own_id: string
  other_id: string
  direction: 'out' | 'in'
  role: 'intent' | 'observed'
  precedence: number
  changed: number
  hearsay: boolean
  attributes: Record<string, unknown>
}

const resolved = (where: string): string => `
  select c.type, o.resource_id as own_id, coalesce(t.resource_id, gone.into_id, c.target_id) as other_id, c.direction, c.attributes, s.role, s.precedence, o.hearsay,
    (extract(epoch from o.changed_at) * 1000)::float8 as changed
  from link_claim c
  join observation o on o.source_id = c.source_id and o.key = c.key
  join source s on s.id = c.source_id
  left join observation t on t.source_id = c.target_source_id and t.key = c.target_key
  left join resource_gone gone on gone.id = c.target_id and gone.into_id is not null
  where ${where}`

/** Every claim that touches one of these resources, by its claimant or by its target. */
export async function claimsTouching(
  trx: Knex,
  ids: readonly ResourceId[],
  types: readonly LinkType[] = linkTypes,
): Promise<ResolvedClaim[]> {
  const { rows } = await trx.raw<{ rows: ResolvedRow[] }>(
    `with asked as materialized (select unnest(cast(:ids as bigint[])) as id),
     found as materialized (
       select c.source_id, c.key, c.ordinal from asked join observation o on o.resource_id = asked.id
         join link_claim c on c.source_id = o.source_id and c.key = o.key
       union select c.source_id, c.key, c.ordinal from asked join observation o on o.resource_id = asked.id
         join link_claim c on c.target_source_id = o.source_id and c.target_key = o.key
       union select c.source_id, c.key, c.ordinal from (select id from asked union select gone.id from asked join resource_gone gone on gone.into_id = asked.id) id
         join link_claim c on c.target_id = id.id)
     ${resolved('c.type = any(cast(:types as text[])) and (c.source_id, c.key, c.ordinal) in (select source_id, key, ordinal from found)')}`,
    { ids: ids as unknown as string, types: types as unknown as string },
  )
  return rows.flatMap(toResolved)
}

/** After a bulk write the planner would take the tables for what they were before. */
export async function learnSizes(trx: Knex.Transaction): Promise<void> {
  await trx.raw('analyze observation, identity, link_claim, link')
}

function toResolved(row: ResolvedRow): ResolvedClaim[] {
  if (row.other_id === null) return []
  const [own, other] = [Number(row.own_id), Number(row.other_id)]
  const [from, to] = row.direction === 'out' ? [own, other] : [other, own]
  return [
    {
      type: row.type,
      from,
      to,
      role: row.role,
      precedence: row.precedence,
      changedAt: row.changed,
      hearsay: row.hearsay,
      attributes: row.attributes,
    },
  ]
}

export interface LinkRow extends LinkImage {
  attributes: Record<string, unknown>
}

export async function linksTouching(trx: Knex, ids: readonly ResourceId[]): Promise<LinkRow[]> {
  const columns = 'type, from_id, to_id, (extract(epoch from since) * 1000)::float8 as since, attributes'
  const { rows } = await trx.raw<{
    rows: {
      type: LinkType
      from_id: string
      to_id: string
      since: number
      attributes: Record<string, unknown>
    }[]
  }>(
    `select ${columns} from link where from_id = any(cast(:ids as bigint[])) union select ${columns} from link where to_id = any(cast(:ids as bigint[]))`,
    { ids: ids as unknown as string },
  )
  return rows.map((row) => ({
    type: row.type,
    from: Number(row.from_id),
    to: Number(row.to_id),
    since: row.since,
    attributes: row.attributes,
  }))
}

/** Writes what changed, with its history. */
export async function changeLinks(
  trx: Knex.Transaction,
  added: readonly LinkRow[],
  removed: readonly LinkImage[],
  at: Date,
): Promise<void> {
  await inChunks(removed, async (chunk) => {
    const ends = [
      chunk.map((one) => one.type),
      chunk.map((one) => one.from),
      chunk.map((one) => one.to),
    ] as unknown as Knex.RawBinding[]
    const gone = 'unnest(?::text[], ?::bigint[], ?::bigint[]) as gone (type, from_id, to_id)'
    const same = 'l.from_id = gone.from_id and l.type = gone.type and l.to_id = gone.to_id'
    await trx.raw(`delete from link l using ${gone} where ${same}`, ends)
    await trx.raw(
      `update link_history l set valid_to = ? from ${gone} where ${same} and l.valid_to is null`,
      [at, ...ends],
    )
  })
  await inChunks(added, async (chunk) => {
    const rows = JSON.stringify(
      chunk.map((one) => ({ type: one.type, from_id: one.from, to_id: one.to, attributes: one.attributes })),
    )
    await trx.raw(
      `insert into link (type, from_id, to_id, since, attributes)
       select type, from_id, to_id, ?, attributes from jsonb_to_recordset(?) as r (type text, from_id bigint, to_id bigint, attributes jsonb)`,
      [at, rows],
    )
    await trx.raw(
      `insert into link_history (type, from_id, to_id, valid_from)
       select type, from_id, to_id, ? from jsonb_to_recordset(?) as r (type text, from_id bigint, to_id bigint)`,
      [at, rows],
    )
  })
}

/** Links whose attributes alone changed: no event, they are read from the table. */
export async function saveAttributes(trx: Knex.Transaction, links: readonly LinkRow[]): Promise<void> {
  await inChunks(links, (chunk) =>
    trx.raw(
      `update link l set attributes = r.attributes from jsonb_to_recordset(?) as r (type text, from_id bigint, to_id bigint, attributes jsonb)
       where l.from_id = r.from_id and l.type = r.type and l.to_id = r.to_id`,
      [
        JSON.stringify(
          chunk.map((one) => ({
            type: one.type,
            from_id: one.from,
            to_id: one.to,
            attributes: one.attributes,
          })),
        ),
      ],
    ),
  )
}

/** Links of these types that go out of (`up`) or come into (`down`) the resources. */
export async function linksAlong(
  trx: Knex,
  ids: readonly ResourceId[],
  types: readonly LinkType[],
  way: 'up' | 'down',
): Promise<{ type: LinkType; from: ResourceId; to: ResourceId }[]> {
  const { rows } = await trx.raw<{ rows: { type: LinkType; from_id: string; to_id: string }[] }>(
    `select type, from_id, to_id from link where ${way === 'up' ? 'from_id' : 'to_id'} = any(?::bigint[]) and type = any(?::text[])`,
    [ids as unknown as string[], types as string[]],
  )
  return rows.map((row) => ({ type: row.type, from: Number(row.from_id), to: Number(row.to_id) }))
}

/** Claims whose target nobody knew yet. */
export async function pendingClaims(
  trx: Knex,
  limit = 10_000,
): Promise<{ sourceId: ResourceId; key: string; ordinal: number; target: LinkTarget }[]> {
  const rows = (await trx('link_claim')
    .whereNull('target_source_id')
    .whereNull('target_id')
    .select('source_id', 'key', 'ordinal', 'target')
    .limit(limit)) as {
    source_id: string
    key: string
    ordinal: number
    target: LinkTarget
  }[]
  return rows.map((row) => ({
    sourceId: Number(row.source_id),
    key: row.key,
    ordinal: row.ordinal,
    target: row.target,
  }))
}

export async function settleClaims(
  trx: Knex.Transaction,
  settled: readonly { sourceId: ResourceId; key: string; ordinal: number; targetId: ResourceId }[],
): Promise<void> {
  await inChunks(settled, (chunk) =>
    trx.raw(
      `update link_claim c set target_id = r.target_id from jsonb_to_recordset(?) as r (source_id bigint, key text, ordinal integer, target_id bigint)
       where c.source_id = r.source_id and c.key = r.key and c.ordinal = r.ordinal`,
      [
        JSON.stringify(
          chunk.map((one) => ({
            source_id: one.sourceId,
            key: one.key,
            ordinal: one.ordinal,
            target_id: one.targetId,
          })),
        ),
      ],
    ),
  )
}
