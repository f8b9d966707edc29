import type { Knex } from 'knex'
import type { KindName } from '../resource/kind/index.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Span } from './usage.ts'

export interface SpanQuery {
  /** Each from one to the next; at least two. */
  instants: readonly number[]
  /** Absent: of all tenants. */
  tenants?: readonly ResourceId[]
  kinds?: readonly KindName[]
}

interface Row {
  window: string
  tenant: string
  kind: KindName
  flavor: string | null
  cores: string | null
  memory: string | null
  disk: string | null
  milliseconds: string
}

/** What nobody uses yet, or any more. */
const unused = `('PLANNED', 'RETIRED')`

/** What tenants held, summed by what it was: as many rows as there were different things, however many resources and changes. */
export async function readSpans(db: Knex, { instants, tenants, kinds }: SpanQuery): Promise<Span[]> {
  const times = instants.map((instant) => new Date(instant).toISOString())
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select "window", tenant, kind, flavor, cores, memory, disk, (sum(extract(epoch from upto - since)) * 1000)::text as milliseconds
     from (
       select w.n as "window", greatest(h.valid_from, w.since) as since, least(coalesce(h.valid_to, w.upto), w.upto) as upto,
         h.image ->> 'tenantId' as tenant, h.image ->> 'kind' as kind, h.image #>> '{fields,flavor}' as flavor,
         h.image #>> '{fields,cpuCores}' as cores, h.image #>> '{fields,memoryBytes}' as memory,
         coalesce(h.image #>> '{fields,diskBytes}', case when h.image ->> 'kind' = 'Volume' then h.image #>> '{fields,sizeBytes}' end) as disk
       from unnest(?::timestamptz[], ?::timestamptz[]) with ordinality as w (since, upto, n)
       join resource_history h on h.valid_from < w.upto and (h.valid_to is null or h.valid_to > w.since)
       where h.image ->> 'tenantId' is not null and coalesce(h.image ->> 'status', '') not in ${unused}
         ${tenants === undefined ? '' : `and (h.image ->> 'tenantId')::bigint = any(?::bigint[])`}
         ${kinds === undefined ? '' : `and h.image ->> 'kind' = any(?::text[])`}
     ) held
     group by "window", tenant, kind, flavor, cores, memory, disk`,
    [times.slice(0, -1), times.slice(1), ...[tenants, kinds].filter((list) => list !== undefined)] as never,
  )
  return rows.map((row) => ({
    at: instants[Number(row.window) - 1]!,
    tenantId: Number(row.tenant),
    kind: row.kind,
    flavor: row.flavor,
    cores: row.cores,
    memoryBytes: row.memory,
    diskBytes: row.disk,
    milliseconds: Math.round(Number(row.milliseconds)),
  }))
}
