/** How much there is of what, provider by provider and pool by pool. */
import type { Capacity, PoolState, ProviderState } from '../allocation.ts'
import { isNamedClass } from '../class.ts'
import type { Stock } from '../compose.ts'
import { freeOf } from '../plan.ts'
import type { FleetProvider } from './fleet.ts'

/** What one provider has. */
function capacityOf({ fleet, claimed }: Stock, provider: FleetProvider): Capacity[] {
  const named = Object.keys(provider.inventories).find(isNamedClass)
  if (named !== undefined) fleet.count(provider, claimed.get(`${provider.key} ${named}`))
  const isUsable = provider.unusable === undefined
  return Object.entries(provider.inventories).map(([name, inventory]) => {
    const free = isUsable ? freeOf(inventory) : 0
    return {
      class: name,
      total: Math.floor(inventory.total * inventory.ratio),
      reserved: inventory.reserved,
      used: inventory.used,
      free,
      largestFree: Math.min(free, inventory.largest ?? free),
    }
  })
}

/** By class; what is free in one piece is the largest of any. */
export function sumCapacity(all: readonly Capacity[]): Capacity[] {
  const sums = new Map<string, Capacity>()
  for (const one of all) {
    const sum = sums.get(one.class)
    if (sum === undefined) sums.set(one.class, { ...one })
    else
      Object.assign(sum, {
        total: sum.total + one.total,
        reserved: sum.reserved + one.reserved,
        used: sum.used + one.used,
        free: sum.free + one.free,
        largestFree: Math.max(sum.largestFree, one.largestFree),
      })
  }
  return [...sums.values()]
}

/** A provider of several pools stands there for each of them. */
export function providerStates(stock: Stock): ProviderState[] {
  const { fleet, usage } = stock
  return fleet.pools.flatMap((pool) =>
    fleet.providers(pool, usage).map((provider) => ({
      pool: pool.name,
      key: provider.key,
      resourceId: provider.resourceId,
      capacity: capacityOf(stock, provider),
    })),
  )
}

export function poolStates(stock: Stock): PoolState[] {
  const { fleet, usage } = stock
  return fleet.pools.map((pool) => {
    const providers = fleet.providers(pool, usage)
    return {
      name: pool.name,
      kind: pool.kind,
      traits: [...new Set(providers.flatMap((provider) => [...provider.traits]))].sort(),
      providers: providers.length,
      capacity: sumCapacity(providers.flatMap((provider) => capacityOf(stock, provider))),
    }
  })
}
