/**
 * Terminology
 * - held: a resource whose tenant is one of the viewer's, and the tenants themselves. The viewer sees it in full.
 * - carrier: what a held resource stands in, runs on, is a part of or hangs on. The viewer knows its name.
 * Both are sets that are kept while events are applied: the graph notes whose place changed, and a set that is asked for takes the notes since it was
 * asked before. Nothing is kept for graphs that nobody with tenants asks.
 */
import type { LinkType } from '../resource/kind/link.ts'
import type { ResourceId } from '../resource/resource.ts'
import { inward, outward, type Side } from './adjacency.ts'
import type { MemoryGraph } from './memory.ts'
import { NamedVertex } from './named.ts'
import type { StoredVertex } from './vertex.ts'

/** Ways up: what is at the other end carries this one, and is itself carried on. */
const upward: readonly LinkType[] = ['LOCATED_IN', 'PART_OF', 'RUNS_ON']
/** Ways to what only a held resource makes known: its network, cluster, image, volume's machine and feed. */
const beside: readonly LinkType[] = ['MEMBER_OF', 'ASSIGNED_TO', 'ATTACHED_TO', 'BOOTED_FROM', 'POWERED_BY']
const cable: LinkType = 'CONNECTED_TO'

const telling: ReadonlySet<LinkType> = new Set([...upward, ...beside, cable])
const up: ReadonlySet<LinkType> = new Set(upward)

/** Whether a link of the type can make its further end known by name to who holds the nearer one. */
export const carries = (type: LinkType): boolean => telling.has(type)
/** Whether a link between two resources that are known by name only is told. */
export const isUpward = (type: LinkType): boolean => up.has(type)

/** Names of tenants and sources are nobody else's business. */
const isPrivate = (vertex: StoredVertex): boolean =>
  vertex.kind.name === 'Tenant' || vertex.kind.name === 'Source'

const mostTenancies = 256
const longestJournal = 100_000

/** The tenancies of one graph. */
export class Tenancies {
  readonly graph: MemoryGraph
  readonly #held = new Map<ResourceId, Set<StoredVertex>>()
  readonly #tenancies = new Map<string, Tenancy>()
  /** Whose tenant or links changed, in order. */
  journal: StoredVertex[] = []
  /** Raised when the journal begins anew. */
  volume = 0

  constructor(graph: MemoryGraph) {
    this.graph = graph
    for (const vertex of graph.indexes.ofType('Resource')) this.#enter(vertex, vertex.tenantId)
  }

  of(tenants: ReadonlySet<ResourceId>): Tenancy {
    const name = [...tenants].sort((a, b) => a - b).join()
    const known = this.#tenancies.get(name)
    if (known !== undefined) {
      this.#tenancies.delete(name)
      this.#tenancies.set(name, known)
      return known
    }
    const made = new Tenancy(this, new Set(tenants))
    this.#tenancies.set(name, made)
    for (const oldest of this.#tenancies.keys()) {
      if (this.#tenancies.size <= mostTenancies) break
      this.#tenancies.delete(oldest)
    }
    return made
  }

  heldBy(tenant: ResourceId): ReadonlySet<StoredVertex> {
    return this.#held.get(tenant) ?? new Set()
  }

  /** The vertex is new, gone, another kind, or of another tenant than before. */
  moved(vertex: StoredVertex, before: ResourceId | null, after: ResourceId | null): void {
    if (before !== null) this.#held.get(before)?.delete(vertex)
    this.#enter(vertex, after)
    this.note(vertex)
  }

  #enter(vertex: StoredVertex, tenant: ResourceId | null): void {
    if (tenant === null) return
    const held = this.#held.get(tenant)
    if (held) held.add(vertex)
    else this.#held.set(tenant, new Set([vertex]))
  }

  linked(type: LinkType, from: StoredVertex, to: StoredVertex): void {
    if (!telling.has(type)) return
    this.note(from)
    this.note(to)
  }

  note(vertex: StoredVertex): void {
    if (this.#tenancies.size === 0) return
    if (this.journal.length >= longestJournal) {
      this.journal = []
      this.volume++
    }
    this.journal.push(vertex)
  }
}

/** What those who have these tenants may know of a graph. */
export class Tenancy {
  readonly tenants: ReadonlySet<ResourceId>
  readonly #all: Tenancies
  readonly #carriers = new Map<StoredVertex, NamedVertex>()
  #volume = -1
  #read = 0
  #revision = 0

  constructor(all: Tenancies, tenants: ReadonlySet<ResourceId>) {
    this.#all = all
    this.tenants = tenants
  }

  isHeld(vertex: StoredVertex): boolean {
    return (
      (vertex.tenantId !== null && this.tenants.has(vertex.tenantId)) ||
      (vertex.kind.name === 'Tenant' && this.tenants.has(vertex.id))
    )
  }

  /** The vertex as it may be known; undefined: not at all. */
  see(vertex: StoredVertex): StoredVertex | NamedVertex | undefined {
    if (this.isHeld(vertex)) return vertex
    this.settle()
    return this.#carriers.get(vertex)
  }

  /** Raised when the sets may have changed. */
  get revision(): number {
    this.settle()
    return this.#revision
  }

  /** All that is known, in no order. */
  *known(): Generator<StoredVertex | NamedVertex> {
    this.settle()
    yield* this.#held()
    yield* this.#carriers.values()
  }

  *#held(): Generator<StoredVertex> {
    for (const tenant of this.tenants) {
      yield* this.#all.heldBy(tenant)
      const own = this.#all.graph.get(tenant)
      if (own?.kind.name === 'Tenant' && own.id === tenant && !this.#isHeldByTenant(own))
        yield own as StoredVertex
    }
  }

  #isHeldByTenant({ tenantId }: StoredVertex): boolean {
    return tenantId !== null && this.tenants.has(tenantId)
  }

  /** Takes in what happened since it was asked before. */
  settle(): void {
    const { journal, volume } = this.#all
    if (this.#volume !== volume) {
      this.#volume = volume
      this.#read = journal.length
      this.#revision++
      this.#carriers.clear()
      this.#spread([...this.#held()])
    } else if (this.#read < journal.length) {
      const changed = new Set(journal.slice(this.#read))
      this.#read = journal.length
      this.#revision++
      this.#change(changed)
    }
  }

  /** What may have been carried only by what changed is taken out first, and comes back where something else still says so: cycles cannot keep themselves alive. */
  #change(changed: ReadonlySet<StoredVertex>): void {
    const doubtful = new Set<StoredVertex>(changed)
    for (const vertex of doubtful) {
      // who is no longer held was perhaps until now: all that it could make known is in doubt
      this.#ahead(vertex, true, (next) => {
        if (this.#carriers.has(next)) doubtful.add(next)
      })
    }
    for (const vertex of doubtful) this.#carriers.delete(vertex)
    const { graph } = this.#all
    const known = [...doubtful].filter((vertex) => graph.get(vertex.id) === vertex && this.#takeIn(vertex))
    this.#spread(known)
  }

  /** Whether it is known now; as a carrier when something known says so. */
  #takeIn(vertex: StoredVertex): boolean {
    if (this.isHeld(vertex)) return true
    if (!this.#isSupported(vertex)) return false
    this.#carriers.set(vertex, new NamedVertex(vertex))
    return true
  }

  #spread(from: StoredVertex[]): void {
    for (const vertex of from) {
      this.#ahead(vertex, this.isHeld(vertex), (next) => {
        if (isPrivate(next) || this.isHeld(next) || this.#carriers.has(next)) return
        this.#carriers.set(next, new NamedVertex(next))
        from.push(next)
      })
    }
  }

  /** What the vertex makes known. */
  #ahead(vertex: StoredVertex, isHeld: boolean, take: (next: StoredVertex) => void): void {
    for (const type of upward) this.#each(vertex, type, outward, take)
    if (!isHeld || vertex.kind.name === 'Tenant') return
    for (const type of beside) this.#each(vertex, type, outward, take)
    const takeOpen = (far: StoredVertex): void => {
      if (far.tenantId === null) take(far)
    }
    this.#each(vertex, cable, outward, takeOpen)
    this.#each(vertex, cable, inward, takeOpen)
  }

  #isSupported(vertex: StoredVertex): boolean {
    if (isPrivate(vertex)) return false
    const isKnown = (below: StoredVertex): boolean => this.isHeld(below) || this.#carriers.has(below)
    const isHeld = (one: StoredVertex): boolean => this.isHeld(one) && one.kind.name !== 'Tenant'
    return (
      upward.some((type) => this.#some(vertex, type, inward, isKnown)) ||
      beside.some((type) => this.#some(vertex, type, inward, isHeld)) ||
      (vertex.tenantId === null &&
        (this.#some(vertex, cable, inward, isHeld) || this.#some(vertex, cable, outward, isHeld)))
    )
  }

  #each(vertex: StoredVertex, type: LinkType, side: Side, take: (far: StoredVertex) => void): void {
    this.#some(vertex, type, side, (far) => {
      take(far)
      return false
    })
  }

  #some(vertex: StoredVertex, type: LinkType, side: Side, test: (far: StoredVertex) => boolean): boolean {
    const { adjacency } = this.#all.graph
    const bundle = adjacency.bundle(vertex, type, side)
    if (bundle === 0) return false
    let link = adjacency.head(bundle)
    for (let left = adjacency.count(bundle); left > 0; left--) {
      if (test(adjacency.far(link, side))) return true
      link = adjacency.next(link, side)
    }
    return false
  }
}
