/** What a member's place costs: spread before nearness, nearness before preferred traits, those before how full it gets. */
import type { Demand, Provider } from './shape.ts'

export interface Survivor {
  readonly provider: Provider
  /** By class, in the demand's order; falls with each member. */
  free: number[]
  taken: number
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
  const members = new Map<string, number>()
  const fixed = new Map<Survivor, number>()
  const scarce = scarcity(survivors, demand)
  return {
    cost(survivor) {
      const apart = apartCost(survivor, demand, members)
      if (apart === Infinity) return Infinity
      let own = fixed.get(survivor)
      if (own === undefined) fixed.set(survivor, (own = ownCost(survivor.provider, demand)))
      return apart + own + fillCost(survivor, demand, scarce)
    },
    take({ provider }) {
      const domain = domainOf(provider, demand)
      if (domain !== undefined) members.set(domain, (members.get(domain) ?? 0) + 1)
    },
  }
}

const domainOf = (provider: Provider, { spread }: Demand): string | undefined =>
  spread === undefined ? undefined : spread.over === 'provider' ? provider.key : provider.domain(spread.over)

function apartCost({ provider }: Survivor, demand: Demand, members: ReadonlyMap<string, number>): number {
  const { spread } = demand
  if (spread === undefined) return 0
  const domain = domainOf(provider, demand)
  // What it fails with is not known: it cannot be said to stand apart.
  if (domain === undefined)
    return spread.required && demand.count > spread.atMost ? Infinity : perMember * 100
  const there = members.get(domain) ?? 0
  return there >= spread.atMost && spread.required ? Infinity : there * perMember
}

function ownCost(provider: Provider, { prefer, distance }: Demand): number {
  const wished = prefer.reduce((sum, trait) => sum + (provider.traits.has(trait) ? 0 : perTrait), 0)
  return wished + (distance === undefined ? 0 : Math.min(distance(provider), 900) * perStep)
}

/** How dear a class is: the share of all that is free that one member asks for, so that what is rare is left whole. */
function scarcity(survivors: readonly Survivor[], demand: Demand): number[] {
  const amounts = Object.values(demand.amounts)
  const free = amounts.map((_, index) => survivors.reduce((sum, one) => sum + one.free[index]!, 0))
  return amounts.map((amount, index) => (free[index] === 0 ? 1 : amount / free[index]!))
}

/**
 * 0..1. Packing leaves the least behind, each class by its share of what the provider has; and puts what needs no rare class where there is none of it.
 * Otherwise the emptiest first.
 */
function fillCost(survivor: Survivor, demand: Demand, scarce: readonly number[]): number {
  const { inventories } = survivor.provider
  const amounts = demand.amounts
  let left = 0
  let index = 0
  let weights = 0
  for (const name in amounts) {
    const { total, ratio } = inventories[name]!
    const weight = 1 + scarce[index]!
    left += (weight * (survivor.free[index]! - amounts[name]!)) / Math.max(1, total * ratio)
    weights += weight
    index++
  }
  const share = weights === 0 ? 0 : left / weights
  if (!demand.pack) return 1 - share
  for (const name in inventories) {
    if (name in amounts) continue
    const other = inventories[name]!
    if (other.total > 0 && other.scarce === true) return share + 1
  }
  return share
}
