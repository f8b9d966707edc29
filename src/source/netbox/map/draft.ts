/** What every NetBox object has in common, put on top of what is its own: status, tenant, tags, contacts, custom fields, and what is left. */
import type { LinkClaim, LinkTarget, Observation } from '../../../resource/resource.ts'
import { keyOf, type Dump, type Row } from '../dump.ts'
import { Fields } from '../field.ts'
import type { DecideKind, DeviceKind } from '../rule.ts'
import { toStatus } from '../status.ts'
import type { Contacts } from './contact.ts'

export interface Mapping {
  dump: Dump
  source: string
  decideKind: DecideKind
  /** Label keys by the tagged row's key. */
  tags: ReadonlyMap<string, readonly string[]>
  contacts: ReadonlyMap<string, Contacts>
  /** Kind and role by device key. */
  devices: ReadonlyMap<string, { kind: DeviceKind; role: string | undefined }>
}

export interface Own {
  name: string
  /** Kind's properties; undefined ones are left out. */
  fields?: Record<string, unknown>
  links?: (LinkClaim | undefined)[]
  attributes?: Record<string, unknown>
}

export const openFields = (mapping: Mapping, row: Row): Fields => new Fields(mapping.dump, row)

export const target = (mapping: Mapping, row: Row): LinkTarget => ({
  source: mapping.source,
  key: keyOf(row),
})

/** A link to a row's resource; none when there is no row. */
export function linkTo(
  mapping: Mapping,
  type: LinkClaim['type'],
  row: Row | undefined,
  attributes?: Record<string, unknown>,
): LinkClaim | undefined {
  if (row === undefined) return undefined
  const claim = { type, to: target(mapping, row) }
  return attributes === undefined ? claim : { ...claim, attributes }
}

/** An observation of a row: `own` plus what is common. Call it after everything of one's own has been read from `fields`. */
export function toObservation(
  mapping: Mapping,
  fields: Fields,
  kind: Observation['kind'],
  own: Own,
): Observation {
  const key = keyOf(fields.row)
  const { status, raw } = toStatus(fields.text('status'))
  const custom = toCustom(fields, kind)
  const tenant = linkTo(mapping, 'OWNED_BY', fields.ref('tenant', 'tenancy.tenant'))
  const contacts = mapping.contacts.get(key)
  const attributes = present({
    ...fields.rest(),
    ...own.attributes,
    status: raw,
    contacts: contacts?.all,
    customFields: custom.rest,
  })
  const links = [...(own.links ?? []), tenant].filter((link) => link !== undefined)
  const owner = custom.owner ?? contacts?.owner
  return {
    key,
    kind,
    name: own.name,
    ...present({ status, labels: toLabels(mapping, key), owner, contact: contacts?.contact }),
    ...present({ fields: nonEmpty(present({ ...own.fields, ...custom.fields })) }),
    ...present({ attributes: nonEmpty(attributes), links: links.length > 0 ? links : undefined }),
  }
}

export function present<T extends Record<string, unknown>>(
  record: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const found: Record<string, unknown> = {}
  for (const name in record) if (record[name] !== undefined) found[name] = record[name]
  return found as { [K in keyof T]?: Exclude<T[K], undefined> }
}

const nonEmpty = <T extends object>(record: T): T | undefined =>
  Object.keys(record).length > 0 ? record : undefined

function toLabels(mapping: Mapping, key: string): Record<string, string> | undefined {
  const tags = mapping.tags.get(key)
  return tags && Object.fromEntries(tags.map((tag) => [tag, 'true']))
}

/** Custom fields that say what a field of Plenum says, by their name without case, blanks, `_` and `-`. */
const knownCustom: Readonly<Record<string, string>> = {
  purchasedat: 'purchasedAt',
  purchasedate: 'purchasedAt',
  dateofpurchase: 'purchasedAt',
  warrantyendsat: 'warrantyEndsAt',
  warrantyend: 'warrantyEndsAt',
  warrantyenddate: 'warrantyEndsAt',
  warrantyexpiration: 'warrantyEndsAt',
  warrantyexpirationdate: 'warrantyEndsAt',
  warrantyexpires: 'warrantyEndsAt',
  warrantyuntil: 'warrantyEndsAt',
  costcenter: 'costCenter',
  costcentre: 'costCenter',
  owner: 'owner',
}
const assetKinds: readonly string[] = ['Server', 'Switch', 'Device', 'Pdu']

interface Custom {
  fields: Record<string, unknown>
  owner: string | undefined
  rest: Record<string, unknown> | undefined
}

function toCustom(fields: Fields, kind: string): Custom {
  const data = fields.raw('custom_field_data') ?? {}
  const result: Custom = { fields: {}, owner: undefined, rest: undefined }
  for (const [name, value] of Object.entries(data as Record<string, unknown>)) {
    if (value === null || value === '') continue
    const known = knownCustom[name.toLowerCase().replace(/[\s_-]/g, '')]
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    if (known === 'owner' && text !== undefined) result.owner = text
    else if (known === 'costCenter' && text !== undefined && assetKinds.includes(kind))
      result.fields[known] = text
    else if (known?.endsWith('At') && assetKinds.includes(kind) && toInstant(text))
      result.fields[known] = toInstant(text)
    else result.rest = { ...result.rest, [name]: value }
  }
  return result
}

/** NetBox's dates have no time: midnight UTC. */
function toInstant(text: string | undefined): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(T.*)?$/.exec(text ?? '')
  const at = match ? new Date(match[2] === undefined ? `${match[1]}T00:00:00Z` : match[0]) : undefined
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined
}
