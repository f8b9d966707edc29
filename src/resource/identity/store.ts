/** SQL of identities: who claims which, and what people decided about them. */
import type { Knex } from 'knex'
import { inChunks } from '../observation/store.ts'
import { claimKey, memberKey, type Claim, type MemberKey } from '../reconcile/member.ts'
import type { Decision } from '../reconcile/partition.ts'
import type { ResourceId } from '../resource.ts'

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
