/** The graph: vertices, links and indexes in memory, changed by `apply` only. */
import type { Cursor, LoggedEvent } from '../event/event.ts'
import { isOfType, kindNames, kindsOfType, propertiesOf, type KindName } from '../resource/kind/index.ts'
import type { InterfaceName, KindDefinition, Step } from '../resource/kind/kind.ts'
import { linkDefinition, type LinkType } from '../resource/kind/link.ts'
import type { LinkImage, ResourceId, ResourceImage } from '../resource/resource.ts'
import { Adjacency, codeOf, none, typeOfCode } from './adjacency.ts'
import type { GraphLink, LinkQuery, LiveGraph, Reached, ReachOptions, Vertex } from './graph.ts'
import { dependenciesOf, dependentsOf } from './reach.ts'
import { insertById, removeById, ValueIndex } from './value-index.ts'
import { TextPool, VertexRecord } from './vertex.ts'
import { walkSteps } from './walk.ts'

const pageBits = 16
const pageSize = 1 << pageBits

/** Slot of a vertex by id, in pages, so that growing moves nothing. */
class SlotById {
  #pages = new Map<number, Int32Array>()

  get(id: number): number {
    return (this.#pages.get(Math.floor(id / pageSize))?.[id % pageSize] ?? 0) - 1
  }

  set(id: number, slot: number): void {
    const number = Math.floor(id / pageSize)
    let page = this.#pages.get(number)
    if (page === undefined) this.#pages.set(number, (page = new Int32Array(pageSize)))
    page[id % pageSize] = slot + 1
  }
}

export interface MemoryOptions {
  cursor: Cursor
  asOf?: number | null
  /** Most vertices that one walk may touch. */
  visited: number
}

type Direction = 'out' | 'in' | 'both'

export class MemoryGraph implements LiveGraph {
  cursor: Cursor
  readonly asOf: number | null
  readonly visited: number
  #slots = new SlotById()
  #vertices: (VertexRecord | undefined)[] = []
  #free: number[] = []
  #size = 0
  #aliases = new Map<ResourceId, ResourceId>()
  #adjacency = new Adjacency()
  #byKind = new Map<KindName, VertexRecord[]>(kindNames.map((name) => [name, []]))
  #byType = new Map<string, readonly VertexRecord[]>()
  #indexes = new Map<string, ValueIndex>()
  #pool = new TextPool()

  constructor({ cursor, asOf = null, visited }: MemoryOptions) {
    this.cursor = cursor
    this.asOf = asOf
    this.visited = visited
  }

  get size(): number {
    return this.#size
  }

  get linkCount(): number {
    return this.#adjacency.count
  }

  get(id: ResourceId): VertexRecord | undefined {
    const slot = this.#slots.get(id)
    if (slot >= 0) return this.#vertices[slot]
    const into = this.#aliases.get(id)
    return into === undefined ? undefined : this.get(into)
  }

  ofType(type: KindName | InterfaceName): readonly VertexRecord[] {
    const own = this.#byKind.get(type as KindName)
    if (own !== undefined) return own
    let merged = this.#byType.get(type)
    if (merged === undefined) {
      merged = kindsOfType(type)
        .flatMap((kind) => this.#byKind.get(kind)!)
        .sort((a, b) => a.id - b.id)
      this.#byType.set(type, merged)
    }
    return merged
  }

  lookup(type: KindName | InterfaceName, property: string, value: string): readonly VertexRecord[] {
    const found = this.#indexes.get(property)?.get(value) ?? []
    return type === 'Resource' ? found : found.filter((vertex) => isOfType(vertex.kind.name, type))
  }

  /** Every value that an index has; for searching. */
  indexedValues(property: string): Iterable<string> {
    return this.#indexes.get(property)?.values() ?? []
  }

  neighbors(vertex: Vertex, type: LinkType, direction: Direction): VertexRecord[] {
    const found: VertexRecord[] = []
    this.#eachLink(vertex, direction, codeOf(type), (place, isOut) => {
      found.push(this.#vertices[isOut ? this.#adjacency.to(place) : this.#adjacency.from(place)]!)
    })
    return sortedById(found)
  }

  degree(vertex: Vertex, type?: LinkType, direction: Direction = 'both'): number {
    let count = 0
    this.#eachLink(vertex, direction, type === undefined ? none : codeOf(type), () => count++)
    return count
  }

  /** Ascending by type, then by the ids of the ends. */
  links(vertex: Vertex, { type, direction = 'both', kind }: LinkQuery = {}): GraphLink[] {
    const found: GraphLink[] = []
    const codes = type?.map(codeOf)
    this.#eachLink(vertex, direction, codes?.length === 1 ? codes[0]! : none, (place, isOut) => {
      if (codes !== undefined && !codes.includes(this.#adjacency.type(place))) return
      const link = this.#linkAt(place)
      const other = isOut ? link.to : link.from
      if (kind === undefined || kind.some((one) => isOfType(other.kind.name, one))) found.push(link)
    })
    return found.sort((a, b) => codeOf(a.type) - codeOf(b.type) || a.from.id - b.from.id || a.to.id - b.to.id)
  }

  findLink(type: LinkType, from: ResourceId, to: ResourceId): GraphLink | undefined {
    const [first, second] = [this.get(from), this.get(to)]
    if (first === undefined || second === undefined) return undefined
    const place = this.#adjacency.find(codeOf(type), first, second, first.slot, second.slot)
    return place === none ? undefined : this.#linkAt(place)
  }

  walk(vertex: Vertex, steps: readonly Step[]): Vertex[] {
    return walkSteps(this, vertex, steps)
  }

  dependents(vertex: Vertex, options: ReachOptions = {}): Reached[] {
    return dependentsOf(this, vertex, options, this.visited)
  }

  dependencies(vertex: Vertex, options: ReachOptions = {}): Reached[] {
    return dependenciesOf(this, vertex, options, this.visited)
  }

  apply(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      this.#applyOne(event)
      this.cursor = { epoch: this.cursor.epoch, seq: event.seq }
    }
  }

  #applyOne({ body }: LoggedEvent): void {
    switch (body.type) {
      case 'ResourceCreated':
        return this.add(body.resource)
      case 'ResourceUpdated':
        return this.#update(body.resource)
      case 'ResourceDeleted':
        return this.#remove(body.id)
      case 'ResourceMerged':
        this.#remove(body.id)
        return this.addAlias(body.id, body.into)
      case 'LinkAdded':
        return this.#connectOnce(body.link)
      case 'LinkRemoved':
        return this.#disconnect(body.link)
      default:
    }
  }

  add(image: ResourceImage): void {
    if (this.#slots.get(image.id) >= 0) throw new Error(`resource ${image.id} is in the graph already`)
    const slot = this.#free.pop() ?? this.#vertices.length
    const vertex = new VertexRecord(slot, image, this.#pool)
    this.#vertices[slot] = vertex
    this.#slots.set(image.id, slot)
    this.#aliases.delete(image.id)
    this.#size++
    this.#byType.clear()
    insertById(this.#byKind.get(image.kind)!, vertex)
    this.#index(vertex, 'add')
  }

  addAlias(id: ResourceId, into: ResourceId): void {
    this.#aliases.set(id, into)
  }

  connect(link: LinkImage): void {
    const [from, to] = [this.#own(link.from), this.#own(link.to)]
    const code = codeOf(link.type)
    this.#adjacency.add(code, from.slot, to.slot, link.since, { from, to })
  }

  /** What comes from the log must not be there already. */
  #connectOnce(link: LinkImage): void {
    const [from, to] = [this.#own(link.from), this.#own(link.to)]
    if (this.#adjacency.find(codeOf(link.type), from, to, from.slot, to.slot) !== none) {
      throw new Error(`the link ${link.type} from ${link.from} to ${link.to} is in the graph already`)
    }
    this.connect(link)
  }

  #disconnect(link: LinkImage): void {
    const [from, to] = [this.#own(link.from), this.#own(link.to)]
    const place = this.#adjacency.find(codeOf(link.type), from, to, from.slot, to.slot)
    if (place === none) throw new Error(`there is no link ${link.type} from ${link.from} to ${link.to}`)
    this.#adjacency.remove(place, { from, to })
  }

  #update(image: ResourceImage): void {
    const vertex = this.#own(image.id)
    this.#index(vertex, 'remove')
    if (vertex.kind.name !== image.kind) {
      removeById(this.#byKind.get(vertex.kind.name)!, vertex)
      insertById(this.#byKind.get(image.kind)!, vertex)
      this.#byType.clear()
    }
    vertex.take(image, this.#pool)
    this.#index(vertex, 'add')
  }

  #remove(id: ResourceId): void {
    const vertex = this.#own(id)
    if (vertex.firstOut !== none || vertex.firstIn !== none)
      throw new Error(`resource ${id} cannot go: it still has links`)
    this.#index(vertex, 'remove')
    removeById(this.#byKind.get(vertex.kind.name)!, vertex)
    this.#byType.clear()
    this.#vertices[vertex.slot] = undefined
    this.#free.push(vertex.slot)
    this.#slots.set(id, -1)
    this.#size--
  }

  /** The vertex of exactly this id; throws when there is none. */
  #own(id: ResourceId): VertexRecord {
    const vertex = this.#vertices[this.#slots.get(id)]
    if (vertex === undefined) throw new Error(`resource ${id} is not in the graph`)
    return vertex
  }

  #index(vertex: VertexRecord, action: 'add' | 'remove'): void {
    if (vertex.kind.nameIndexed) this.#indexOf('name')[action](vertex.name, vertex)
    for (const property of indexedProperties(vertex.kind)) {
      const value = vertex.fields[property]
      if (value !== null && value !== undefined) this.#indexOf(property)[action](String(value), vertex)
    }
    for (const key in vertex.labels) this.#indexOf('label')[action](`${key}=${vertex.labels[key]!}`, vertex)
  }

  #indexOf(property: string): ValueIndex {
    let index = this.#indexes.get(property)
    if (index === undefined) this.#indexes.set(property, (index = new ValueIndex()))
    return index
  }

  #eachLink(
    vertex: Vertex,
    direction: Direction,
    code: number,
    visit: (place: number, isOut: boolean) => void,
  ): void {
    const { firstOut, firstIn } = vertex as VertexRecord
    const isSymmetric = code !== none && linkDefinition(typeOfCode(code)).symmetric === true
    if (direction !== 'in' || isSymmetric) {
      for (let place = firstOut; place !== none; place = this.#adjacency.nextOut(place)) {
        if (code === none || this.#adjacency.type(place) === code) visit(place, true)
      }
    }
    if (direction !== 'out' || isSymmetric) {
      for (let place = firstIn; place !== none; place = this.#adjacency.nextIn(place)) {
        if (code === none || this.#adjacency.type(place) === code) visit(place, false)
      }
    }
  }

  #linkAt(place: number): GraphLink {
    return {
      type: typeOfCode(this.#adjacency.type(place)),
      from: this.#vertices[this.#adjacency.from(place)]!,
      to: this.#vertices[this.#adjacency.to(place)]!,
      since: this.#adjacency.since(place),
    }
  }
}

const indexed = new Map<KindDefinition, readonly string[]>()

function indexedProperties(kind: KindDefinition): readonly string[] {
  let names = indexed.get(kind)
  if (names === undefined) {
    names = propertiesOf(kind).flatMap(([name, property]) => (property.indexed ? [name] : []))
    indexed.set(kind, names)
  }
  return names
}

/** Lists come out of the adjacency newest first, mostly: turning them round is nearly always all that sorting has to do. */
export function sortedById<T extends { id: number }>(vertices: T[]): T[] {
  for (let index = 1; index < vertices.length; index++) {
    if (vertices[index - 1]!.id > vertices[index]!.id) return vertices.sort((a, b) => a.id - b.id)
  }
  return vertices
}
