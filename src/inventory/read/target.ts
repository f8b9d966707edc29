/** What a link points to, as people write it. */
import { isIP } from 'node:net'
import { PlenumError } from '../../errors.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { InterfaceName } from '../../resource/kind/kind.ts'
import { formatNaturalRef, parseRef } from '../../resource/ref.ts'
import type { LinkTarget } from '../../resource/resource.ts'
import { shown, type Faults } from './fault.ts'

/** `key:…` names an item of the same inventory by its key. */
export const ownKey = 'key:'

const isNatural = (text: string): boolean => /^[A-Z][A-Za-z]*:\s*[A-Za-z]\w*\s*=/.test(text)
const isSourceKey = (text: string): boolean => /^[A-Za-z][\w.-]{0,99}:\S/.test(text) && !text.includes('://')

/** In `links`: `key:…`, an id, a natural key, or a source's key. */
export function parseTarget(value: unknown, path: string, faults: Faults): LinkTarget | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || text === '') {
    faults.add(path, `a link needs what it is to, a text such as Rack:name=r07, not ${shown(value)}`)
    return undefined
  }
  if (text.startsWith(ownKey) && text.length > ownKey.length) return { key: text.slice(ownKey.length) }
  try {
    const ref = parseRef(text, path)
    if (ref.by === 'source') return { source: ref.source, key: ref.key }
    return ref.by === 'id' && ref.instant === undefined ? { id: ref.id } : { ref: text }
  } catch (error) {
    if (!(error instanceof PlenumError)) throw error
    faults.add(path, error.message)
    return undefined
  }
}

/** In a field such as `rack`: also just the name, or what names such a thing. */
export function parseFieldTarget(
  value: unknown,
  to: KindName | InterfaceName,
  path: string,
  faults: Faults,
): LinkTarget | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || text.trim() === '') {
    faults.add(path, `a name or a ref such as ${to}:name=… is needed, not ${shown(value)}`)
    return undefined
  }
  const short = shortKey(text, to)
  if (short !== undefined) return { ref: formatNaturalRef(to, { [short]: text }) }
  if (text.startsWith(ownKey) || isNatural(text) || isSourceKey(text)) return parseTarget(text, path, faults)
  return { ref: formatNaturalRef(to, { name: text }) }
}

/** Kinds whose things are called by a value that has colons itself. */
function shortKey(text: string, to: string): string | undefined {
  if (to === 'Prefix' && /^[\da-fA-F:.]+\/\d+$/.test(text)) return 'cidr'
  if (to === 'IpAddress' && isIP(text) !== 0) return 'address'
  if (to === 'Endpoint' && /^\w+:\/\//.test(text)) return 'url'
  return undefined
}
