/** Usage: who held what for how long, and what it costs. */
import type { Db } from '../db.ts'
import { limitExceeded } from '../errors.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { ResourceId } from '../resource/resource.ts'
import { account } from './account.ts'
import type { UsageConfig } from './config.ts'
import { readSpans } from './store.ts'
import type { UsageKey, UsageRecord } from './usage.ts'

export { usageShape, type UsageConfig } from './config.ts'
export { usageKeys, type UsageKey, type UsageRecord } from './usage.ts'

export interface UsageRequest {
  from: number
  to: number
  by: readonly UsageKey[]
  /** Absent: of all. */
  tenants?: readonly ResourceId[]
  kinds?: readonly KindName[]
  /** The tenant that a former one has become. */
  idOf?: (tenantId: ResourceId) => ResourceId
}

export interface Usage {
  readonly currency: string
  /** LIMIT_EXCEEDED when it begins before what history is kept of. */
  read(request: UsageRequest): Promise<UsageRecord[]>
}

export interface UsageOptions {
  db: Db
  config: UsageConfig
  historyDays: number
  now?: () => number
}

const dayMs = 86_400_000

export function startUsage({ db, config, historyDays, now = Date.now }: UsageOptions): Usage {
  return {
    currency: config.currency,
    async read({ from, to, by, idOf, ...which }) {
      if (from < now() - historyDays * dayMs)
        throw limitExceeded(
          'historyDays',
          historyDays,
          `Usage is worked out from history, which is kept for ${historyDays} days: begin later, or raise keep.historyDays`,
        )
      const end = Math.min(to, now())
      if (end <= from) return []
      const changes = config.prices.flatMap((price) =>
        price.from !== undefined && price.from > from && price.from < end ? [price.from] : [],
      )
      const instants = [...new Set([from, ...changes, end])].sort((a, b) => a - b)
      return account(await readSpans(db, { instants, ...which }), config.prices, by, idOf)
    },
  }
}
