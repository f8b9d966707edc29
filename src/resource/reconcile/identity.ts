/** Which identities an observation claims. Placeholders that vendors leave in their fields identify nothing. */
import { getKind, type KindName } from '../kind/index.ts'
import type { IdentityRule } from '../kind/kind.ts'
import type { LinkType } from '../kind/link.ts'
import type { Observation, ResourceId } from '../resource.ts'
import type { Claim } from './member.ts'

const placeholders = new Set([
  'to be filled by o.e.m.',
  'to be filled by oem',
  'default string',
  'system serial number',
  'not specified',
  'not available',
  'not applicable',
  'unknown',
  'none',
  'null',
  'nil',
  'n/a',
  'na',
  'o.e.m.',
  'oem',
  'empty',
  'invalid',
  'undefined',
  'xxxxxxx',
  'serial',
  'chassis serial number',
  'base board serial number',
  'system product name',
  'asset tag',
  'no asset tag',
  'no asset information',
  '123456789',
  '0123456789',
  '1234567890',
  '03000200-0400-0500-0006-000700080009',
])

/** Whether a value is one that vendors give to everything. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim().toLowerCase()
  if (text.length === 0 || placeholders.has(text)) return true
  const plain = text.replace(/[-:. _]/g, '')
  return plain.length === 0 || /^(.)\1*$/.test(plain)
}

/** MACs that routers share (VRRP, HSRP, GLBP, CARP) or that nobody owns (multicast, broadcast, zero). */
export function isSharedMac(mac: string): boolean {
  return (
    /^00:00:5e:00:0[12]:/.test(mac) ||
    /^00:00:0c:(07:ac|9f:f)/.test(mac) ||
    /^00:07:b4:/.test(mac) ||
    /^00:05:73:a0:/.test(mac) ||
    (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 ||
    /^(00:){5}00$/.test(mac)
  )
}

const isLocalMac = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 2) === 2

/** Makers write their names in many ways: `Dell Inc.` is `dell`. */
const makerOf = (value: unknown): string =>
  String(value ?? '')
    .toLowerCase()
    .replace(/[,.]/g, ' ')
    .replace(
      /\b(inc|corp|corporation|ltd|limited|co|company|gmbh|ag|technologies|technology|networks|systems|enterprise)\b/g,
      ' ',
    )
    .replace(/\s+/g, ' ')
    .trim()

/** The resource at the end of an outgoing link, of the kind where one is given; undefined when there is none or it is not known yet. */
type ParentOf = (type: LinkType, within?: KindName) => ResourceId | undefined

export function claimsOf(observation: Observation, sourceName: string, parentOf: ParentOf): Claim[] {
  return getKind(observation.kind).identities.flatMap((rule) => {
    const value = valueOf(observation, rule.property)
    const scope = scopeOf(observation, rule, parentOf)
    if (value === undefined || scope === undefined) return []
    if (rule.type === 'mac') return macClaim(value, sourceName)
    if (rule.property !== 'name' && !isNatural(rule) && isPlaceholder(value)) return []
    return [{ type: rule.type, scope, value, strong: rule.strength === 'strong' }]
  })
}

/**
 * What an observation's claims are made of, beside its links, as one text: observations that agree in it and in their links claim the same. Of nothing (an edit that is
 * new), what an observation that says none of it would give.
 */
export function claimBasis(observation: Observation | undefined, kind: KindName): string {
  const properties = getKind(kind).identities.flatMap(({ property, scope }) =>
    scope !== undefined && 'property' in scope ? [property, scope.property] : [property],
  )
  return JSON.stringify([
    observation?.kind ?? kind,
    ...properties.map((property) => (observation && valueOf(observation, property)) ?? null),
  ])
}

/** Values that are what they say, however they look: addresses, VLAN ids, prefixes. */
const isNatural = (rule: IdentityRule): boolean =>
  ['address', 'cidr', 'vid', 'bgpPeer', 'rd', 'url'].includes(rule.type)

function valueOf(observation: Observation, property: string): string | undefined {
  const value = property === 'name' ? observation.name : observation.fields?.[property]
  if (value === null || value === undefined || value === '') return undefined
  const text = typeof value === 'string' ? value.trim() : String(value)
  return isTag(property) ? text.toUpperCase() : text
}

/** Numbers on stickers are typed in by people in either case. */
const isTag = (property: string): boolean => property === 'serialNumber' || property === 'assetTag'

function scopeOf(observation: Observation, rule: IdentityRule, parentOf: ParentOf): string | undefined {
  if (rule.scope === undefined) return ''
  const property = 'property' in rule.scope ? rule.scope.property : undefined
  const text =
    property === undefined
      ? undefined
      : property === 'manufacturer'
        ? makerOf(observation.fields?.[property])
        : String(observation.fields?.[property] ?? '')
  if (!('parent' in rule.scope)) return text ?? ''
  const parent = parentOf(rule.scope.parent, rule.scope.within)
  if (parent === undefined) return isGlobalWithout(rule.scope.parent) ? (text ?? '') : undefined
  return text === undefined ? `r:${parent}` : `r:${parent}/${text}`
}

/** An address without a VRF is in the global table; a part without its whole is nowhere. */
const isGlobalWithout = (parent: LinkType): boolean => parent === 'MEMBER_OF'

function macClaim(mac: string, sourceName: string): Claim[] {
  if (isSharedMac(mac)) return []
  return [{ type: 'mac', scope: isLocalMac(mac) ? sourceName : '', value: mac, strong: false }]
}
