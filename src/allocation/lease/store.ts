/** SQL of leases. Their times are those of the database's clock. */
import type { Knex } from 'knex'
import type { ResourceId } from '../../resource/resource.ts'

/** It ends so long from now on, or when it would anyway, if that is later; false when there is no lease that runs. */
export async function extendLease(trx: Knex, id: number, leaseMs: number): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update allocation set lease_ends_at = greatest(lease_ends_at, clock_timestamp() + :leaseMs::float8 * interval '1 millisecond'),
       lease_set_at = clock_timestamp(), lease_warned_seconds = null
     where id = :id and state = 'ACTIVE' and lease_ends_at > clock_timestamp() returning id`,
    { id, leaseMs },
  )
  return rows.length > 0
}

export interface Expired {
  id: number
  name: string
  endsAt: string
}

/** Those whose lease is over, by its end; after one of them, when it is given. */
export async function expired(
  db: Knex,
  first: number,
  after: Expired = { id: 0, name: '', endsAt: '-infinity' },
): Promise<Expired[]> {
  const { rows } = await db.raw<{ rows: { id: string; name: string; ends: string }[] }>(
    `select id, name, lease_ends_at::text as ends from allocation
     where state = 'ACTIVE' and lease_ends_at < clock_timestamp() and (lease_ends_at, id) > (:endsAt::timestamptz, :id)
     order by lease_ends_at, id limit :first`,
    { first, endsAt: after.endsAt, id: after.id },
  )
  return rows.map(({ id, name, ends }) => ({ id: Number(id), name, endsAt: ends }))
}

export interface Ending {
  id: number
  tenantId: ResourceId
  name: string
  endsAt: number
  warning: number
}

/**
 * Notes the warnings that are due, of each allocation the last alone, and gives them: so many seconds before the end, where the lease was given for twice as long at
 * least. What is noted is due for nobody else.
 */
export async function takeWarnings(
  trx: Knex.Transaction,
  seconds: readonly number[],
  most: number,
): Promise<Ending[]> {
  const { rows } = await trx.raw<{
    rows: { id: string; tenant_id: string; name: string; ends: number; warning: number }[]
  }>(
    `update allocation set lease_warned_seconds = due.warning
     from (
       select id, lease_ends_at, min(seconds) as warning
       from allocation, unnest(:seconds::int[]) as seconds
       where state = 'ACTIVE' and lease_ends_at > clock_timestamp()
         and lease_ends_at <= clock_timestamp() + seconds * interval '1 second'
         and lease_ends_at - coalesce(lease_set_at, created_at) >= 2 * seconds * interval '1 second'
         and (lease_warned_seconds is null or lease_warned_seconds > seconds)
       group by id, lease_ends_at order by lease_ends_at, id limit :most
     ) due
     where allocation.id = due.id and allocation.state = 'ACTIVE' and allocation.lease_ends_at = due.lease_ends_at
       and (lease_warned_seconds is null or lease_warned_seconds > due.warning)
     returning allocation.id, tenant_id, name, (extract(epoch from allocation.lease_ends_at) * 1000)::float8 as ends, warning`,
    { seconds: [...seconds], most },
  )
  return rows.map(({ id, tenant_id, name, ends, warning }) => ({
    ...{ id: Number(id), tenantId: Number(tenant_id), name },
    ...{ endsAt: ends, warning },
  }))
}

/** How many have been warned of and not extended since, by tenant. */
export async function endingByTenant(db: Knex): Promise<Map<ResourceId, number>> {
  const { rows } = await db.raw<{ rows: { tenant_id: string; count: string }[] }>(
    "select tenant_id, count(*) from allocation where state = 'ACTIVE' and lease_warned_seconds is not null group by 1",
  )
  return new Map(rows.map((row) => [Number(row.tenant_id), Number(row.count)]))
}
