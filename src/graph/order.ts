/** Orders of vertices: by several fields, each in its direction; what has no value comes last; equal ones ascend by id. */
import { invalidInput } from '../errors.ts'
import { getKind, isKindName } from '../resource/kind/index.ts'
import { hardwareFields, machineFields } from '../resource/kind/hardware.ts'
import type { Field, InterfaceName, Property } from '../resource/kind/kind.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { Graph, Vertex } from './graph.ts'

/** A value that lists are sorted by. 64-bit numbers beyond the safe range are their digits with a `big` mark. */
export type SortValue = string | number | null
export interface OrderTerm {
  field: string
  direction: 'ASC' | 'DESC'
}

/** An order of any items: the values that decide it, and how two of them compare. */
export interface Order<T> {
  /** Ends with what makes it unique. */
  keys(item: T): SortValue[]
  compareKeys(left: readonly SortValue[], right: readonly SortValue[]): number
  /** Whether lists of the graph are already in this order. */
  readonly natural: boolean
}

type Getter = (vertex: Vertex) => SortValue

const common: Readonly<Record<string, (graph: Graph) => Getter>> = {
  id: () => (vertex) => vertex.id,
  name: () => (vertex) => vertex.name,
  kind: () => (vertex) => vertex.kind.name,
  status: () => (vertex) => vertex.status,
  owner: () => (vertex) => vertex.owner,
  createdAt: () => (vertex) => vertex.createdAt,
  updatedAt: () => (vertex) => vertex.updatedAt,
  generation: () => (vertex) => vertex.generation,
  revision: () => (vertex) => vertex.revision,
  site: (graph) => (vertex) => nameOf(graph, vertex.siteId),
  tenant: (graph) => (vertex) => nameOf(graph, vertex.tenantId),
}

const nameOf = (graph: Graph, id: number | null): string | null =>
  id === null ? null : (graph.get(id)?.name ?? null)

/** Names that a list of `type` can be ordered by, beside `label.KEY`. */
export function orderFields(type: KindName | InterfaceName): string[] {
  return [...Object.keys(common), ...Object.keys(propertiesOfType(type))]
}

/** The order that the terms ask for. INVALID_INPUT for a field that cannot be ordered by, with those that can. */
export function toOrder(
  graph: Graph,
  type: KindName | InterfaceName,
  terms: readonly OrderTerm[],
): Order<Vertex> {
  const getters = terms.map((term, index) => getterOf(graph, type, term.field, index))
  const signs = terms.map((term) => (term.direction === 'DESC' ? -1 : 1))
  return {
    natural: terms.length === 0,
    keys: (vertex) => [...getters.map((get) => get(vertex)), vertex.id],
    compareKeys: (left, right) => compareAll(left, right, signs),
  }
}

function getterOf(graph: Graph, type: KindName | InterfaceName, field: string, index: number): Getter {
  const own = Object.hasOwn(common, field) ? common[field] : undefined
  if (own) return own(graph)
  if (field.startsWith('label.') && field.length > 6) {
    const key = field.slice(6)
    return (vertex) => (Object.hasOwn(vertex.labels, key) ? vertex.labels[key]! : null)
  }
  const properties = propertiesOfType(type)
  const property = Object.hasOwn(properties, field) ? properties[field] : undefined
  if (property) return (vertex) => toSortValue(vertex.fields[field], property)
  throw invalidInput(
    `A list of ${type} cannot be ordered by "${field.slice(0, 60)}": one of ${orderFields(type).join(', ')} or label.KEY`,
    `orderBy[${index}].field`,
  )
}

function propertiesOfType(type: KindName | InterfaceName): Record<string, Property> {
  if (isKindName(type)) return single(getKind(type).fields)
  return single(type === 'Hardware' ? hardwareFields : type === 'Machine' ? machineFields : {})
}

const single = (fields: Readonly<Record<string, Field>>): Record<string, Property> =>
  Object.fromEntries(
    Object.entries(fields).filter(
      (entry): entry is [string, Property] => entry[1].from === 'property' && !entry[1].list,
    ),
  )

function toSortValue(value: unknown, property: Property): SortValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (property.type === 'DateTime' && typeof value === 'string') return Date.parse(value)
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

function compareAll(
  left: readonly SortValue[],
  right: readonly SortValue[],
  signs: readonly number[],
): number {
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [left[index] ?? null, right[index] ?? null]
    if (a === b) continue
    if (a === null) return 1
    if (b === null) return -1
    return compareValues(a, b) * (signs[index] ?? 1)
  }
  return 0
}

/** A number and a text meet where a property holds 64-bit numbers: beyond the safe range they are digits. */
export function compareValues(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) {
    const [left, right] = [toBigInt(a), toBigInt(b)]
    if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0
    return typeof a === 'number' ? -1 : 1
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function toBigInt(value: string | number): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined
  return /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}
