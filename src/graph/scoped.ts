/**
 * A graph as those with certain tenants may know it: what they may not know of is not there, of carriers there is the name. Walks, filters, counts,
 * searches and paths over it are what they would be over a graph that never had the rest, so none of them can tell of it.
 */
import type { Cursor } from '../event/event.ts'
import type { KindName } from '../resource/kind/index.ts'
import { linkDefinition, type LinkType } from '../resource/kind/link.ts'
import type { InterfaceName, Step } from '../resource/kind/kind.ts'
import type { ResourceId } from '../resource/resource.ts'
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
import { kindSet } from './indexes.ts'
import type { MemoryGraph } from './memory.ts'
import { isTold, NamedVertex } from './named.ts'
import { dependenciesOf, dependentsOf } from './reach.ts'
import { isUpward, type Tenancy } from './tenancy.ts'
import { byId } from './vertex-list.ts'
import type { StoredVertex } from './vertex.ts'
import { walkSteps } from './walk.ts'

type Direction = 'out' | 'in' | 'both'
type TypeName = KindName | InterfaceName

const compareLinks = (a: GraphLink, b: GraphLink): number =>
  a.type === b.type ? a.from.id - b.from.id || a.to.id - b.to.id : a.type < b.type ? -1 : 1

export class ScopedGraph implements LiveGraph {
  readonly #whole: MemoryGraph
  readonly #tenancy: Tenancy
  #lists = new Map<TypeName, readonly Vertex[]>()
  #revision = -1

  constructor(whole: MemoryGraph, tenancy: Tenancy) {
    this.#whole = whole
    this.#tenancy = tenancy
  }

  get cursor(): Cursor {
    return this.#whole.cursor
  }
  get asOf(): number | null {
    return this.#whole.asOf
  }
  get limits(): GraphLimits {
    return this.#whole.limits
  }
  get size(): number {
    return this.ofType('Resource').length
  }
  get linkCount(): number {
    let ends = 0
    for (const vertex of this.ofType('Resource')) ends += this.degree(vertex)
    return ends / 2
  }

  #see(vertex: Vertex): Vertex | undefined {
    return this.#tenancy.see(vertex as StoredVertex)
  }

  /** What was once known may not be any more. */
  #wholeOf(vertex: Vertex): StoredVertex | undefined {
    const whole = vertex instanceof NamedVertex ? vertex.whole : (vertex as StoredVertex)
    return this.#see(whole) === undefined ? undefined : whole
  }

  get(id: ResourceId): Vertex | undefined {
    const found = this.#whole.get(id)
    return found && this.#see(found)
  }

  ofType(type: TypeName): readonly Vertex[] {
    const { revision } = this.#tenancy
    if (this.#revision !== revision) {
      this.#revision = revision
      this.#lists = new Map()
    }
    let list = this.#lists.get(type)
    if (list === undefined) {
      const kinds = kindSet([type])
      list = [...this.#tenancy.known()].filter((vertex) => kinds.has(vertex.kind.name)).sort(byId)
      this.#lists.set(type, list)
    }
    return list
  }

  lookup(type: TypeName, property: string, value: string): readonly Vertex[] {
    return this.#found(property, this.#whole.lookup(type, property, value))
  }

  #found(property: string, vertices: readonly Vertex[]): Vertex[] {
    return vertices.flatMap((vertex) => {
      const seen = this.#see(vertex)
      return seen === undefined || (seen !== vertex && !isTold(vertex.kind, property)) ? [] : [seen]
    })
  }

  *indexesOf(kind: KindName): Iterable<{ property: string; index: ReadableIndex }> {
    for (const { property, index } of this.#whole.indexesOf(kind)) {
      yield {
        property,
        index: { values: () => index.values(), get: (value) => this.#found(property, index.get(value)) },
      }
    }
  }

  neighbors(vertex: Vertex, type: LinkType, direction: Direction): Vertex[] {
    const whole = this.#wholeOf(vertex)
    if (whole === undefined) return []
    const isNamed = whole !== this.#see(whole)
    return this.#whole.neighbors(whole, type, direction).flatMap((far) => {
      const seen = this.#see(far)
      return seen === undefined || (isNamed && seen !== far && !isUpward(type)) ? [] : [seen]
    })
  }

  degree(vertex: Vertex, type?: LinkType, direction: Direction = 'both'): number {
    const found = this.links(vertex, { direction, ...(type === undefined ? {} : { type: [type] }) })
    const twice = found.filter(
      (link) => link.from === link.to && (direction === 'both' || 'symmetric' in linkDefinition(link.type)),
    )
    return found.length + twice.length
  }

  links(vertex: Vertex, query: LinkQuery = {}): GraphLink[] {
    const whole = this.#wholeOf(vertex)
    return whole === undefined ? [] : this.#seeLinks(this.#whole.links(whole, query))
  }

  linksWhere(vertex: Vertex, wanted: (type: LinkType, direction: 'out' | 'in') => boolean): GraphLink[] {
    const whole = this.#wholeOf(vertex)
    // In an order of their own: that of the whole graph would depend on links that are not told.
    return whole === undefined ? [] : this.#seeLinks(this.#whole.linksWhere(whole, wanted)).sort(compareLinks)
  }

  findLink(type: LinkType, from: ResourceId, to: ResourceId): GraphLink | undefined {
    const link = this.#whole.findLink(type, from, to)
    return link && this.#seeLinks([link])[0]
  }

  #seeLinks(links: readonly GraphLink[]): GraphLink[] {
    return links.flatMap((link) => {
      const { type, since } = link
      const from = this.#see(link.from)
      const to = this.#see(link.to)
      if (from === undefined || to === undefined) return []
      if (from === link.from && to === link.to) return [link]
      if (from !== link.from && to !== link.to && !isUpward(type)) return []
      return [{ type, from, to, since }]
    })
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

  apply(): never {
    throw new Error('a scoped graph is read only')
  }

  setHealth(): never {
    throw new Error('a scoped graph is read only')
  }
}
