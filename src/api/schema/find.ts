/** Which resource a ref means. */
import type { Context } from '../../context.ts'
import { invalidInput, notFound, PlenumError } from '../../errors.ts'
import { candidates } from '../../graph/filter.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { access } from '../../graph/scope.ts'
import { canonical } from '../../resource/kind/format.ts'
import { getKind, isOfType, kindsOfType, type KindName } from '../../resource/kind/index.ts'
import type { InterfaceName, KindDefinition } from '../../resource/kind/kind.ts'
import { parseRef, type Ref } from '../../resource/ref.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { graphOf } from './instant.ts'
import { loadersOf } from './loader.ts'
import { andThen, mapAll, type Soon } from './soon.ts'

type TypeName = KindName | InterfaceName

export interface FindOptions {
  /** Where the ref stands in the input; for errors. */
  path?: string
  /** What it must be; default any resource. */
  type?: TypeName
}

/** The vertex; undefined when there is none. CONFLICT/AMBIGUOUS when there are several, INVALID_INPUT when it is of another kind. */
export function findRef(
  context: Context,
  graph: Graph,
  text: string,
  options: FindOptions = {},
): Soon<Vertex | undefined> {
  const ref = parseRef(text, options.path)
  return andThen(matches(context, graph, ref, options), (found) => {
    const visible = found.filter((vertex) => access(context.viewer, vertex) !== null)
    if (visible.length > 1) throw ambiguous(text, visible, options.path)
    const [vertex] = visible
    if (vertex && options.type && !isOfType(vertex.kind.name, options.type)) {
      throw invalidInput(
        `${text} is a ${vertex.kind.name} (${vertex.name}), not a ${options.type}`,
        options.path,
      )
    }
    return vertex
  })
}

/** As `findRef`; NOT_FOUND when there is none. */
export function getRef(
  context: Context,
  graph: Graph,
  text: string,
  options: FindOptions = {},
): Soon<Vertex> {
  return andThen(findRef(context, graph, text, options), (vertex) => {
    if (vertex === undefined) throw notFound(`Nothing is named by the ref ${text}`, options.path)
    return vertex
  })
}

/** For mutations: of the present, and no version id. */
export function getForWrite(context: Context, text: string, options: FindOptions): Soon<Vertex> {
  const ref = parseRef(text, options.path)
  if (ref.by === 'id' && ref.instant !== undefined) {
    throw invalidInput(
      `${text} is a version id, which names the past: send currentId (${ref.id})`,
      options.path,
    )
  }
  return andThen(getRef(context, context.graph, text, options), (vertex) => {
    if (access(context.viewer, vertex) === 'FULL') return vertex
    throw new PlenumError(
      'FORBIDDEN',
      `${text} is known to this token by name only`,
      options.path === undefined ? {} : { path: options.path },
    )
  })
}

/** Ids of all refs of a list. */
export function idsOfRefs(
  context: Context,
  graph: Graph,
  refs: readonly string[],
  options: FindOptions,
): Soon<Set<ResourceId>> {
  const found = mapAll(refs, (ref, index) =>
    getRef(context, graph, ref, {
      ...options,
      ...(options.path ? { path: `${options.path}[${index}]` } : {}),
    }),
  )
  return andThen(found, (vertices) => new Set(vertices.map((vertex) => vertex.id)))
}

/** The graph that a ref is to be looked up in: its own instant goes before `asOf`. */
export function graphOfRef(context: Context, text: string, asOf: number | null | undefined): Soon<Graph> {
  const ref = parseRef(text)
  return graphOf(context, ref.by === 'id' && ref.instant !== undefined ? ref.instant : asOf)
}

function matches(context: Context, graph: Graph, ref: Ref, options: FindOptions): Soon<readonly Vertex[]> {
  if (ref.by === 'id') return present(graph.get(ref.id))
  if (ref.by === 'natural') return byNaturalKey(graph, ref.type, ref.keys, options.path)
  const found = loadersOf(context).key.load(ref)
  // A key is no name: who knows a resource by its name only does not find it by that.
  return found.then((id) =>
    (id === undefined ? [] : present(graph.get(id))).filter(
      (vertex) => access(context.viewer, vertex) === 'FULL',
    ),
  )
}

const present = (vertex: Vertex | undefined): Vertex[] => (vertex ? [vertex] : [])

function ambiguous(text: string, found: readonly Vertex[], path: string | undefined): PlenumError {
  const candidates = found
    .slice(0, 20)
    .map((vertex) => ({ id: String(vertex.id), kind: vertex.kind.name, name: vertex.name }))
  const message = `The ref ${text} names ${found.length} resources: use an id or more keys`
  return new PlenumError('CONFLICT', message, { reason: 'AMBIGUOUS', candidates, ...(path ? { path } : {}) })
}

type Keys = Readonly<Record<string, string>>

function byNaturalKey(graph: Graph, type: TypeName, keys: Keys, path: string | undefined): Vertex[] {
  const names = kindsOfType(type).filter((name) =>
    Object.keys(keys).every((key) => hasKey(getKind(name), key)),
  )
  if (names.length === 0) throw unknownKey(type, keys, path)
  return names.flatMap((name) => ofKind(graph, getKind(name), keys))
}

const hasKey = (kind: KindDefinition, key: string): boolean =>
  key === 'name' || key === 'id' || kind.naturalKeys.includes(key) || isToOne(kind, key)

function isToOne(kind: KindDefinition, key: string): boolean {
  const field = kind.fields[key]
  return field?.from === 'walk' && field.shape === 'one'
}

function unknownKey(type: TypeName, keys: Keys, path: string | undefined): PlenumError {
  const possible = new Set(kindsOfType(type).flatMap((name) => ['name', ...getKind(name).naturalKeys]))
  return invalidInput(
    `A ref to ${type} cannot have ${Object.keys(keys).join(', ')}: its keys are ${[...possible].join(', ')}`,
    path,
  )
}

function ofKind(graph: Graph, kind: KindDefinition, keys: Keys): Vertex[] {
  const entries = Object.entries(keys).map(([key, value]) => [key, canonicalKey(kind, key, value)] as const)
  const indexed = entries.find(([key]) => isIndexed(kind, key))
  const found = indexed ? graph.lookup(kind.name, indexed[0], indexed[1]) : near(graph, kind, entries)
  return found.filter((vertex) => entries.every(([key, value]) => holds(graph, vertex, key, value)))
}

/** Without an index: what lies behind a to-one key, else all of the kind. */
function near(
  graph: Graph,
  kind: KindDefinition,
  entries: readonly (readonly [string, string])[],
): readonly Vertex[] {
  for (const [key, value] of entries) {
    const field = kind.fields[key]
    if (field?.from !== 'walk' || value === '') continue
    const targets = new Set(namedBy(graph, field.to, value).map((vertex) => vertex.id))
    return candidates(graph, kind.name, { walks: [{ steps: field.steps, to: targets }] })
  }
  return graph.ofType(kind.name)
}

/** Resources of a type that a to-one key's value may mean: by name, id or natural key. */
function namedBy(graph: Graph, type: TypeName, value: string): Vertex[] {
  const byId = /^[1-9]\d{0,15}$/.test(value) ? present(graph.get(Number(value))) : []
  const byKey = kindsOfType(type).flatMap((name) => {
    const kind = getKind(name)
    const keys = ['name', ...kind.naturalKeys].filter((key) => isIndexed(kind, key))
    const byName = kind.nameIndexed ? [] : graph.ofType(name).filter((vertex) => vertex.name === value)
    return [...keys.flatMap((key) => [...graph.lookup(name, key, value)]), ...byName]
  })
  return [...byId, ...byKey]
}

function canonicalKey(kind: KindDefinition, key: string, value: string): string {
  const field = kind.fields[key]
  return field?.from === 'property' && field.format ? (canonical(field.format, value) ?? value) : value
}

function isIndexed(kind: KindDefinition, key: string): boolean {
  const field = kind.fields[key]
  return key === 'name' ? kind.nameIndexed : field?.from === 'property' && field.indexed === true
}

/** Whether the vertex has this value; a to-one field by its resource's name, id or a natural key of it, empty for none. */
function holds(graph: Graph, vertex: Vertex, key: string, value: string): boolean {
  if (key === 'name') return vertex.name === value
  if (key === 'id') return String(vertex.id) === value
  const field = vertex.kind.fields[key]
  if (field?.from === 'property') return String(vertex.fields[key] ?? '') === value
  if (field?.from !== 'walk') return false
  const [other] = graph.walk(vertex, field.steps)
  if (other === undefined) return value === ''
  const names = [
    other.name,
    String(other.id),
    ...other.kind.naturalKeys.map((name) => String(other.fields[name] ?? '')),
  ]
  return names.includes(value)
}
