/** Every index of a graph: by kind and interface, by name, by indexed property, by label. */
import { getKind, kindNames, kindsOfType, propertiesOf, type KindName } from '../resource/kind/index.ts'
import type { InterfaceName } from '../resource/kind/kind.ts'
import type { StoredVertex } from './vertex.ts'
import { ValueIndex } from './value-index.ts'
import { inOrder, VertexList } from './vertex-list.ts'

type TypeName = KindName | InterfaceName

/** The indexes of one kind. `label` has values `key=value`; the others are called as their property. */
interface KindIndexes {
  values: ReadonlyMap<string, ValueIndex<StoredVertex>>
  /** The same without `label`, and without `name`. */
  properties: readonly (readonly [string, ValueIndex<StoredVertex>])[]
  name: ValueIndex<StoredVertex> | undefined
  label: ValueIndex<StoredVertex>
  /** The lists that it stands in: its kind's, its interfaces', all. */
  lists: readonly VertexList<StoredVertex>[]
}

const interfaceNames: readonly InterfaceName[] = ['Resource', 'Hardware', 'Machine']
const kindsOf = new Map<TypeName, readonly KindName[]>(
  [...kindNames, ...interfaceNames].map((type) => [type, kindsOfType(type)]),
)

/** Kinds of several types, each once. */
export function kindSet(types: readonly TypeName[]): ReadonlySet<KindName> {
  return new Set(types.flatMap((type) => kindsOf.get(type) ?? []))
}

export class Indexes {
  readonly #lists = new Map<TypeName, VertexList<StoredVertex>>(
    [...kindNames, ...interfaceNames].map((type) => [type, new VertexList<StoredVertex>()]),
  )
  readonly #ofKind = new Map(kindNames.map((name) => [name, this.#toIndexes(name)]))

  #toIndexes(name: KindName): KindIndexes {
    const kind = getKind(name)
    const properties = propertiesOf(kind)
      .filter(([, property]) => property.indexed)
      .map(([key]) => [key, new ValueIndex<StoredVertex>()] as const)
    const byName = kind.nameIndexed ? new ValueIndex<StoredVertex>() : undefined
    const label = new ValueIndex<StoredVertex>()
    return {
      values: new Map([...properties, ['label', label], ...(byName ? [['name', byName] as const] : [])]),
      properties,
      name: byName,
      label,
      lists: [...new Set<TypeName>([name, 'Resource', ...kind.interfaces])].map((type) =>
        this.#lists.get(type)!,
      ),
    }
  }

  add(vertex: StoredVertex): void {
    const indexes = this.#ofKind.get(vertex.kind.name)!
    for (const list of indexes.lists) list.add(vertex)
    this.#enter(indexes, vertex)
  }

  remove(vertex: StoredVertex): void {
    const indexes = this.#ofKind.get(vertex.kind.name)!
    for (const list of indexes.lists) list.remove(vertex)
    this.#withdraw(indexes, vertex)
  }

  /** `change` alters the vertex's values; only what did change is indexed anew. */
  update(vertex: StoredVertex, change: () => void): void {
    const indexes = this.#ofKind.get(vertex.kind.name)!
    const { name, labelSet, fields } = vertex
    change()
    if (indexes.name && vertex.name !== name) {
      indexes.name.remove(name, vertex)
      indexes.name.add(vertex.name, vertex)
    }
    for (const [property, index] of indexes.properties) {
      if (sameValue(fields[property], vertex.fields[property])) continue
      for (const value of toValues(fields[property])) index.remove(value, vertex)
      for (const value of toValues(vertex.fields[property])) index.add(value, vertex)
    }
    if (labelSet === vertex.labelSet) return
    for (const pair of labelSet.pairs) indexes.label.remove(pair, vertex)
    for (const pair of vertex.labelSet.pairs) indexes.label.add(pair, vertex)
  }

  #enter(indexes: KindIndexes, vertex: StoredVertex): void {
    indexes.name?.add(vertex.name, vertex)
    for (const [property, index] of indexes.properties) {
      const value = vertex.fields[property]
      if (typeof value === 'string') index.add(value, vertex)
      else for (const one of toValues(value)) index.add(one, vertex)
    }
    for (const pair of vertex.labelSet.pairs) indexes.label.add(pair, vertex)
  }

  #withdraw(indexes: KindIndexes, vertex: StoredVertex): void {
    indexes.name?.remove(vertex.name, vertex)
    for (const [property, index] of indexes.properties) {
      for (const value of toValues(vertex.fields[property])) index.remove(value, vertex)
    }
    for (const pair of vertex.labelSet.pairs) indexes.label.remove(pair, vertex)
  }

  ofType(type: TypeName): readonly StoredVertex[] {
    return this.#lists.get(type)!.read()
  }

  size(type: TypeName): number {
    return this.#lists.get(type)!.size
  }

  /** Throws when no kind of the type has the property indexed: that is a fault of the caller's code. */
  lookup(type: TypeName, property: string, value: string): readonly StoredVertex[] {
    const found: (readonly StoredVertex[])[] = []
    let isIndexed = false
    for (const kind of kindsOf.get(type)!) {
      const index = this.#ofKind.get(kind)!.values.get(property)
      if (index === undefined) continue
      isIndexed = true
      const vertices = index.get(value)
      if (vertices.length > 0) found.push(vertices)
    }
    if (!isIndexed) throw new Error(`${property} of ${type} is not indexed`)
    return found.length <= 1 ? (found[0] ?? []) : inOrder(found.flat())
  }

  /** Every index of the kinds, by property; for search. */
  *of(
    kinds: Iterable<KindName>,
  ): Generator<{ kind: KindName; property: string; index: ValueIndex<StoredVertex> }> {
    for (const kind of kinds) {
      for (const [property, index] of this.#ofKind.get(kind)!.values) yield { kind, property, index }
    }
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b))
}

/** The texts that a value is found by, each once. */
function toValues(value: unknown): readonly string[] {
  if (value === null || value === undefined) return []
  return Array.isArray(value) ? [...new Set(value.map(String))] : [String(value)]
}
