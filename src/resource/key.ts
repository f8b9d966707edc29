/** The key of what people import without giving one. Pure. */
import { kinds } from './kind/index.ts'
import type { ParentScope } from './kind/kind.ts'
import { parseRef } from './ref.ts'
import type { LinkTarget, Observation } from './resource.ts'

/**
 * `Kind:name`; for kinds whose names repeat by nature (interfaces, components, addresses) with what they belong to before it, and with what else tells
 * them apart there: `Server:srv-1/NetworkInterface:eth0`, `Device:pp-1/Component:front port:Port 1`.
 */
export function defaultKeyOf(item: Pick<Observation, 'kind' | 'name' | 'fields' | 'links'>): string {
  const kind = kinds.get(item.kind)
  if (kind === undefined || kind.nameIndexed) return `${item.kind}:${item.name}`
  const scope = kind.identities.find(({ scope }) => scope && 'parent' in scope)?.scope
  const property = scope && 'property' in scope ? item.fields?.[scope.property] : undefined
  const own = `${item.kind}:${typeof property === 'string' ? `${property}:` : ''}${item.name}`
  const parent = scope && 'parent' in scope ? parentOf(item, scope) : undefined
  return parent === undefined ? own : `${parent}/${own}`
}

/** An address belongs to its VRF, whatever else it is a member of. */
function parentOf(
  item: Pick<Observation, 'links'>,
  { parent: type, within }: ParentScope,
): string | undefined {
  const texts = (item.links ?? [])
    .filter((link) => link.type === type && link.direction !== 'in')
    .map((link) => textOf(link.to))
  return within === undefined ? texts[0] : texts.find((text) => text.startsWith(`${within}:`))
}

function textOf(to: LinkTarget): string {
  if ('key' in to) return to.source === undefined ? to.key : `${to.source}:${to.key}`
  if ('id' in to) return `#${to.id}`
  if ('identity' in to) return `${to.kind}:${to.value}`
  try {
    const ref = parseRef(to.ref)
    const isName = ref.by === 'natural' && Object.keys(ref.keys).length === 1
    return isName ? `${ref.type}:${Object.values(ref.keys).join()}` : to.ref
  } catch {
    // Not a ref: what resolves the links tells it.
    return to.ref
  }
}
