/** How much there is of what, pool by pool. */
import type { Capacity, PoolState } from '../allocation.ts'
import { isNamedClass } from '../class.ts'
import type { Stock } from '../compose.ts'
import { freeOf } from '../plan.ts'

export function poolStates({ fleet, usage, claimed }: Stock): PoolState[] {
  return fleet.pools.map((pool) => {
    const providers = fleet.providers(pool, usage)
    const sums = new Map<string, Capacity>()
    for (const provider of providers) {
      const named = Object.keys(provider.inventories).find(isNamedClass)
      if (named !== undefined) fleet.count(provider, claimed.get(`${provider.key} ${named}`))
      const isUsable = provider.unusable === undefined
      for (const [name, inventory] of Object.entries(provider.inventories)) {
        const own = isUsable ? freeOf(inventory) : 0
        const known = sums.get(name) ?? {
          class: name,
          total: 0,
          reserved: 0,
          used: 0,
          free: 0,
          largestFree: 0,
        }
        sums.set(name, {
          class: name,
          total: known.total + Math.floor(inventory.total * inventory.ratio),
          reserved: known.reserved + inventory.reserved,
          used: known.used + inventory.used,
          free: known.free + own,
          largestFree: Math.max(known.largestFree, isUsable ? Math.min(own, inventory.largest ?? own) : 0),
        })
      }
    }
    const traits = [...new Set(providers.flatMap((provider) => [...provider.traits]))].sort()
    return {
      name: pool.name,
      kind: pool.kind,
      traits,
      providers: providers.length,
      capacity: [...sums.values()],
    }
  })
}
