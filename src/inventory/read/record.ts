/**
 * Terminology
 * - record: one thing as a format gives it: a plain object with its fields beside each other.
 * The checks here are about the form of a record; values of properties are checked by what takes the items.
 */
import { didYouMean } from '../../resource/check.ts'
import { isKindName, kindNames, getKind } from '../../resource/kind/index.ts'
import type { KindDefinition } from '../../resource/kind/kind.ts'
import { linkTypes, type LinkType } from '../../resource/kind/link.ts'
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import type { InventoryItem } from '../../resource/verbs.ts'
import { statableLinks, type StatableLink } from '../link.ts'
import { shown, type Faults } from './fault.ts'
import { parseFieldTarget, parseTarget } from './target.ts'

export interface RawRecord {
  value: unknown
  /** The kind that the record's place in the file gives, if any. */
  kind?: string
  /** Where it stands: `line 7`. */
  path: string
  /** Where one of its keys stands: `line 7, column rack`. */
  at(key: string): string
}

const commonKeys = [
  'kind',
  'key',
  'name',
  'status',
  'labels',
  'owner',
  'contact',
  'fields',
  'attributes',
  'links',
] as const

/** What names a thing of these kinds when no name is given. */
const namedBy: Readonly<Record<string, string>> = { IpAddress: 'address', Prefix: 'cidr', Endpoint: 'url' }

/** The item; undefined when the record has faults, which are added. */
export function toItem(raw: RawRecord, faults: Faults): InventoryItem | undefined {
  const { value, path } = raw
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.add(path, `an item is a map of fields, not ${shown(value)}`)
    return undefined
  }
  const record = value as Record<string, unknown>
  const kind = kindOf(raw, record, faults)
  if (kind === undefined) return undefined
  const item: InventoryItem = { kind: kind.name, name: '', path }
  const fields: Record<string, unknown> = {}
  const links: LinkClaim[] = []
  for (const [key, entry] of Object.entries(record)) {
    if (entry === undefined) continue
    const link = statableLinks(kind).get(key)
    if (Object.hasOwn(kind.fields, key) && kind.fields[key]?.from === 'property') fields[key] = entry
    else if ((commonKeys as readonly string[]).includes(key))
      setCommon(item, fields, links, key, entry, raw, faults)
    else if (link) links.push(...toClaims(link, entry, raw.at(key), faults))
    else faults.add(raw.at(key), unknownKey(kind, key))
  }
  checkPlace(links, raw, faults)
  const name = item.name === '' ? fields[namedBy[kind.name] ?? ''] : item.name
  if (typeof name !== 'string' || name.trim() === '') faults.add(path, `this ${kind.name} has no name`)
  return {
    ...item,
    name: String(name),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
    ...(links.length > 0 ? { links } : {}),
  }
}

function kindOf(raw: RawRecord, record: Record<string, unknown>, faults: Faults): KindDefinition | undefined {
  const name = record['kind'] ?? raw.kind
  if (name === undefined) {
    faults.add(raw.path, 'this item has no kind')
  } else if (typeof name !== 'string' || !isKindName(name)) {
    faults.add(raw.at('kind'), `there is no kind ${shown(name)}${didYouMean(String(name), kindNames)}`)
  } else if (raw.kind !== undefined && raw.kind !== name) {
    faults.add(raw.at('kind'), `this ${name} stands among the items of kind ${raw.kind}`)
  } else {
    return getKind(name)
  }
  return undefined
}

function unknownKey(kind: KindDefinition, key: string): string {
  if (Object.hasOwn(kind.fields, key))
    return `${key} of ${kind.name} follows from other links and cannot be set: state it at the other end`
  const properties = Object.keys(kind.fields).filter((name) => kind.fields[name]?.from === 'property')
  const known = [...commonKeys, ...properties, ...statableLinks(kind).keys()]
  return `${kind.name} has no field ${shown(key)}${didYouMean(key, known)}`
}

function setCommon(
  item: InventoryItem,
  fields: Record<string, unknown>,
  links: LinkClaim[],
  key: string,
  value: unknown,
  raw: RawRecord,
  faults: Faults,
): void {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (key === 'links') links.push(...toLinks(value, raw.at(key), faults))
  else if (key === 'key' || key === 'name') item[key] = toText(value) as string
  else if (key === 'owner' || key === 'contact') item[key] = toText(value) as string | null
  else if (key === 'status') item.status = toStatus(value)
  else if (key === 'kind' || value === null) return
  else if (!isMap) faults.add(raw.at(key), `${key} is a map, not ${shown(value)}`)
  else if (key === 'fields') Object.assign(fields, value)
  else if (key === 'attributes') item.attributes = value as Record<string, unknown>
  else item.labels = toLabels(value as Record<string, unknown>)
}

/** Names and labels that look like numbers are texts all the same. */
const toText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value

const toStatus = (value: unknown): NonNullable<Observation['status']> | null =>
  (typeof value === 'string' ? value.toUpperCase() : value) as NonNullable<Observation['status']> | null

const toLabels = (value: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).map(([key, label]) => [key, toText(label) as string]))

function toClaims(link: StatableLink, value: unknown, path: string, faults: Faults): LinkClaim[] {
  if (value === null) return []
  if (Array.isArray(value) && !link.isMany) {
    faults.add(path, 'one is needed here, not a list')
    return []
  }
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((entry): LinkClaim[] => {
    const to = parseFieldTarget(entry, link.to, path, faults)
    return to === undefined ? [] : [{ type: link.type, to }]
  })
}

function toLinks(value: unknown, path: string, faults: Faults): LinkClaim[] {
  if (value === null) return []
  if (!Array.isArray(value)) {
    faults.add(path, 'links are a list of { type, to }')
    return []
  }
  return value.flatMap((entry: unknown, index) => toLink(entry, `${path}[${index}]`, faults) ?? [])
}

function toLink(entry: unknown, path: string, faults: Faults): LinkClaim | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    faults.add(path, 'a link is a map { type, to }')
    return undefined
  }
  const { type, to, direction, attributes, ...rest } = entry as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  const way = typeof direction === 'string' ? direction.toLowerCase() : undefined
  if (unknown !== undefined)
    faults.add(path, `a link has no ${shown(unknown)}: type, to, direction, attributes`)
  if (!linkTypes.includes(type as LinkType))
    faults.add(path, `there is no link type ${shown(type)}${didYouMean(String(type), linkTypes)}`)
  if (direction !== undefined && way !== 'in' && way !== 'out') faults.add(path, 'direction is in or out')
  if (
    attributes !== undefined &&
    (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
  )
    faults.add(path, 'attributes of a link are a map')
  const target = parseTarget(to, path, faults)
  if (target === undefined) return undefined
  return {
    type: type as LinkType,
    to: target,
    ...(way === 'in' || way === 'out' ? { direction: way } : {}),
    ...(attributes === undefined ? {} : { attributes: attributes as Record<string, unknown> }),
  }
}

/** A thing stands in one place; the places around that one follow from it. */
function checkPlace(links: readonly LinkClaim[], raw: RawRecord, faults: Faults): void {
  const places = links.filter(({ type, direction }) => type === 'LOCATED_IN' && direction !== 'in')
  if (places.length > 1)
    faults.add(
      raw.path,
      'this stands in several places: state the nearest only (the rack), the others follow from it',
    )
}
