/** What a member's place costs: spread before nearness, nearness before preferred traits, those before how full it gets. */
import type { Demand, Provider } from './shape.ts'

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
  const fill = fillCosts(survivors, demand)
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

/** How dear a class is: the share of all that is free that one member asks for, so that what is rare is left whole. */
function scarcity(survivors: readonly Survivor[], amounts: readonly number[]): number[] {
  const free = amounts.map(() => 0)
  for (const one of survivors)
    for (let index = 0; index < free.length; index++) free[index]! += one.free[index]!
  return amounts.map((amount, index) => (free[index] === 0 ? 1 : amount / free[index]!))
}

/**
 * 0..1. Packing leaves the least behind, each class by its share of what the provider has; and puts what needs no rare class where there is none of it.
 * Otherwise the emptiest first.
 */
function fillCosts(survivors: readonly Survivor[], demand: Demand): (survivor: Survivor) => number {
  const names = Object.keys(demand.amounts)
  const amounts = Object.values(demand.amounts)
  const weights = scarcity(survivors, amounts).map((scarce) => 1 + scarce)
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return ({ provider: { inventories }, free }) => {
    let left = 0
    for (let index = 0; index < names.length; index++) {
      const { total, ratio } = inventories[names[index]!]!
      left += (weights[index]! * (free[index]! - amounts[index]!)) / Math.max(1, total * ratio)
    }
    const share = whole === 0 ? 0 : left / whole
    if (!demand.pack) return 1 - share
    for (const name in inventories)
      if (inventories[name]!.scarce === true && inventories[name]!.total > 0 && !names.includes(name))
        return share + 1
    return share
  }
}
