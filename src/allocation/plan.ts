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
  const classes = Object.keys(demand.amounts)
  const amounts = classes.map((name) => demand.amounts[name]!)
  const survivors: Survivor[] = []
  for (const provider of providers) {
    const reason = unfit(provider, demand, classes, amounts)
    if (reason === undefined)
      survivors.push({ provider, free: classes.map((name) => freeIn(provider, name)), taken: 0 })
    else rejected.add(reason, provider)
  }
  return survivors
}

const freeIn = (provider: Provider, name: string): number => freeOf(provider.inventories[name]!)

/** Why the provider cannot serve a single member; undefined when it can. */
function unfit(
  provider: Provider,
  { require, forbid, tenantId }: Demand,
  classes: readonly string[],
  amounts: readonly number[],
): string | undefined {
  if (provider.unusable !== undefined) return provider.unusable
  if (provider.tenantId !== null && provider.tenantId !== tenantId) return 'belongs to another tenant'
  for (const trait of require) if (!provider.traits.has(trait)) return `lacks the trait ${trait}`
  for (const trait of forbid) if (provider.traits.has(trait)) return `has the trait ${trait}`
  for (let index = 0; index < classes.length; index++) {
    const inventory = provider.inventories[classes[index]!]
    if (inventory === undefined) return `offers no ${classes[index]}`
    const reason = unfitAmount(inventory, amounts[index]!, classes[index]!)
    if (reason !== undefined) return reason
  }
  return undefined
}

function unfitAmount(inventory: Inventory, amount: number, name: string): string | undefined {
  if (amount < inventory.min) return `gives ${name} from ${inventory.min} up`
  if (amount > inventory.max) return `gives at most ${inventory.max} ${name} at once`
  if (amount % inventory.step !== 0) return `gives ${name} in steps of ${inventory.step}`
  // In one piece: units side by side in a rack.
  const most = inventory.largest ?? freeOf(inventory)
  return amount > most ? `has too little ${name} free` : undefined
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
      const own = fits(survivor, amounts) ? cost(survivor) : Infinity
      if (own < least) [best, least] = [survivor, own]
    }
    if (best === undefined) {
      tellTaken(survivors, amounts, demand, rejected)
      return chosen
    }
    best.taken++
    best.free = best.free.map((free, index) => free - amounts[index]!)
    take(best)
    chosen.push(best.provider)
  }
  return chosen
}

function fits({ free }: Survivor, amounts: readonly number[]): boolean {
  for (let index = 0; index < amounts.length; index++) if (amounts[index]! > free[index]!) return false
  return true
}

function tellTaken(
  survivors: readonly Survivor[],
  amounts: readonly number[],
  demand: Demand,
  rejected: Rejections,
): void {
  for (const survivor of survivors) {
    if (!fits(survivor, amounts)) rejected.add('holds as many members as it can', survivor.provider)
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
