/** SQL of claims: what is taken of each provider, and by its name where it has one. */
import type { Knex } from 'knex'
import type { ResourceId } from '../../resource/resource.ts'
import type { Claim, PlannedClaim } from '../allocation.ts'

/** Writes the claims, and what they use of each provider. */
export async function insertClaims(
  trx: Knex.Transaction,
  allocationId: number,
  claims: readonly PlannedClaim[],
): Promise<void> {
  const rows = claims.flatMap((claim) =>
    claim.units.length === 0
      ? [{ ...claim, unit: null as string | null }]
      : claim.units.map((unit) => ({ ...claim, amount: 1, unit })),
  )
  await trx('claim').insert(
    rows.map((row, ordinal) => ({
      allocation_id: allocationId,
      ordinal,
      member: row.member,
      pool: row.pool,
      provider: row.provider,
      resource_id: row.resourceId,
      provider_name: row.providerName,
      class: row.class,
      amount: row.amount,
      unit: row.unit,
    })),
  )
  await useProviders(trx, claims, 1)
}

/** Takes the claims away, and gives back what they used; quota as well. */
export async function removeClaims(
  trx: Knex.Transaction,
  allocationId: number,
  tenantId: ResourceId,
): Promise<void> {
  const claims = await claimRows(trx, allocationId)
  await trx('claim').where({ allocation_id: allocationId }).delete()
  const amounts = sumOf(claims)
  for (const [name, amount] of [...amounts].sort(([one], [other]) => (one < other ? -1 : 1)))
    await trx('quota').where({ tenant_id: tenantId, class: name }).decrement('used', amount)
  await useProviders(trx, claims, -1)
}

export const sumOf = (claims: readonly { class: string; amount: number }[]): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const { class: name, amount } of claims) sums.set(name, (sums.get(name) ?? 0) + amount)
  return sums
}

async function claimRows(trx: Knex, allocationId: number) {
  const rows = (await trx('claim')
    .where({ allocation_id: allocationId })
    .select('provider', 'class', 'amount')) as {
    provider: string
    class: string
    amount: string
  }[]
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }))
}

async function useProviders(
  trx: Knex.Transaction,
  claims: readonly { provider: string; class: string; amount: number }[],
  sign: 1 | -1,
): Promise<void> {
  const sums = new Map<string, { provider: string; class: string; amount: number }>()
  for (const { provider, class: name, amount } of claims) {
    const key = `${provider} ${name}`
    const known = sums.get(key)
    if (known === undefined) sums.set(key, { provider, class: name, amount: sign * amount })
    else known.amount += sign * amount
  }
  const list = [...sums.values()].sort((one, other) =>
    one.provider + one.class < other.provider + other.class ? -1 : 1,
  )
  const columnsOfAll: readonly unknown[] = [
    list.map((one) => one.provider),
    list.map((one) => one.class),
    list.map((one) => one.amount),
  ]
  const rows = 'unnest(?::text[], ?::text[], ?::bigint[]) as given (provider, class, amount), head'
  const head = 'with head as (update allocation_head set seq = seq + 1 returning seq)'
  const taking = `${head} insert into provider_usage as own (provider, class, used, changed_seq) select given.provider, given.class, given.amount, head.seq from ${rows}
     on conflict (provider, class) do update set used = own.used + excluded.used, generation = own.generation + 1, changed_seq = excluded.changed_seq`
  const givingBack = `${head} update provider_usage as own set used = own.used + given.amount, generation = own.generation + 1, changed_seq = head.seq
     from ${rows} where own.provider = given.provider and own.class = given.class`
  await trx.raw(sign > 0 ? taking : givingBack, columnsOfAll as readonly Knex.RawBinding[])
}

/** What changed after `seq`, and up to where that is. */
export async function usageAfter(
  db: Knex,
  seq: number,
): Promise<{ seq: number; changed: { provider: string; class: string; used: number }[] }> {
  const { rows } = await db.raw<{
    rows: { provider: string; class: string; used: string; changed_seq: string }[]
  }>('select provider, class, used, changed_seq from provider_usage where changed_seq > ?', [seq])
  return {
    seq: rows.reduce((most, row) => Math.max(most, Number(row.changed_seq)), seq),
    changed: rows.map((row) => ({ provider: row.provider, class: row.class, used: Number(row.used) })),
  }
}

/** Units that are claimed, by `provider class`. */
export async function claimedUnits(db: Knex, classes: readonly string[]): Promise<Map<string, Set<string>>> {
  const rows = (await db('claim')
    .whereIn('class', [...classes])
    .whereNotNull('unit')
    .select('provider', 'class', 'unit')) as {
    provider: string
    class: string
    unit: string
  }[]
  const found = new Map<string, Set<string>>()
  for (const { provider, class: name, unit } of rows) {
    const key = `${provider} ${name}`
    const known = found.get(key)
    if (known === undefined) found.set(key, new Set([unit]))
    else known.add(unit)
  }
  return found
}

export async function claimsOf(db: Knex, ids: readonly number[]): Promise<Map<number, Claim[]>> {
  const rows = (await db('claim')
    .whereIn('allocation_id', [...ids])
    .orderBy(['allocation_id', 'ordinal'])
    .select(
      'allocation_id',
      'member',
      'pool',
      'provider_name',
      'resource_id',
      'class',
      'amount',
      'unit',
    )) as {
    allocation_id: string
    member: number
    pool: string
    provider_name: string
    resource_id: string | null
    class: string
    amount: string
    unit: string | null
  }[]
  const found = new Map<number, Claim[]>(ids.map((id) => [id, []]))
  for (const row of rows)
    found.get(Number(row.allocation_id))!.push({
      member: row.member,
      pool: row.pool,
      providerName: row.provider_name,
      resourceId: row.resource_id === null ? null : Number(row.resource_id),
      class: row.class,
      amount: Number(row.amount),
      unit: row.unit,
    })
  return found
}
