/**
 * Terminology
 * - filter: what a caller asks for, its refs already resolved to ids.
 * - test: the same as one function over a vertex.
 * - candidates: a short list from an index that holds everything that can match.
 */
import type { Health, ResourceId, ResourceStatus } from '../resource/resource.ts'
import { getKind, isOfType, kindsOfType, type KindName } from '../resource/kind/index.ts'
import type { InterfaceName, Step } from '../resource/kind/kind.ts'
import { toFieldTest, toStringTest, type FieldCondition, type StringCondition } from './condition.ts'
import type { Graph, Vertex } from './graph.ts'
import { toLinkedTest, type LinkedCondition } from './linked.ts'

export interface LabelCondition {
  key: string
  value?: string | null
  in?: readonly string[] | null
  exists?: boolean | null
}

/** A filter with its refs resolved. `null` conditions count as absent. */
export interface Filter {
  and?: readonly Filter[]
  or?: readonly Filter[]
  not?: Filter
  /** Only these; several sets must all hold it. */
  ids?: readonly ReadonlySet<ResourceId>[]
  kind?: ReadonlySet<KindName>
  name?: StringCondition
  status?: ReadonlySet<ResourceStatus | null>
  health?: ReadonlySet<Health | null>
  owner?: StringCondition
  labels?: readonly LabelCondition[]
  tenant?: ReadonlySet<ResourceId>
  site?: ReadonlySet<ResourceId>
  source?: ReadonlySet<ResourceId>
  updatedSince?: number
  /** No source listed it at or after `instant`; `lastSeen` tells a source's last complete listing. */
  notSeen?: (vertex: Vertex) => boolean
  hasDrift?: boolean
  hasConflict?: boolean
  linked?: LinkedCondition
  /** Conditions on properties, by name. */
  fields?: Readonly<Record<string, FieldCondition>>
  /** Conditions on to-one fields: the resource that the steps lead to is one of these. */
  walks?: readonly { steps: readonly Step[]; to: ReadonlySet<ResourceId> }[]
}

export type VertexTest = (vertex: Vertex) => boolean

/** The filter as a function; undefined when it lets everything through. */
export function toTest(graph: Graph, filter: Filter): VertexTest | undefined {
  const tests = [
    ...ownTests(graph, filter),
    ...(filter.and ?? []).flatMap((one) => toTest(graph, one) ?? []),
    ...anyOf(graph, filter.or),
    ...noneOf(graph, filter.not),
  ]
  const [first, second, ...more] = tests
  if (first === undefined || second === undefined) return first
  if (more.length === 0) return (vertex) => first(vertex) && second(vertex)
  return (vertex) => first(vertex) && second(vertex) && more.every((test) => test(vertex))
}

function anyOf(graph: Graph, filters: readonly Filter[] | undefined): VertexTest[] {
  if (filters === undefined) return []
  const tests = filters.map((one) => toTest(graph, one))
  if (tests.includes(undefined)) return []
  return [(vertex) => tests.some((test) => test!(vertex))]
}

function noneOf(graph: Graph, filter: Filter | undefined): VertexTest[] {
  if (filter === undefined) return []
  const test = toTest(graph, filter)
  return [test ? (vertex) => !test(vertex) : () => false]
}

/** Conditions from the cheapest to the dearest. */
function ownTests(graph: Graph, filter: Filter): VertexTest[] {
  return [
    ...plainTests(filter),
    ...(filter.name ? [textTest(filter.name, (vertex) => vertex.name)] : []),
    ...(filter.owner ? [textTest(filter.owner, (vertex) => vertex.owner)] : []),
    ...(filter.labels ?? []).map(labelTest),
    ...Object.entries(filter.fields ?? {}).map(([name, condition]) => fieldTest(name, condition)),
    ...(filter.notSeen ? [filter.notSeen] : []),
    ...(filter.walks ?? []).map((walk) => walkTest(graph, walk)),
    ...(filter.linked ? [toLinkedTest(graph, filter.linked)] : []),
  ]
}

function plainTests(filter: Filter): VertexTest[] {
  const { ids, kind, status, health, tenant, site, source, updatedSince, hasDrift, hasConflict } = filter
  const tests: (VertexTest | undefined)[] = [
    kind && ((vertex) => kind.has(vertex.kind.name)),
    ...(ids ?? []).map((set) => (vertex: Vertex) => set.has(vertex.id)),
    status && ((vertex) => status.has(vertex.status)),
    health && ((vertex) => health.has(vertex.health)),
    tenant && ((vertex) => vertex.tenantId !== null && tenant.has(vertex.tenantId)),
    site && ((vertex) => vertex.siteId !== null && site.has(vertex.siteId)),
    source && ((vertex) => vertex.sources.some((id) => source.has(id))),
    updatedSince === undefined ? undefined : (vertex) => vertex.updatedAt >= updatedSince,
    hasDrift === undefined ? undefined : (vertex) => vertex.hasDrift === hasDrift,
    hasConflict === undefined ? undefined : (vertex) => vertex.hasConflict === hasConflict,
  ]
  return tests.filter((test) => test !== undefined)
}

function textTest(condition: StringCondition, read: (vertex: Vertex) => string | null): VertexTest {
  const test = toStringTest(condition)
  return (vertex) => {
    const value = read(vertex)
    return value !== null && test(value)
  }
}

function labelTest(condition: LabelCondition): VertexTest {
  const { key, value, exists } = condition
  const values = condition.in == null ? undefined : new Set(condition.in)
  return ({ labels }) => {
    const has = Object.hasOwn(labels, key)
    if (!has || exists === false) return exists === false && !has
    return (value == null || labels[key] === value) && (values === undefined || values.has(labels[key]!))
  }
}

function fieldTest(name: string, condition: FieldCondition): VertexTest {
  const test = toFieldTest(condition)
  return (vertex) => test(vertex.fields[name] ?? null)
}

function walkTest(graph: Graph, walk: { steps: readonly Step[]; to: ReadonlySet<ResourceId> }): VertexTest {
  return (vertex) => {
    const [reached] = graph.walk(vertex, walk.steps)
    return reached !== undefined && walk.to.has(reached.id)
  }
}

/** All vertices of `type` that the filter lets through, ascending by id. */
export function select(graph: Graph, type: KindName | InterfaceName, filter: Filter): readonly Vertex[] {
  const test = toTest(graph, filter)
  const items = candidates(graph, type, filter)
  return test ? items.filter(test) : items
}

/** A superset of what matches, of `type`, ascending by id: from the most selective index that the filter allows. */
export function candidates(graph: Graph, type: KindName | InterfaceName, filter: Filter): readonly Vertex[] {
  return fromIndex(graph, type, filter) ?? graph.ofType(type)
}

/** As `candidates`, but undefined when no index helps. */
export function fromIndex(
  graph: Graph,
  type: KindName | InterfaceName,
  filter: Filter,
): readonly Vertex[] | undefined {
  const lists = [
    ...(filter.ids ?? []).map((ids) => byIds(graph, type, ids)),
    ...byLookup(graph, type, filter),
    ...(filter.walks ?? []).flatMap((walk) => byWalk(graph, type, walk)),
    ...(filter.and ?? []).flatMap((one) => optional(fromIndex(graph, type, one))),
    ...byKinds(graph, type, filter.kind),
    ...byAny(graph, type, filter.or),
  ]
  return lists.reduce<readonly Vertex[] | undefined>(
    (best, list) => (best === undefined || list.length < best.length ? list : best),
    undefined,
  )
}

const optional = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])

function byIds(graph: Graph, type: KindName | InterfaceName, ids: ReadonlySet<ResourceId>): Vertex[] {
  return ascending(
    [...ids].flatMap((id) => optional(graph.get(id))),
    type,
  )
}

/** Each once, ascending, those of `type` only. */
function ascending(vertices: readonly Vertex[], type: KindName | InterfaceName): Vertex[] {
  return [...new Set(vertices)].filter((one) => isVertexOf(one, type)).sort((a, b) => a.id - b.id)
}

const isVertexOf = (vertex: Vertex, type: KindName | InterfaceName): boolean =>
  isOfType(vertex.kind.name, type)

function byLookup(graph: Graph, type: KindName | InterfaceName, filter: Filter): (readonly Vertex[])[] {
  const types = narrowed(type, filter.kind)
  const conditions: [string, readonly string[]][] = []
  const add = (property: string, condition: Exact | undefined): void => {
    const values = exactValues(condition)
    if (values && types.every((one) => isIndexed(one, property))) conditions.push([property, values])
  }
  add('name', filter.name)
  for (const [name, condition] of Object.entries(filter.fields ?? {})) {
    if ('text' in condition) add(name, condition.text)
    if ('range' in condition) add(name, condition.range)
  }
  for (const { key, value, in: values, exists } of filter.labels ?? []) {
    if (exists === false || (value == null && values == null)) continue
    conditions.push(['label', (value == null ? values! : [value]).map((one) => `${key}=${one}`)])
  }
  return conditions.map(([property, values]) => {
    const lists = values.flatMap((value) => types.map((one) => graph.lookup(one, property, value)))
    return lists.length === 1 ? lists[0]! : ascending(lists.flat(), type)
  })
}

/** The kinds that are asked for, where they are few: their indexes are shorter than those of all. */
function narrowed(
  type: KindName | InterfaceName,
  kinds: ReadonlySet<KindName> | undefined,
): readonly (KindName | InterfaceName)[] {
  return kinds === undefined || kinds.size > 4 ? [type] : [...kinds].filter((kind) => isOfType(kind, type))
}

type Exact = { eq?: string | number | null; in?: readonly (string | number)[] | null }

function exactValues(condition: Exact | undefined): string[] | undefined {
  if (condition?.eq != null) return [String(condition.eq)]
  return condition?.in == null ? undefined : condition.in.map(String)
}

/** Whether lookups by the property find every resource of the type. */
function isIndexed(type: KindName | InterfaceName, property: string): boolean {
  const definitions = kindsOfType(type).map(getKind)
  return definitions.every((kind) => {
    if (property === 'name') return kind.nameIndexed
    const field = kind.fields[property]
    return field?.from === 'property' && field.indexed === true
  })
}

function byKinds(
  graph: Graph,
  type: KindName | InterfaceName,
  kinds: ReadonlySet<KindName> | undefined,
): Vertex[][] {
  if (kinds === undefined) return []
  const lists = [...kinds].map((kind) => graph.ofType(kind))
  if (lists.length === 1)
    return [
      type === 'Resource' || kinds.has(type as KindName)
        ? (lists[0] as Vertex[])
        : ascending(lists[0]!, type),
    ]
  return [ascending(lists.flat(), type)]
}

function byAny(
  graph: Graph,
  type: KindName | InterfaceName,
  filters: readonly Filter[] | undefined,
): Vertex[][] {
  if (filters === undefined) return []
  const lists = filters.map((one) => fromIndex(graph, type, one))
  if (lists.includes(undefined)) return []
  return [
    ascending(
      lists.flatMap((list) => list!),
      type,
    ),
  ]
}

/** Everything whose steps may lead to one of the targets: the steps walked backwards from them. */
function byWalk(
  graph: Graph,
  type: KindName | InterfaceName,
  walk: { steps: readonly Step[]; to: ReadonlySet<ResourceId> },
): Vertex[][] {
  const back = walk.steps.toReversed().map((step, index, all): Step => {
    const kind = index === all.length - 1 ? [type] : all[index + 1]!.kind
    const direction = step.direction === 'both' ? 'both' : step.direction === 'out' ? 'in' : 'out'
    const base: Step = { type: step.type, direction, ...(step.transitive ? { transitive: true } : {}) }
    return kind === undefined ? base : { ...base, kind }
  })
  const targets = [...walk.to].flatMap((id) => optional(graph.get(id)))
  return [
    ascending(
      targets.flatMap((target) => graph.walk(target, back)),
      type,
    ),
  ]
}
