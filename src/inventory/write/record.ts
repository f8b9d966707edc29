/** A resource as a record: the same fields, in the same order, as people write them. */
import type { Graph, GraphLink, Vertex } from '../../graph/graph.ts'
import { defaultKeyOf } from '../../resource/key.ts'
import { kindNames, propertiesOf, type KindName } from '../../resource/kind/index.ts'
import { linkDefinition } from '../../resource/kind/link.ts'
import { formatNaturalRef } from '../../resource/ref.ts'
import { fieldOfLink, statableLinks } from '../link.ts'
import { Faults } from '../read/fault.ts'
import { toItem } from '../read/record.ts'
import { ownKey, parseFieldTarget } from '../read/target.ts'
import { compare, type Keys } from './key.ts'

export type ItemRecord = Record<string, unknown>

export interface Exported {
  graph: Graph
  keys: Keys
  /** Whether a resource is in the export. */
  has(vertex: Vertex): boolean
}

/** Links that this end tells: those that go out, and symmetric ones at the end that comes first. */
export function linksOf({ graph, keys }: Exported, vertex: Vertex): GraphLink[] {
  const place = (one: Vertex) =>
    `${String(kindNames.indexOf(one.kind.name)).padStart(3, '0')}\0${one.name}\0${keys.of(one.id)}`
  return graph.links(vertex).filter((link) => {
    const other = link.from === vertex ? link.to : link.from
    if (other.kind.name === 'Source') return false
    return linkDefinition(link.type).symmetric
      ? compare(place(vertex), place(other)) < 0
      : link.from === vertex
  })
}

export function toRecord(
  exported: Exported,
  vertex: Vertex,
  links: readonly { link: GraphLink; attributes: Record<string, unknown> }[],
  attributes: Record<string, unknown> | undefined,
): ItemRecord {
  const told = toldLinks(exported, vertex, links)
  const record = withoutEmpty({
    kind: vertex.kind.name,
    name: vertex.name,
    status: vertex.status,
    labels: sorted(vertex.labels),
    owner: vertex.owner,
    contact: vertex.contact,
    ...Object.fromEntries(propertiesOf(vertex.kind).map(([name]) => [name, vertex.fields[name]])),
    ...told.fields,
    links: told.rest,
    attributes: flatten(attributes ?? {}),
  })
  const key = exported.keys.of(vertex.id)
  if (key === keyByDefault(record)) return record
  const { kind, ...rest } = record
  return { kind, key, ...rest }
}

/** The key that the record gets when it is read again without one. */
function keyByDefault(record: ItemRecord): string | undefined {
  const item = toItem({ value: record, path: '', at: (key) => key }, new Faults())
  return item && defaultKeyOf(item)
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)

const withoutEmpty = (record: ItemRecord): ItemRecord =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => !isEmpty(value)))

export const sorted = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => compare(a, b)))

/** What all sources say, without their names: who says it is the importer's afterwards. Where two say different things, both are kept. */
function flatten(attributes: Record<string, unknown>): Record<string, unknown> {
  const flat: Record<string, unknown> = {}
  for (const [source, said] of Object.entries(sorted(attributes))) {
    if (typeof said !== 'object' || said === null) continue
    for (const [name, value] of Object.entries(said)) {
      const isTaken = Object.hasOwn(flat, name) && JSON.stringify(flat[name]) !== JSON.stringify(value)
      flat[isTaken ? `${source}.${name}` : name] = value
    }
  }
  return sortDeep(flat) as Record<string, unknown>
}

/** Tables keep the keys of JSON objects in an order of their own. */
function sortDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortDeep)
  if (typeof value !== 'object' || value === null) return value
  return sorted(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sortDeep(inner)])))
}

interface Told {
  fields: Record<string, unknown>
  rest: Record<string, unknown>[]
}

function toldLinks(
  exported: Exported,
  vertex: Vertex,
  links: readonly { link: GraphLink; attributes: Record<string, unknown> }[],
): Told {
  const byField = new Map<string, string[]>()
  const rest: Record<string, unknown>[] = []
  for (const { link, attributes } of links) {
    const other = link.from === vertex ? link.to : link.from
    const field = fieldOfLink(vertex.kind, link.type, other.kind.name)
    const definition = field === undefined ? undefined : statableLinks(vertex.kind).get(field)
    const isPlain = definition && Object.keys(attributes).length === 0
    const isFree = isPlain && (definition.isMany || !byField.has(field as string))
    if (!isFree || field === undefined) {
      rest.push(
        withoutEmpty({ type: link.type, to: nameOf(exported, other), attributes: sortDeep(attributes) }),
      )
    } else {
      byField.set(field, [...(byField.get(field) ?? []), nameOf(exported, other, definition.to)])
    }
  }
  const order = [...statableLinks(vertex.kind)]
  const fields = order.flatMap(([name, { isMany }]) => {
    const texts = byField.get(name)?.sort(compare)
    return texts ? [[name, isMany ? texts : texts[0]] as const] : []
  })
  const text = (entry: Record<string, unknown>) => `${String(entry['type'])} ${String(entry['to'])}`
  return { fields: Object.fromEntries(fields), rest: rest.sort((a, b) => compare(text(a), text(b))) }
}

/** By name where that is enough; `field`: what a plain name names there. */
function nameOf({ graph, keys, has }: Exported, vertex: Vertex, field?: string): string {
  if (!has(vertex)) return keys.originOf(vertex.id)
  const kind: KindName = vertex.kind.name
  const isUnique = vertex.kind.nameIndexed && graph.lookup(kind, 'name', vertex.name).length === 1
  if (!isUnique) return `${ownKey}${keys.of(vertex.id)}`
  const ref = formatNaturalRef(kind, { name: vertex.name })
  if (field !== kind) return ref
  const read = parseFieldTarget(vertex.name, kind, '', new Faults())
  return read && 'ref' in read && read.ref === ref ? vertex.name : ref
}
