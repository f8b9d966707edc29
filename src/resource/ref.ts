/**
 * Terminology
 * - ref: a text that names a resource: an id `1042`, a version id `1042@2026-02-03T04:05:06.789Z`, a natural key `Rack:name=r07`
 *   (several parts with commas, values in double quotes where they hold `,` `=` `"` or outer blanks), or a source's own key `netbox:dcim.rack.7`.
 */
import { invalidInput } from '../errors.ts'
import { isKindName, type KindName } from './kind/index.ts'
import type { InterfaceName } from './kind/kind.ts'
import type { ResourceId } from './resource.ts'

export type Ref =
  | { by: 'id'; id: ResourceId; instant?: number }
  | { by: 'natural'; type: KindName | InterfaceName; keys: Readonly<Record<string, string>> }
  | { by: 'source'; source: string; key: string }

const interfaces: readonly string[] = ['Resource', 'Hardware', 'Machine'] satisfies InterfaceName[]

/** INVALID_INPUT when the text is no ref, with how it is written. */
export function parseRef(text: string, path?: string): Ref {
  const id = parseVersionId(text)
  if (id)
    return id.instant === undefined ? { by: 'id', id: id.id } : { by: 'id', id: id.id, instant: id.instant }
  const colon = text.indexOf(':')
  if (colon <= 0 || colon === text.length - 1) throw noRef(text, path)
  const [head, rest] = [text.slice(0, colon), text.slice(colon + 1)]
  if (isTypeName(head) && rest.includes('='))
    return { by: 'natural', type: head, keys: parseKeys(rest, text, path) }
  if (/^[A-Z][A-Za-z]*$/.test(head) && /^[a-z][A-Za-z]*=/.test(rest)) {
    throw invalidInput(`There is no kind ${head} (in the ref "${short(text)}")`, path)
  }
  return { by: 'source', source: head, key: rest }
}

const isTypeName = (name: string): name is KindName | InterfaceName =>
  isKindName(name) || interfaces.includes(name)

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}…` : text)

const noRef = (text: string, path?: string) =>
  invalidInput(
    `"${short(text)}" is no Ref: write an id (1042), a natural key (Rack:name=r07) or a source's key (netbox:dcim.rack.7)`,
    path,
  )

/** The parts of an id or version id; undefined when the text is neither. */
export function parseVersionId(text: string): { id: ResourceId; instant?: number } | undefined {
  const match = /^([1-9]\d{0,15})(?:@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z))?$/.exec(text)
  const id = Number(match?.[1])
  if (!match || !Number.isSafeInteger(id)) return undefined
  if (match[2] === undefined) return { id }
  const instant = Date.parse(match[2])
  return Number.isNaN(instant) ? undefined : { id, instant }
}

export function formatVersionId(id: ResourceId, instant: number | null): string {
  return instant === null ? String(id) : `${id}@${new Date(instant).toISOString()}`
}

function parseKeys(rest: string, text: string, path?: string): Record<string, string> {
  const part = /\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]*))\s*(,|$)/y
  const keys: Record<string, string> = Object.create(null) as Record<string, string>
  while (part.lastIndex < rest.length) {
    const match = part.exec(rest)
    if (match === null) throw noRef(text, path)
    const [, key = '', quoted, plain = '', end] = match
    if (key in keys) throw invalidInput(`The ref "${short(text)}" gives ${key} twice`, path)
    keys[key] = quoted === undefined ? plain.trim() : quoted.replace(/\\(.)/g, '$1')
    if (end === ',' && part.lastIndex === rest.length) throw noRef(text, path)
  }
  return keys
}

/** A natural key as a ref's text, its values quoted where they must be. */
export function formatNaturalRef(type: string, keys: Readonly<Record<string, string>>): string {
  const parts = Object.entries(keys).map(([key, value]) => `${key}=${quote(value)}`)
  return `${type}:${parts.join(',')}`
}

const quote = (value: string): string =>
  /^[^\s,="\\](?:[^,="\\]*[^\s,="\\])?$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
