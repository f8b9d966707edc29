/** The providers of the configured pools, as the graph and the claims say. Kept between requests: only what changed is made anew. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import { isNamedClass, traitText, type NamedClass } from '../class.ts'
import type { Domain, Inventory, Provider } from '../plan.ts'
import type { PoolConfig } from './config.ts'
import { domainOf } from './domain.ts'
import { guestsOf, sizeOf, type Amounts } from './guest.ts'
import { addressesOf, rackUnitsOf, vlansOf, type Units } from './unit.ts'

export type Usage = ReadonlyMap<string, ReadonlyMap<string, number>>
type Pool = PoolConfig & { name: string }

const none: ReadonlySet<string> = new Set()
/** A class that fewer providers than this share of a pool have is left to who asks for it. */
const scarceShare = 0.5
const guestsStaleMs = 5_000

/** What is around all providers, as it is now. */
interface Surroundings {
  graph: () => Graph
  maintained: () => ReadonlySet<number>
}

/** A resource, or a pool itself, as it gives. */
export class FleetProvider implements Provider {
  readonly key: string
  readonly name: string
  readonly resourceId: number | null
  readonly pool: string
  readonly traits: ReadonlySet<string>
  readonly inventories: Record<string, Inventory>
  readonly revision: number
  readonly #graph: () => Graph
  readonly #statuses: ReadonlySet<string>
  readonly #maintained: () => ReadonlySet<number>
  readonly #domains = new Map<Domain, string | undefined>()
  #linkChanges: number | undefined
  #guests: { links: number; atMs: number; amounts: Amounts } | undefined
  vertex: Vertex | null

  constructor(
    { graph, maintained }: Surroundings,
    pool: Pool,
    vertex: Vertex | null,
    inventories: Record<string, Inventory>,
  ) {
    this.#graph = graph
    this.#maintained = maintained
    this.#statuses = new Set<string>(pool.where.status)
    this.key = vertex === null ? `pool/${pool.name}` : String(vertex.id)
    this.name = vertex?.name ?? pool.name
    this.resourceId = vertex?.id ?? null
    this.pool = pool.name
    this.traits = new Set([...pool.traits, ...(vertex === null ? [] : traitsOf(vertex))])
    this.inventories = inventories
    this.revision = vertex?.revision ?? 0
    this.vertex = vertex
  }

  get tenantId(): number | null {
    return this.vertex?.tenantId ?? null
  }

  get unusable(): string | undefined {
    const { vertex } = this
    if (vertex === null) return undefined
    if (!this.#statuses.has(vertex.status ?? 'NONE'))
      return vertex.status === null ? 'has no status' : `is ${vertex.status}`
    if (this.#maintained().has(vertex.id)) return 'is in maintenance'
    if (vertex.health === 'CRITICAL') return 'is in a critical state'
    return (this.inventories['CUSTOM_SERVER']?.used ?? 0) > 0 ? 'is given as a whole' : undefined
  }

  /** What runs on it that is no claim. Machines that come, go or move count at once, those that change their size within seconds. */
  get guests(): Amounts {
    const links = this.#graph().linkChanges ?? Number.NaN
    const atMs = performance.now()
    if (this.#guests?.links !== links || atMs - this.#guests.atMs > guestsStaleMs)
      this.#guests = { links, atMs, amounts: guestsOf(this.#graph(), this.vertex!) }
    return this.#guests.amounts
  }

  domain(of: Domain): string | undefined {
    const { vertex } = this
    if (vertex === null) return of === 'provider' ? this.key : undefined
    const graph = this.#graph()
    if (graph.linkChanges === undefined || graph.linkChanges !== this.#linkChanges) {
      this.#domains.clear()
      this.#linkChanges = graph.linkChanges
    }
    if (!this.#domains.has(of)) this.#domains.set(of, domainOf(graph, vertex, of))
    return this.#domains.get(of)
  }
}

/** Labels and what it is made of: `gpu: a100` is CUSTOM_GPU_A100, `ssd: true` is CUSTOM_SSD. */
function traitsOf({ labels, fields }: Vertex): string[] {
  const told = Object.entries(labels).map(([key, value]) =>
    value === 'true' ? traitText(key) : value === 'false' ? '' : traitText(`${key}_${value}`),
  )
  const model = typeof fields['model'] === 'string' ? [`MODEL_${traitText(fields['model'])}`] : []
  return [...told, ...model].filter((text) => text !== '').map((text) => `CUSTOM_${text}`)
}

function toInventory(pool: Pool, name: string, told: number): Inventory {
  return {
    total: pool.total[name] ?? told,
    reserved: pool.reserved[name] ?? 0,
    ratio: pool.ratio[name] ?? 1,
    min: pool.min[name] ?? 1,
    max: pool.max[name] ?? Number.MAX_SAFE_INTEGER,
    step: pool.step[name] ?? 1,
    used: 0,
  }
}

/** What a resource tells of itself. */
function toldBy(vertex: Vertex): Record<string, number> {
  const { kind, fields } = vertex
  switch (kind.name) {
    case 'Prefix':
      return { [String(fields['cidr']).includes(':') ? 'IPV6_ADDRESS' : 'IPV4_ADDRESS']: 0 }
    case 'Rack':
      return { CUSTOM_RACK_UNIT: Number(fields['heightUnits'] ?? 0) }
    case 'Server':
      return { CUSTOM_SERVER: 1, ...sizeOf(vertex, Math.floor) }
    default:
      return sizeOf(vertex, Math.floor)
  }
}

export class Fleet {
  readonly #pools: readonly Pool[]
  readonly #graph: () => Graph
  readonly #around: Surroundings
  readonly #readMaintained: () => ReadonlySet<number>
  #maintained: ReadonlySet<number> = new Set<number>()
  readonly #known = new Map<string, Map<number, FleetProvider>>()

  /** `maintained`: what is in maintenance, read once for each look at a pool. */
  constructor(
    pools: Readonly<Record<string, PoolConfig>>,
    graph: () => Graph,
    maintained: () => ReadonlySet<number>,
  ) {
    this.#pools = Object.entries(pools).map(([name, pool]) => ({ ...pool, name }))
    this.#graph = graph
    this.#readMaintained = maintained
    this.#around = { graph, maintained: () => this.#maintained }
  }

  get pools(): readonly Pool[] {
    return this.#pools
  }

  /** Those of one pool, with what is used of them. */
  providers(pool: Pool, usage: Usage): FleetProvider[] {
    this.#maintained = this.#readMaintained()
    if (pool.kind === 'Vlan')
      return [
        new FleetProvider(this.#around, pool, null, { CUSTOM_VLAN: toInventory(pool, 'CUSTOM_VLAN', 0) }),
      ]
    const before = this.#known.get(pool.name)
    const now = new Map<number, FleetProvider>()
    const graph = this.#graph()
    for (const vertex of graph.ofType(pool.kind)) {
      const known = before?.get(vertex.id)
      const isSame = known !== undefined && known.vertex === vertex && known.revision === vertex.revision
      if (isSame) now.set(vertex.id, known)
      else if (isIn(pool, vertex, graph)) now.set(vertex.id, this.#toProvider(pool, vertex))
    }
    const list = [...now.values()]
    if (isHost(pool)) for (const provider of list) noteUsed(provider, usage.get(provider.key), graph)
    this.#known.set(pool.name, now)
    noteScarce(list)
    return list
  }

  #toProvider(pool: Pool, vertex: Vertex): FleetProvider {
    const told = { ...toldBy(vertex), ...(isHost(pool) ? pool.total : {}) }
    const inventories = Object.fromEntries(
      Object.entries(told).map(([name, amount]) => [name, toInventory(pool, name, amount)]),
    )
    return new FleetProvider(this.#around, pool, vertex, inventories)
  }

  /** The named units of a provider, beyond those that are claimed. */
  units(provider: FleetProvider, name: NamedClass, claimed: ReadonlySet<string> = none): Units {
    const pool = this.#pools.find((one) => one.name === provider.pool)!
    const graph = this.#graph()
    if (pool.vlans !== undefined) return vlansOf(graph, pool.vlans, claimed)
    const vertex = provider.vertex!
    if (name === 'CUSTOM_RACK_UNIT') return rackUnitsOf(graph, vertex, claimed)
    return addressesOf(graph, vertex, claimed, pool.reserved[name] ?? 0)
  }

  /** Counts the named units, which the graph tells. */
  count(provider: FleetProvider, claimed: ReadonlySet<string> = none): void {
    for (const [name, inventory] of Object.entries(provider.inventories)) {
      if (!isNamedClass(name)) continue
      const { total, used, largest } = this.units(provider, name, claimed)
      Object.assign(inventory, { total, used }, largest === undefined ? {} : { largest })
    }
  }
}

/** Of what runs others. */
const isHost = ({ kind }: Pool): boolean => kind === 'Server' || kind === 'VirtualMachine'

function isIn({ where }: Pool, vertex: Vertex, graph: Graph): boolean {
  if (
    where.name !== undefined &&
    !where.name.includes(vertex.name) &&
    !where.name.includes(String(vertex.fields['cidr']))
  )
    return false
  if (where.role !== undefined && !where.role.includes(String(vertex.fields['role']))) return false
  for (const [key, value] of Object.entries(where.labels)) if (vertex.labels[key] !== value) return false
  if (where.site === undefined) return true
  const site = vertex.siteId === null ? undefined : graph.get(vertex.siteId)
  return site !== undefined && where.site.includes(site.name)
}

function noteUsed(
  provider: FleetProvider,
  used: ReadonlyMap<string, number> | undefined,
  graph: Graph,
): void {
  const { guests } = provider
  for (const name in provider.inventories)
    provider.inventories[name]!.used = (used?.get(name) ?? 0) + (guests[name] ?? 0)
  const whole = provider.inventories['CUSTOM_SERVER']
  if (whole === undefined || whole.used > 0) return
  const isShared = used !== undefined && [...used.values()].some((amount) => amount > 0)
  whole.reserved = isShared || graph.degree(provider.vertex!, 'RUNS_ON', 'in') > 0 ? 1 : 0
}

function noteScarce(providers: readonly FleetProvider[]): void {
  const counts = new Map<string, number>()
  for (const { inventories } of providers)
    for (const name in inventories) counts.set(name, (counts.get(name) ?? 0) + 1)
  const scarce = new Set(
    [...counts].filter(([, count]) => count < providers.length * scarceShare).map(([name]) => name),
  )
  if (scarce.size === 0) return
  for (const { inventories } of providers)
    for (const name of scarce) if (inventories[name] !== undefined) inventories[name].scarce = true
}
