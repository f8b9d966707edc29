/** What rules look at for each tenant: how much of its quotas is used, so that it is told before there is nothing left, how many operations need a person, how many leases end soon. */
import type { Logger } from 'pino'
import type { Graph } from '../graph/graph.ts'
import { startLoop } from '../loop.ts'
import type { Metrics } from '../metric/index.ts'
import type { Turns } from '../turn.ts'
import type { Allocations } from './index.ts'

export const quotaMetric = {
  name: 'tenant.quota.utilization',
  unit: '1',
  type: 'gauge' as const,
  help: 'The largest share that a tenant has used of any of its quotas.',
}

export const stuckMetric = {
  name: 'tenant.operations.stuck',
  unit: '1',
  type: 'gauge' as const,
  help: 'Operations for a tenant that could neither go on nor be undone.',
}

export const leasesMetric = {
  name: 'tenant.leases.ending',
  unit: '1',
  type: 'gauge' as const,
  help: 'Allocations of a tenant whose lease ends soon, as was told.',
}

const everyMs = 5_000

export interface HeadroomOptions {
  allocations: Pick<Allocations, 'quotasOf' | 'endingByTenant'> & {
    operations: Pick<Allocations['operations'], 'stuckByTenant'>
  }
  metrics: Metrics
  turns: Turns
  graph(): Graph
  log: Logger
}

/** One process does it. */
export function startHeadroom({ allocations, metrics, turns, graph, log }: HeadroomOptions): {
  close(): Promise<void>
} {
  let isMine = false
  let isDefined = false
  const group = turns.share('allocation/headroom', ['allocation/headroom'], (held) => {
    isMine = held.length > 0
  })
  async function measure(): Promise<void> {
    const tenants = isMine ? graph().ofType('Tenant') : []
    if (tenants.length === 0) return
    if (!isDefined) await metrics.define([quotaMetric, stuckMetric, leasesMetric])
    isDefined = true
    const shares = new Map<number, number>()
    for (const { tenantId, limit, used } of await allocations.quotasOf(tenants))
      if (limit !== null) shares.set(tenantId, Math.max(shares.get(tenantId) ?? 0, shareOf(used, limit)))
    const counts = [
      [stuckMetric.name, await allocations.operations.stuckByTenant()],
      [leasesMetric.name, await allocations.endingByTenant()],
    ] as const
    const at = Date.now()
    metrics.record(0, [
      ...[...shares].map(([resourceId, value]) => ({ resourceId, metric: quotaMetric.name, value, at })),
      // Also when there is none any more: an alert ends by it.
      ...counts.flatMap(([metric, byTenant]) =>
        tenants.map(({ id }) => ({ resourceId: id, metric, value: byTenant.get(id) ?? 0, at })),
      ),
    ])
  }
  const loop = startLoop({ name: 'quota', everyMs, log, run: measure })
  return {
    async close() {
      await loop.close()
      await group.close()
    },
  }
}

/** Where nothing is allowed nothing is left. */
const shareOf = (used: number, limit: number): number => (limit === 0 ? 1 : used / limit)
