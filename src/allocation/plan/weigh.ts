/** What a member's place costs: spread before nearness, nearness before preferred traits, those before how full it gets. */
import { freeOf, type Demand, type Inventory, type Provider } from './shape.ts'

export interface Survivor {
  readonly provider: Provider
  /** By class, in the demand's order; falls with each member. */
  free: number[]
  /** Whether another member has room. */
  hasRoom: boolean
  domain: string | undefined
  /** Of its cost what is its own; changes only when it takes a member. */
  own: number
}

export interface Weights {
  /** The smaller the better; infinite: not there. */
  cost(survivor: Survivor): number
  take(survivor: Survivor): void
}

const perMember = 1_000_000
const perStep = 1_000
const perTrait = 10

export function weigh(survivors: readonly Survivor[], demand: Demand): Weights {
  const fill = fillCosts(demand)
  const { spread } = demand
  for (const survivor of survivors) {
    const { provider } = survivor
    if (spread !== undefined)
      survivor.domain = spread.over === 'provider' ? provider.key : provider.domain(spread.over)
    survivor.own = wishCost(provider, demand) + fill(survivor)
  }
  const members = new Map<string, number>()
  return {
    cost: (survivor) => apartCost(survivor, demand, members) + survivor.own,
    take(survivor) {
      const { domain, provider } = survivor
      survivor.own = wishCost(provider, demand) + fill(survivor)
      if (domain !== undefined) members.set(domain, (members.get(domain) ?? 0) + 1)
    },
  }
}

function apartCost({ domain }: Survivor, demand: Demand, members: ReadonlyMap<string, number>): number {
  const { spread } = demand
  if (spread === undefined) return 0
  // What it fails with is not known: it cannot be said to stand apart.
  if (domain === undefined)
    return spread.required && demand.count > spread.atMost ? Infinity : perMember * 100
  const there = members.get(domain) ?? 0
  return there >= spread.atMost && spread.required ? Infinity : there * perMember
}

function wishCost(provider: Provider, { prefer, distance }: Demand): number {
  let cost = distance === undefined ? 0 : Math.min(distance(provider), 900) * perStep
  for (const trait of prefer) if (!provider.traits.has(trait)) cost += perTrait
  return cost
}

/**
 * 0..1 and, where it has a rare class that nobody asks for, one more. Packing leaves the least behind, and of all classes alike, so that the next can use it: a machine
 * with processors and no memory left is of use to nobody. Otherwise the emptiest first, by what is asked for.
 */
function fillCosts(demand: Demand): (survivor: Survivor) => number {
  const names = Object.keys(demand.amounts)
  const amounts = Object.values(demand.amounts)
  const shareLeft = ({ total, ratio }: Inventory, free: number): number => free / Math.max(1, total * ratio)
  const emptied = ({ provider: { inventories }, free }: Survivor): number => {
    let left = 0
    for (let index = 0; index < names.length; index++)
      left += shareLeft(inventories[names[index]!]!, free[index]! - amounts[index]!)
    return names.length === 0 ? 1 : 1 - left / names.length
  }
  const packed = ({ provider: { inventories }, free }: Survivor): number => {
    let [sum, count, least, most, isRare] = [0, 0, 1, 0, false]
    for (const name in inventories) {
      const inventory = inventories[name]!
      if (inventory.total === 0) continue
      const index = names.indexOf(name)
      isRare ||= index < 0 && inventory.scarce === true
      const share = shareLeft(inventory, index < 0 ? freeOf(inventory) : free[index]! - amounts[index]!)
      sum += share
      count++
      least = Math.min(least, share)
      most = Math.max(most, share)
    }
    return (isRare ? 1 : 0) + (count === 0 ? 0 : (sum / count + most - least) / 2)
  }
  return demand.pack ? packed : emptied
}
