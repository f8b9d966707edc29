/**
 * The pure decision which providers serve a request: filter, then weigh, then one member after the other. The same input gives the same answer, and the
 * answer says why: what was rejected for which reason, and what lacks by how much.
 */
import {
  freeOf,
  type Decision,
  type Demand,
  type Inventory,
  type Provider,
  type Rejection,
} from './plan/shape.ts'
import { weigh, type Survivor } from './plan/weigh.ts'

export type {
  Decision,
  Demand,
  Domain,
  Inventory,
  Provider,
  Rejection,
  Shortage,
  Spread,
} from './plan/shape.ts'
export { domains, freeOf } from './plan/shape.ts'

export function decide(providers: readonly Provider[], demand: Demand): Decision {
  const rejected = new Rejections()
  const survivors = filter(providers, demand, rejected)
  const chosen = choose(survivors, demand, rejected)
  const feasible = chosen.length === demand.count
  return {
    feasible,
    chosen: feasible ? chosen : [],
    short: feasible ? [] : shortOf(survivors, demand, chosen.length),
    rejected: rejected.list,
  }
}

class Rejections {
  readonly #byReason = new Map<string, Rejection>()

  add(reason: string, provider: Provider): void {
    const known = this.#byReason.get(reason)
    if (known === undefined) this.#byReason.set(reason, { reason, providers: [provider] })
    else known.providers.push(provider)
  }

  get list(): Rejection[] {
    return [...this.#byReason.values()]
  }
}

function filter(providers: readonly Provider[], demand: Demand, rejected: Rejections): Survivor[] {
  const unfit = fitness(demand)
  const names = Object.keys(demand.amounts)
  const survivors: Survivor[] = []
  for (const provider of providers) {
    const reason = unfit(provider)
    if (reason !== undefined) {
      rejected.add(reason, provider)
      continue
    }
    const free = names.map((name) => freeOf(provider.inventories[name]!))
    survivors.push({ provider, free, hasRoom: true, domain: undefined, own: 0 })
  }
  return survivors
}

/** Why a provider cannot serve a single member; undefined when it can. The words are made once, not for each of a hundred thousand. */
function fitness({ require, forbid, tenantId, amounts }: Demand): (provider: Provider) => string | undefined {
  const required = require.map((trait) => ({ trait, reason: `lacks the trait ${trait}` }))
  const forbidden = forbid.map((trait) => ({ trait, reason: `has the trait ${trait}` }))
  const asked = Object.entries(amounts).map(([name, amount]) => ({
    ...{ name, amount },
    none: `offers no ${name}`,
    little: `has too little ${name} free`,
  }))
  return (provider) => {
    const { unusable, tenantId: holder, traits, inventories } = provider
    if (unusable !== undefined) return unusable
    if (holder !== null && holder !== tenantId) return 'belongs to another tenant'
    for (const { trait, reason } of required) if (!traits.has(trait)) return reason
    for (const { trait, reason } of forbidden) if (traits.has(trait)) return reason
    for (const { name, amount, none, little } of asked) {
      const inventory = inventories[name]
      if (inventory === undefined) return none
      const reason = unfitAmount(inventory, amount, name, little)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

function unfitAmount(inventory: Inventory, amount: number, name: string, little: string): string | undefined {
  if (amount < inventory.min) return `gives ${name} from ${inventory.min} up`
  if (amount > inventory.max) return `gives at most ${inventory.max} ${name} at once`
  if (amount % inventory.step !== 0) return `gives ${name} in steps of ${inventory.step}`
  // In one piece: units side by side in a rack.
  const most = inventory.largest ?? freeOf(inventory)
  return amount > most ? little : undefined
}

/** One member after the other; each takes the best that is left. */
function choose(survivors: readonly Survivor[], demand: Demand, rejected: Rejections): Provider[] {
  const amounts = Object.values(demand.amounts)
  const { cost, take } = weigh(survivors, demand)
  const chosen: Provider[] = []
  for (let member = 0; member < demand.count; member++) {
    let best: Survivor | undefined
    let least = Infinity
    for (const survivor of survivors) {
      const own = survivor.hasRoom ? cost(survivor) : Infinity
      if (own < least) [best, least] = [survivor, own]
    }
    if (best === undefined) {
      tellTaken(survivors, demand, rejected)
      return chosen
    }
    best.free = best.free.map((free, index) => free - amounts[index]!)
    best.hasRoom = fits(best, amounts)
    take(best)
    chosen.push(best.provider)
  }
  return chosen
}

function fits({ free }: Survivor, amounts: readonly number[]): boolean {
  for (let index = 0; index < amounts.length; index++) if (amounts[index]! > free[index]!) return false
  return true
}

function tellTaken(survivors: readonly Survivor[], demand: Demand, rejected: Rejections): void {
  for (const survivor of survivors) {
    if (!survivor.hasRoom) rejected.add('holds as many members as it can', survivor.provider)
    else if (demand.spread)
      rejected.add(`its ${demand.spread.over} has as many members as it may`, survivor.provider)
  }
}

/** By how much each class lacks for the members that have no place. */
function shortOf(survivors: readonly Survivor[], demand: Demand, placed: number): Decision['short'] {
  const missing = demand.count - placed
  return Object.entries(demand.amounts).map(([name, amount], index) => ({
    class: name,
    asked: amount * demand.count,
    free: survivors.reduce((sum, { free }) => sum + free[index]!, 0) + placed * amount,
    missing: missing * amount,
  }))
}
