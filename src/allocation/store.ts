/** SQL of allocations: what is given to whom, quotas, what is used of each provider. */
import type { Knex } from 'knex'
import type { ResourceId } from '../resource/resource.ts'
import type { Allocation, AllocationState } from './allocation.ts'

interface AllocationRow {
  id: string
  tenant_id: string
  name: string
  state: AllocationState
  blueprint: string
  created_by: string
  created: number
  lease: number | null
  ended: number | null
}

const columns = `id, tenant_id, name, state, blueprint, created_by, (extract(epoch from created_at) * 1000)::float8 as created,
  (extract(epoch from lease_ends_at) * 1000)::float8 as lease, (extract(epoch from ended_at) * 1000)::float8 as ended`

const toAllocation = (row: AllocationRow): Allocation => ({
  id: Number(row.id),
  tenantId: Number(row.tenant_id),
  name: row.name,
  state: row.state,
  blueprint: row.blueprint,
  createdBy: row.created_by,
  createdAt: row.created,
  leaseEndsAt: row.lease,
  endedAt: row.ended,
})

/** Who has the name now, with what was asked for; for update, so that two do not end it. */
export async function findLive(
  trx: Knex,
  tenantId: ResourceId,
  name: string,
): Promise<(Allocation & { requestHash: Buffer; operationId: number | null }) | undefined> {
  const { rows } = await trx.raw<{
    rows: (AllocationRow & { request_hash: Buffer; operation: string | null })[]
  }>(
    `select ${columns}, request_hash, (select max(o.id) from operation o where o.allocation_id = allocation.id) as operation
     from allocation where tenant_id = ? and name = ? and state not in ('RELEASED', 'FAILED')`,
    [tenantId, name],
  )
  const [row] = rows
  return (
    row && {
      ...toAllocation(row),
      requestHash: row.request_hash,
      operationId: row.operation === null ? null : Number(row.operation),
    }
  )
}

export interface AllocationQuery {
  ids?: readonly number[]
  tenants?: readonly ResourceId[]
  name?: string
  states?: readonly AllocationState[]
  blueprints?: readonly string[]
  before?: number
  first: number
}

/** The youngest first. */
export async function readAllocations(db: Knex, query: AllocationQuery): Promise<Allocation[]> {
  const rows = (await matching(db, query)
    .select(db.raw(columns))
    .orderBy('id', 'desc')
    .limit(query.first)) as AllocationRow[]
  return rows.map(toAllocation)
}

export async function countAllocations(
  db: Knex,
  query: Omit<AllocationQuery, 'first' | 'before'>,
): Promise<number> {
  const [row] = (await matching(db, query).count({ count: '*' })) as { count: string }[]
  return Number(row?.count ?? 0)
}

function matching(db: Knex, query: Omit<AllocationQuery, 'first'>): Knex.QueryBuilder {
  const found = db('allocation')
  if (query.ids !== undefined) void found.whereIn('id', [...query.ids])
  if (query.tenants !== undefined) void found.whereIn('tenant_id', [...query.tenants])
  if (query.name !== undefined) void found.where('name', query.name)
  if (query.states !== undefined) void found.whereIn('state', [...query.states])
  if (query.blueprints !== undefined) void found.whereIn('blueprint', [...query.blueprints])
  if (query.before !== undefined) void found.where('id', '<', query.before)
  return found
}

export interface NewAllocation {
  tenantId: ResourceId
  name: string
  state: AllocationState
  blueprint: string
  request: object
  requestHash: Buffer
  createdBy: string
  at: Date
  leaseEndsAt: Date | null
}

export async function insertAllocation(trx: Knex.Transaction, given: NewAllocation): Promise<number> {
  const [row] = (await trx('allocation')
    .insert({
      tenant_id: given.tenantId,
      name: given.name,
      state: given.state,
      blueprint: given.blueprint,
      request: JSON.stringify(given.request),
      request_hash: given.requestHash,
      created_by: given.createdBy,
      created_at: given.at,
      lease_ends_at: given.leaseEndsAt,
      lease_set_at: given.leaseEndsAt === null ? null : given.at,
    })
    .returning('id')) as { id: string }[]
  return Number(row!.id)
}

/** Ends it when it is in one of these states; whether it was. */
export async function moveAllocation(
  trx: Knex,
  id: number,
  from: readonly AllocationState[],
  to: AllocationState,
  at: Date,
): Promise<boolean> {
  const changed = await trx('allocation')
    .where({ id })
    .whereIn('state', [...from])
    .update({ state: to, ...(to === 'RELEASED' || to === 'FAILED' ? { ended_at: at } : {}) })
  return changed > 0
}

/** Takes of the tenant's quota; gives what lacks, where it does. Classes in their order, so that two never wait for each other. */
export async function takeQuota(
  trx: Knex.Transaction,
  tenantId: ResourceId,
  amounts: ReadonlyMap<string, number>,
  limitOf: (name: string) => number | undefined,
): Promise<{ class: string; asked: number; free: number; missing: number }[]> {
  const short: { class: string; asked: number; free: number; missing: number }[] = []
  for (const [name, asked] of [...amounts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const limit = limitOf(name)
    await trx.raw('insert into quota (tenant_id, class) values (?, ?) on conflict do nothing', [
      tenantId,
      name,
    ])
    const { rows } = await trx.raw<{ rows: unknown[] }>(
      `update quota set used = used + :asked where tenant_id = :tenantId and class = :name
         and (:limit::bigint is null or used + :asked <= :limit::bigint) returning used`,
      { asked, tenantId, name, limit: limit ?? null },
    )
    if (rows.length > 0) continue
    const [row] = (await trx('quota').where({ tenant_id: tenantId, class: name }).select('used')) as {
      used: string
    }[]
    const free = Math.max(0, limit! - Number(row!.used))
    short.push({ class: name, asked, free, missing: asked - free })
  }
  return short
}

export async function quotasOf(
  db: Knex,
  tenantIds: readonly ResourceId[],
): Promise<{ tenantId: number; class: string; used: number }[]> {
  const rows = (await db('quota')
    .whereIn('tenant_id', [...tenantIds])
    .select('tenant_id', 'class', 'used')) as {
    tenant_id: string
    class: string
    used: string
  }[]
  return rows.map((row) => ({ tenantId: Number(row.tenant_id), class: row.class, used: Number(row.used) }))
}

export async function insertResources(
  trx: Knex.Transaction,
  allocationId: number,
  resources: readonly { id: ResourceId; key: string | null }[],
): Promise<void> {
  if (resources.length === 0) return
  await trx('allocation_resource')
    .insert(resources.map(({ id, key }) => ({ allocation_id: allocationId, resource_id: id, key })))
    .onConflict()
    .ignore()
}

export async function resourcesOf(
  db: Knex,
  ids: readonly number[],
): Promise<Map<number, { id: ResourceId; key: string | null }[]>> {
  const rows = (await db('allocation_resource')
    .whereIn('allocation_id', [...ids])
    .orderBy('resource_id')
    .select('allocation_id', 'resource_id', 'key')) as {
    allocation_id: string
    resource_id: string
    key: string | null
  }[]
  const found = new Map<number, { id: ResourceId; key: string | null }[]>(ids.map((id) => [id, []]))
  for (const row of rows)
    found.get(Number(row.allocation_id))!.push({ id: Number(row.resource_id), key: row.key })
  return found
}

export async function readHeadSeq(trx: Knex): Promise<number> {
  const { rows } = await trx.raw<{ rows: { seq: string }[] }>('select seq from log_head')
  return Number(rows[0]!.seq)
}
