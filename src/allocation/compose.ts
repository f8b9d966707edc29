/** A request and what there is, made one plan: who serves each member with what, down to the names. Decides by `plan`; reads, and changes nothing. */
import { createHash } from 'node:crypto'
import type { Graph } from '../graph/graph.ts'
import type { Plan, PlannedClaim, PlanRejection } from './allocation.ts'
import { fill } from './blueprint/index.ts'
import { isNamedClass, type NamedClass } from './class.ts'
import { prefixed, type Draft, type Group } from './draft.ts'
import { decide, type Decision, type Demand, type Provider, type Shortage } from './plan.ts'
import { rackOf } from './pool/domain.ts'
import type { Fleet, FleetProvider, Usage } from './pool/fleet.ts'

export interface Stock {
  graph: Graph
  fleet: Fleet
  usage: Usage
  /** Units that are claimed, by provider and class (`provider class`): known beyond the graph. */
  claimed: ReadonlyMap<string, ReadonlySet<string>>
}

export function compose(draft: Draft, stock: Stock): Plan {
  const parts = draft.groups.map((group, index) => serve(draft, group, index === 0, stock))
  const feasible = parts.every(({ claims }) => claims !== undefined)
  const claims = feasible ? parts.flatMap((part) => part.claims!) : []
  return {
    feasible,
    token: feasible ? tokenOf(draft, claims) : null,
    claims: claims.toSorted((one, other) => one.member - other.member),
    short: parts.flatMap(({ short }) => short),
    rejected: parts.flatMap(({ rejected }) => rejected),
  }
}

interface Served {
  claims: PlannedClaim[] | undefined
  short: readonly Shortage[]
  rejected: readonly PlanRejection[]
}

function serve(draft: Draft, group: Group, isFirst: boolean, stock: Stock): Served {
  const classes = group.claims.map((claim) => claim.class)
  const providers = candidates(draft, classes, stock)
  const demand = demandOf(draft, group, isFirst, stock)
  const decision = decide(providers, demand)
  const rejected = decision.rejected.map((one) => toRejection(one, classes[0]!))
  const short = decision.short.length > 0 ? decision.short : []
  if (!decision.feasible) return { claims: undefined, short, rejected }
  return { ...assign(draft, group, decision, stock), rejected }
}

const toRejection = ({ reason, providers }: Decision['rejected'][number], name: string): PlanRejection => ({
  class: name,
  reason,
  count: providers.length,
  resourceIds: providers.flatMap(({ resourceId }) => resourceId ?? []),
})

/** Of the pools that offer all of the classes to this tenant. A provider of several pools counts once. */
function candidates(
  { request }: Draft,
  classes: readonly string[],
  { fleet, usage, claimed }: Stock,
): FleetProvider[] {
  const found = new Map<string, FleetProvider>()
  for (const pool of fleet.pools) {
    if (request.pool !== undefined && !request.pool.includes(pool.name)) continue
    if (pool.tenants !== undefined && !pool.tenants.includes(request.tenantName)) continue
    if (!classes.some((name) => isOfKind(pool.kind, name))) continue
    for (const provider of fleet.providers(pool, usage)) {
      if (found.has(provider.key)) continue
      const [first] = classes
      if (isNamedClass(first!)) {
        if (provider.inventories[first] === undefined) continue
        fleet.count(provider, claimed.get(`${provider.key} ${first}`))
      }
      found.set(provider.key, provider)
    }
  }
  return [...found.values()]
}

const kindOf: Readonly<Record<NamedClass, string>> = {
  IPV4_ADDRESS: 'Prefix',
  IPV6_ADDRESS: 'Prefix',
  CUSTOM_VLAN: 'Vlan',
  CUSTOM_RACK_UNIT: 'Rack',
}
const isOfKind = (kind: string, name: string): boolean =>
  isNamedClass(name) ? kindOf[name] === kind : kind === 'Server' || kind === 'VirtualMachine'

function demandOf(
  { blueprint, request, count }: Draft,
  group: Group,
  isFirst: boolean,
  { graph }: Stock,
): Demand {
  const { spread = blueprint.spread, near = [] } = request
  return {
    amounts: Object.fromEntries(group.claims.map((claim) => [claim.class, claim.amount])),
    count,
    tenantId: request.tenantId,
    require: group.require,
    forbid: group.forbid,
    prefer: [...(request.prefer ?? []), ...blueprint.prefer],
    spread: isFirst ? spread : undefined,
    distance: isFirst && near.length > 0 ? distanceTo(graph, near) : undefined,
    pack: blueprint.pack,
  }
}

/** 0: it itself, 1: in the same rack, 2: at the same site, 3: elsewhere; the sum over all that it should be near to. */
function distanceTo(graph: Graph, near: readonly number[]): (provider: Provider) => number {
  const targets = near.flatMap((id) => {
    const vertex = graph.get(id)
    return vertex === undefined
      ? []
      : [
          {
            id,
            rack: rackOf(graph, vertex)?.id.toString(),
            site: vertex.kind.name === 'Site' ? String(id) : vertex.siteId?.toString(),
          },
        ]
  })
  return (provider) =>
    targets.reduce((sum, { id, rack, site }) => {
      if (provider.resourceId === id) return sum
      if (rack !== undefined && provider.domain('rack') === rack) return sum + 1
      return sum + (site !== undefined && provider.domain('site') === site ? 2 : 3)
    }, 0)
}

/** The chosen providers with amounts, and with the units' names where they have some. */
function assign(draft: Draft, group: Group, { chosen }: Decision, stock: Stock): Omit<Served, 'rejected'> {
  const given = new Map<string, Set<string>>()
  const claims: PlannedClaim[] = []
  for (const [index, provider] of chosen.entries()) {
    for (const { class: name, amount, name: text } of group.claims) {
      const member = index + 1
      const units = isNamedClass(name) ? nextUnits(stock, provider as FleetProvider, name, amount, given) : []
      if (units === undefined)
        return {
          claims: undefined,
          short: [
            {
              class: name,
              asked: amount * draft.count,
              free: index * amount,
              missing: (draft.count - index) * amount,
            },
          ],
        }
      const values = {
        ...prefixed(draft.parameters),
        name: draft.request.name,
        tenant: draft.request.tenantName,
        member,
        unit: units[0] ?? '',
      }
      const own = text === undefined ? null : fill(text, values) || null
      claims.push({
        ...{ member, class: name, amount, pool: provider.pool, provider: provider.key },
        ...{ resourceId: provider.resourceId, providerName: provider.name, units, name: own },
        ...groupIn(stock, provider.pool),
      })
    }
  }
  return { claims, short: [] }
}

/** Numbers of VLANs are unique within a group. */
function groupIn({ fleet }: Stock, pool: string): { group?: string } {
  const vlans = fleet.pools.find(({ name }) => name === pool)?.vlans
  return vlans === undefined ? {} : { group: vlans.group }
}

function nextUnits(
  { fleet, claimed }: Stock,
  provider: FleetProvider,
  name: NamedClass,
  amount: number,
  given: Map<string, Set<string>>,
): string[] | undefined {
  const key = `${provider.key} ${name}`
  const own = given.get(key) ?? new Set(claimed.get(key))
  given.set(key, own)
  const units = fleet.units(provider, name, own).next(amount)
  if (units.length < amount) return undefined
  for (const unit of units) own.add(unit)
  return units
}

/** The same plan has the same token: it tells nothing and grants nothing. */
function tokenOf({ request, parameters }: Draft, claims: readonly PlannedClaim[]): string {
  const { tenantId, name, blueprint, leaseMs } = request
  const said = JSON.stringify([tenantId, name, blueprint, leaseMs ?? null, parameters, claims])
  return createHash('sha256').update(said).digest('base64url')
}
