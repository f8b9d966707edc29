/** A caller's filter, as the graph understands it: refs become ids, conditions on attributes become the ids that hold them. */
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { FieldCondition } from '../../graph/condition.ts'
import { select, type Filter, type LabelCondition } from '../../graph/filter.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { seesAll } from '../../graph/scope.ts'
import { canonical } from '../../resource/kind/format.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { Field, InterfaceName, Property } from '../../resource/kind/kind.ts'
import type { LinkType } from '../../resource/kind/link.ts'
import type { ResourceId } from '../../resource/resource.ts'
import type { AttributeCondition } from '../../resource/verbs.ts'
import { idsOfRefs } from './find.ts'
import { fieldsOfType } from './generate.ts'
import { presentOnly } from './instant.ts'
import { notSeenSince } from './seen.ts'
import { andThen, mapAll, type Soon } from './soon.ts'
import { checkTexts } from './text.ts'
import { seeId, visibleOf } from './view.ts'

type TypeName = KindName | InterfaceName
/** A filter argument as GraphQL coerced it. */
export type FilterInput = Readonly<Record<string, unknown>>

interface Scope {
  context: Context
  graph: Graph
  type: TypeName
  path: string
}

const deepestNesting = 20
const deepestLinked = 8

export function toFilter(
  context: Context,
  graph: Graph,
  type: TypeName,
  input: FilterInput | null | undefined,
  path = 'filter',
  depth = 0,
): Soon<Filter> {
  if (input == null) return {}
  if (depth > deepestNesting) throw invalidInput(`A filter nests at most ${deepestNesting} deep`, path)
  const scope: Scope = { context, graph, type, path }
  const given = Object.entries(input).filter(([, value]) => value !== undefined && value !== null)
  const parts = mapAll(given, ([name, value]): Soon<Filter> => {
    const nested = nestedPart(scope, name, value, depth)
    return (
      nested ?? (fieldsOfType(type)[name] ? fieldPart(scope, name, value) : commonPart(scope, name, value))
    )
  })
  return andThen(parts, merge)
}

/** Parts of one filter hold together; those that share a name are joined. */
function merge(parts: readonly Filter[]): Filter {
  return parts.reduce<Filter>(
    (whole, part) => ({
      ...whole,
      ...part,
      ...(whole.ids && part.ids ? { ids: [...whole.ids, ...part.ids] } : {}),
      ...(whole.fields && part.fields ? { fields: { ...whole.fields, ...part.fields } } : {}),
      ...(whole.walks && part.walks ? { walks: [...whole.walks, ...part.walks] } : {}),
    }),
    {},
  )
}

function nestedPart(scope: Scope, name: string, value: unknown, depth: number): Soon<Filter> | undefined {
  const { context, graph, type, path } = scope
  const deeper = (input: unknown, at: string) =>
    toFilter(context, graph, type, input as FilterInput, `${path}.${at}`, depth + 1)
  if (name === 'not') return andThen(deeper(value, 'not'), (not) => ({ not }))
  if (name === 'and' || name === 'or') {
    const inner = mapAll(value as FilterInput[], (one, index) => deeper(one, `${name}[${index}]`))
    return andThen(inner, (filters) => ({ [name]: filters }))
  }
  return name === 'linked' ? linkedPart(scope, value as LinkedInput, depth) : undefined
}

interface LinkedInput {
  type?: LinkType | null
  direction?: 'OUT' | 'IN' | 'BOTH' | null
  to?: FilterInput | null
  depth?: number | null
}

function linkedPart({ context, graph, path }: Scope, input: LinkedInput, nesting: number): Soon<Filter> {
  const depth = input.depth ?? 1
  if (depth < 1 || depth > deepestLinked) {
    throw invalidInput(`depth must be 1 to ${deepestLinked}; it is ${depth}`, `${path}.linked.depth`)
  }
  const direction = (input.direction ?? 'BOTH').toLowerCase() as 'out' | 'in' | 'both'
  const to = toFilter(context, graph, 'Resource', input.to, `${path}.linked.to`, nesting + 1)
  return andThen(to, (filter) => ({
    linked: { to: filter, direction, depth, ...(input.type == null ? {} : { type: input.type }) },
  }))
}

const refTypes: Readonly<Record<string, TypeName>> = {
  ref: 'Resource',
  tenant: 'Tenant',
  site: 'Site',
  source: 'Source',
}

function commonPart(scope: Scope, name: string, value: unknown): Soon<Filter> {
  const { context, graph, path } = scope
  const refType = refTypes[name]
  if (refType) {
    const ids = idsOfRefs(context, graph, value as string[], { path: `${path}.${name}`, type: refType })
    return andThen(ids, (set) => (name === 'ref' ? { ids: [set] } : { [name]: set }))
  }
  if (name === 'attribute') return attributePart(scope, value as AttributeInput[])
  if (name === 'notSeenSince')
    return andThen(notSeenSince(context, graph, value as number), (notSeen) => ({ notSeen }))
  if (name === 'label') return { labels: value as LabelCondition[] }
  if (Array.isArray(value)) return { [name]: new Set(value) }
  return { [name]: value }
}

interface AttributeInput {
  path: string
  eq?: unknown
  in?: unknown[] | null
  contains?: unknown
  exists?: boolean | null
}

function attributePart({ context, graph, path }: Scope, inputs: AttributeInput[]): Soon<Filter> {
  presentOnly(graph, 'attribute')
  if (inputs.length === 0) return {}
  const conditions = inputs.map((input, index) => toAttributeCondition(input, `${path}.attribute[${index}]`))
  return context.resources.idsWhere(conditions).then((ids) => ({ ids: [wholeOnly(context, graph, ids)] }))
}

function toAttributeCondition(input: AttributeInput, path: string): AttributeCondition {
  const given = (['eq', 'in', 'contains', 'exists'] as const).filter((op) => input[op] != null)
  const [op] = given
  if (op === undefined || given.length > 1) {
    throw invalidInput('Give exactly one of eq, in, contains, exists', path)
  }
  checkTexts(input, path)
  return { path: input.path, op, value: input[op] }
}

function fieldPart(scope: Scope, name: string, value: unknown): Soon<Filter> {
  const field = fieldsOfType(scope.type)[name] as Field
  if (field.from === 'property') return { fields: { [name]: toCondition(field, value) } }
  if (field.from !== 'walk') return {}
  const ids = idsOfRefs(scope.context, scope.graph, value as string[], {
    path: `${scope.path}.${name}`,
    type: field.to,
  })
  return andThen(ids, (to) => ({ walks: [{ steps: field.steps, to }] }))
}

function toCondition(property: Property, value: unknown): FieldCondition {
  if (Array.isArray(value)) return { oneOf: new Set(value) }
  if (typeof value === 'boolean') return { oneOf: new Set([value]) }
  if (property.type === 'DateTime') return { instant: value as object }
  if (property.type !== 'String') return { range: value as object }
  return {
    text: property.format ? inCanonicalForm(property.format, value as StringInput) : (value as StringInput),
  }
}

interface StringInput {
  eq?: string | null
  in?: string[] | null
}

function inCanonicalForm(format: NonNullable<Property['format']>, input: StringInput): StringInput {
  const shape = (text: string): string => canonical(format, text) ?? text
  return {
    ...input,
    ...(input.eq == null ? {} : { eq: shape(input.eq) }),
    ...(input.in == null ? {} : { in: input.in.map(shape) }),
  }
}

/** Conditions on what a name does not tell match only what is seen in full. */
function wholeOnly(context: Context, graph: Graph, ids: Set<ResourceId>): Set<ResourceId> {
  if (seesAll(context.viewer)) return ids
  return new Set([...ids].filter((id) => seeId(context, graph, id)?.access === 'FULL'))
}

/** Everything of a type that a filter lets through and the viewer may see; ascending by id. */
export function matching(
  context: Context,
  graph: Graph,
  type: TypeName,
  input: FilterInput | null | undefined,
): Soon<readonly Vertex[]> {
  return andThen(toFilter(context, graph, type, input), (filter) =>
    visibleOf(context, select(graph, type, filter)),
  )
}
