/** SQL that finds the resources that refs and identities mean; each call one statement, whatever the number asked. */
import type { Knex } from 'knex'
import { getKind, kindsOfType, type KindName } from '../kind/index.ts'
import type { InterfaceName } from '../kind/kind.ts'
import type { Ref } from '../ref.ts'
import type { ResourceId } from '../resource.ts'

export interface Found {
  id: ResourceId
  kind: KindName
  name: string
}

/** By id; a merged-away id gives its survivor. */
export async function findByIds(db: Knex, ids: readonly ResourceId[]): Promise<Map<ResourceId, Found>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.raw<{ rows: { asked: string; id: string; kind: KindName; name: string }[] }>(
    `select wanted.id as asked, r.id, r.kind, r.name from unnest(?::bigint[]) as wanted (id)
     left join resource_gone g on g.id = wanted.id join resource r on r.id = coalesce(g.into_id, wanted.id)`,
    [ids as unknown as string[]],
  )
  return new Map(
    rows.map((row) => [Number(row.asked), { id: Number(row.id), kind: row.kind, name: row.name }]),
  )
}

/** Keys that are links (`vrf=blue`, `rack=r07`) mean the name of what the link leads to. */
export async function findByNaturalKeys(
  db: Knex,
  refs: readonly (Ref & { by: 'natural' })[],
): Promise<Found[][]> {
  if (refs.length === 0) return []
  const asked = refs.flatMap((ref, index) =>
    Object.entries(ref.keys).map(([name, value]) => ({
      index,
      kinds: kindsOfType(ref.type),
      name,
      value,
      link: linkOf(ref.type, name),
    })),
  )
  const { rows } = await db.raw<{ rows: { index: number; id: string; kind: KindName; name: string }[] }>(
    `with asked as (select * from jsonb_to_recordset(?) as a (index integer, kinds text[], name text, value text, link text)),
     hits as (
       select a.index, a.name as asked, r.id from asked a join resource r on r.kind = any(a.kinds) and r.name = a.value where a.name = 'name'
       union select a.index, a.name, r.id from asked a join resource r on r.kind = any(a.kinds) and r.fields ->> a.name = a.value where a.name <> 'name' and a.link is null
       union select a.index, a.name, l.from_id from asked a join resource far on far.name = a.value join link l on l.to_id = far.id and l.type = a.link
         join resource r on r.id = l.from_id and r.kind = any(a.kinds) where a.link is not null)
     select hits.index, r.id, r.kind, r.name from hits join resource r on r.id = hits.id
     group by hits.index, r.id, r.kind, r.name having count(distinct hits.asked) = (select count(*) from asked a where a.index = hits.index) order by r.id`,
    [JSON.stringify(asked)],
  )
  const found: Found[][] = refs.map(() => [])
  for (const row of rows) found[row.index]!.push({ id: Number(row.id), kind: row.kind, name: row.name })
  return found
}

/** The link type behind a to-one field of one outgoing step; null for what is a property. */
function linkOf(type: KindName | InterfaceName, field: string): string | null {
  const [kind] = kindsOfType(type)
  const definition = kind === undefined ? undefined : getKind(kind).fields[field]
  if (field === 'tenant') return 'OWNED_BY'
  return definition?.from === 'walk' && definition.steps.length === 1 ? definition.steps[0]!.type : null
}

export async function findByIdentities(
  db: Knex,
  targets: readonly { kind: KindName | InterfaceName; identity: string; value: string; scope?: string }[],
): Promise<Found[][]> {
  if (targets.length === 0) return []
  const asked = targets.map((one, index) => ({
    index,
    kinds: kindsOfType(one.kind),
    type: one.identity,
    value: one.value,
    scope: one.scope ?? null,
  }))
  const { rows } = await db.raw<{ rows: { index: number; id: string; kind: KindName; name: string }[] }>(
    `select distinct a.index, r.id, r.kind, r.name from jsonb_to_recordset(?) as a (index integer, kinds text[], type text, value text, scope text)
     join identity i on i.type = a.type and i.value in (a.value, upper(a.value)) and (a.scope is null or i.scope = a.scope)
     join observation o on o.source_id = i.source_id and o.key = i.key join resource r on r.id = o.resource_id and r.kind = any(a.kinds) order by r.id`,
    [JSON.stringify(asked)],
  )
  const found: Found[][] = targets.map(() => [])
  for (const row of rows) found[row.index]!.push({ id: Number(row.id), kind: row.kind, name: row.name })
  return found
}
