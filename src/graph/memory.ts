/** The graph as it stands in memory, and the events that change it. How it is laid out, and why: docs/decisions/graph-in-memory.md. */
import { isGraphEvent, type Cursor, type GraphEvent, type LoggedEvent } from '../event/event.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { InterfaceName, Step } from '../resource/kind/kind.ts'
import type { Health, LinkImage, ResourceId, ResourceImage } from '../resource/resource.ts'
import { Adjacency, inward, outward, type Side } from './adjacency.ts'
import type {
  GraphLimits,
  GraphLink,
  LinkQuery,
  LiveGraph,
  Reached,
  ReachOptions,
  ReadableIndex,
  Vertex,
} from './graph.ts'
import { Indexes, kindSet } from './indexes.ts'
import { dependenciesOf, dependentsOf } from './reach.ts'
import { VertexMaker } from './shape.ts'
import type { Tenancies } from './tenancy.ts'
import { StoredVertex } from './vertex.ts'
import { inOrder } from './vertex-list.ts'
import { inLinkOrder, isSymmetric, maskOf, toWanted, withoutDoubles, type LinkTest } from './link-query.ts'
import { walkSteps } from './walk.ts'

type Direction = 'out' | 'in' | 'both'

const shardCount = 1024

export interface MemoryOptions {
  cursor: Cursor
  asOf?: number | null
  /** Most vertices that one walk may touch. */
  visited: number
}

export class MemoryGraph implements LiveGraph {
  readonly asOf: number | null
  readonly limits: GraphLimits
  readonly indexes = new Indexes()
  readonly adjacency = new Adjacency()
  readonly #maker = new VertexMaker()
  /** Many small maps: a large one would stop the process whenever it grows. */
  readonly #byId = Array.from({ length: shardCount }, () => new Map<ResourceId, StoredVertex>())
  readonly #aliases = new Map<ResourceId, ResourceId>()
  #cursor: Cursor
  /** Who may know what; none as long as nobody's view is limited. */
  tenancies: Tenancies | undefined

  constructor({ cursor, asOf = null, visited }: MemoryOptions) {
    this.#cursor = cursor
    this.asOf = asOf
    this.limits = { visited }
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  get size(): number {
    return this.indexes.size('Resource')
  }

  get linkCount(): number {
    return this.adjacency.size
  }

  get linkChanges(): number {
    return this.adjacency.changes
  }

  get(id: ResourceId): StoredVertex | undefined {
    const found = this.#own(id)
    if (found !== undefined || this.#aliases.size === 0) return found
    const passed = new Set<ResourceId>()
    let into = this.#aliases.get(id)
    while (into !== undefined && !passed.has(into)) {
      const survivor = this.#own(into)
      if (survivor !== undefined) return survivor
      passed.add(into)
      into = this.#aliases.get(into)
    }
    return undefined
  }

  #own(id: ResourceId): StoredVertex | undefined {
    return this.#byId[id & (shardCount - 1)]!.get(id)
  }

  ofType(type: KindName | InterfaceName): readonly Vertex[] {
    return this.indexes.ofType(type)
  }

  lookup(type: KindName | InterfaceName, property: string, value: string): readonly Vertex[] {
    return this.indexes.lookup(type, property, value)
  }

  indexesOf(kind: KindName): Iterable<{ property: string; index: ReadableIndex }> {
    return this.indexes.of([kind])
  }

  neighbors(vertex: Vertex, type: LinkType, direction: Direction): Vertex[] {
    const own = vertex as StoredVertex
    const found: StoredVertex[] = []
    const both = direction === 'both' || isSymmetric(type)
    if (both || direction === 'out') this.#collect(own, type, outward, found)
    if (!both) {
      if (direction === 'in') this.#collect(own, type, inward, found)
      return inOrder(found)
    }
    const outs = found.length
    this.#collect(own, type, inward, found)
    if (outs === 0 || outs === found.length) return inOrder(found)
    return inOrder([...new Set(found)])
  }

  #collect(vertex: StoredVertex, type: LinkType, side: Side, into: StoredVertex[]): void {
    const bundle = this.adjacency.bundle(vertex, type, side)
    if (bundle === 0) return
    let link = this.adjacency.head(bundle)
    for (let left = this.adjacency.count(bundle); left > 0; left--) {
      into.push(this.adjacency.far(link, side))
      link = this.adjacency.next(link, side)
    }
  }

  /** Ends of links at the vertex: one from itself to itself has two. */
  degree(vertex: Vertex, type?: LinkType, direction: Direction = 'both'): number {
    const own = vertex as StoredVertex
    const wanted = toWanted({ direction, ...(type === undefined ? {} : { type: [type] }) })
    let sum = 0
    for (let bundle = own.bundle; bundle !== 0; bundle = this.adjacency.nextBundle(bundle)) {
      if (wanted(this.adjacency.typeOf(bundle), this.adjacency.sideOf(bundle)))
        sum += this.adjacency.count(bundle)
    }
    return sum
  }

  links(vertex: Vertex, query: LinkQuery = {}): GraphLink[] {
    let found = this.adjacency.linksOf(vertex as StoredVertex, toWanted(query))
    if (query.kind !== undefined) {
      const kinds = kindSet(query.kind)
      found = found.filter((link) => kinds.has((link.from === vertex ? link.to : link.from).kind.name))
    }
    if (found.some((link) => link.from === link.to)) found = withoutDoubles(found)
    return found.length < 2 ? found : inLinkOrder(vertex, found)
  }

  linksWhere(vertex: Vertex, wanted: LinkTest): GraphLink[] {
    const found = this.adjacency.linksOf(vertex as StoredVertex, maskOf(wanted))
    for (const link of found) if (link.from === link.to) return withoutDoubles(found)
    return found
  }

  findLink(type: LinkType, from: ResourceId, to: ResourceId): GraphLink | undefined {
    const link = this.#find(type, this.get(from), this.get(to))
    return link === 0 ? undefined : this.adjacency.toLink(link)
  }

  #find(type: LinkType, from: StoredVertex | undefined, to: StoredVertex | undefined): number {
    if (from === undefined || to === undefined) return 0
    const link = this.adjacency.find(type, from, to)
    return link === 0 && isSymmetric(type) ? this.adjacency.find(type, to, from) : link
  }

  walk(vertex: Vertex, steps: readonly Step[]): Vertex[] {
    return walkSteps(this, vertex, steps)
  }

  dependents(vertex: Vertex, options?: ReachOptions): Reached[] {
    return dependentsOf(this, vertex, options)
  }

  dependencies(vertex: Vertex, options?: ReachOptions): Reached[] {
    return dependenciesOf(this, vertex, options)
  }

  /** For loading and for events. Throws when the id is there already. */
  add(image: ResourceImage): void {
    if (this.#own(image.id) !== undefined) throw new Error(`resource ${image.id} is there already`)
    if (this.#aliases.has(image.id)) throw new Error(`resource ${image.id} was merged away before`)
    const vertex = this.#maker.make(image)
    this.#byId[image.id & (shardCount - 1)]!.set(image.id, vertex)
    this.adjacency.enter(vertex)
    this.indexes.add(vertex)
    this.tenancies?.moved(vertex, null, vertex.tenantId)
  }

  /** For loading, where the tables see to it that none comes twice. Throws when an end is unknown. */
  connect(link: LinkImage): void {
    const [from, to] = [this.#end(link, link.from), this.#end(link, link.to)]
    this.adjacency.add(link.type, from, to, link.since)
    this.tenancies?.linked(link.type, from, to)
  }

  /** An id that is no longer, and who took it over. */
  addAlias(id: ResourceId, into: ResourceId): void {
    if (this.#own(id) !== undefined)
      throw new Error(`resource ${id} is there: it cannot be an alias of ${into}`)
    this.#aliases.set(id, into)
  }

  #end(link: LinkImage, id: ResourceId): StoredVertex {
    const vertex = this.#own(id)
    if (vertex === undefined)
      throw new Error(`link ${link.type}.${link.from}.${link.to}: there is no resource ${id}`)
    return vertex
  }

  apply(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.seq !== this.#cursor.seq + 1) {
        throw new Error(`event ${event.seq} cannot follow event ${this.#cursor.seq}`)
      }
      try {
        if (isGraphEvent(event.body)) this.#applyOne(event.body)
      } catch (error) {
        throw new Error(`event ${event.seq} (${event.body.type}) cannot be applied`, { cause: error })
      }
      this.#cursor = { epoch: this.#cursor.epoch, seq: event.seq }
    }
  }

  setHealth(id: ResourceId, health: Health | null): void {
    const vertex = this.#own(id)
    if (vertex !== undefined) vertex.health = health
  }

  #applyOne(event: GraphEvent): void {
    switch (event.type) {
      case 'ResourceCreated':
        return this.add(event.resource)
      case 'ResourceUpdated':
        return this.#update(event.resource)
      case 'ResourceDeleted':
        return this.#remove(event.id)
      case 'ResourceMerged':
        if (this.#own(event.into) === undefined) throw new Error(`there is no resource ${event.into}`)
        this.#remove(event.id)
        return this.addAlias(event.id, event.into)
      case 'LinkAdded':
        return this.#addNewLink(event.link)
      case 'LinkRemoved':
        return this.#removeLink(event.link)
    }
  }

  #update(image: ResourceImage): void {
    const vertex = this.#own(image.id)
    if (vertex === undefined) throw new Error(`there is no resource ${image.id}`)
    const { tenantId, kind } = vertex
    if (kind.name !== image.kind) this.#changeKind(vertex, image)
    else this.indexes.update(vertex, () => this.#maker.change(vertex, image))
    if (tenantId !== vertex.tenantId || kind !== vertex.kind)
      this.tenancies?.moved(vertex, tenantId, vertex.tenantId)
  }

  /** Reconciling may learn better what a thing is: it keeps its id and links. */
  #changeKind(vertex: StoredVertex, image: ResourceImage): void {
    this.indexes.remove(vertex)
    // What links lead to is of another kind now: as if they were others.
    this.adjacency.changes++
    this.#maker.change(vertex, image)
    this.indexes.add(vertex)
  }

  #remove(id: ResourceId): void {
    const vertex = this.#own(id)
    if (vertex === undefined) throw new Error(`there is no resource ${id}`)
    if (vertex.bundle !== 0) throw new Error(`resource ${id} still has links`)
    this.#byId[id & (shardCount - 1)]!.delete(id)
    this.indexes.remove(vertex)
    this.adjacency.leave(vertex)
    this.tenancies?.moved(vertex, vertex.tenantId, null)
    this.#maker.drop(vertex)
  }

  #addNewLink(link: LinkImage): void {
    const [from, to] = [this.#end(link, link.from), this.#end(link, link.to)]
    if (this.#find(link.type, from, to) !== 0) throw new Error('the link is there already')
    this.adjacency.add(link.type, from, to, link.since)
    this.tenancies?.linked(link.type, from, to)
  }

  #removeLink(link: LinkImage): void {
    const [from, to] = [this.#end(link, link.from), this.#end(link, link.to)]
    const found = this.#find(link.type, from, to)
    if (found === 0) throw new Error('there is no such link')
    this.adjacency.remove(found)
    this.tenancies?.linked(link.type, from, to)
  }
}
