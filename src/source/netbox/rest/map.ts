/** Objects of NetBox' REST API as rows of its tables, so that both ways lead through one map. Pure. */
import type { Row } from '../dump.ts'

/** An object as the API lists it. */
export type Item = Readonly<Record<string, unknown>> & { id: number }

/** What the API adds for its readers. */
const shown = new Set([
  'id',
  'url',
  'display',
  'display_url',
  'tags',
  'custom_fields',
  'a_terminations',
  'b_terminations',
  'config_context',
  'connected_endpoints',
  'connected_endpoints_type',
  'connected_endpoints_reachable',
  'link_peers',
  'link_peers_type',
  'assigned_object',
  'termination',
  'scope',
  'object',
  'component',
  'family',
  'children',
  'mac_addresses',
  'primary_mac_address',
  'primary_ip',
  'parent_device',
  'l2vpn_termination',
  'count_fhrp_groups',
  'count_ipaddresses',
  'nat_outside',
  'wireless_link_peer',
  'powerfeed_count',
  'utilization',
  'members',
])

const isShown = (name: string): boolean => shown.has(name) || name.startsWith('_') || name.endsWith('_count')

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A choice is its value, another object its id. */
function toValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toValue)
  if (!isObject(value)) return value
  if ('value' in value && 'label' in value) return value['value']
  return 'id' in value ? value['id'] : value
}

/** Generic relations that were foreign keys once: 4.2 and later say what is scoped by its type. */
const generic: Readonly<
  Record<string, { type: string; id: string; into: Readonly<Record<string, string>> }>
> = {
  'ipam.prefix': { type: 'scope_type', id: 'scope_id', into: { 'dcim.site': 'site' } },
  'virtualization.cluster': { type: 'scope_type', id: 'scope_id', into: { 'dcim.site': 'site' } },
  'circuits.circuittermination': {
    type: 'termination_type',
    id: 'termination_id',
    into: { 'dcim.site': 'site', 'circuits.providernetwork': 'provider_network' },
  },
}

export interface Version {
  major: number
  minor: number
}

export function parseVersion(text: unknown): Version | undefined {
  const match = typeof text === 'string' ? /^v?(\d+)\.(\d+)/.exec(text) : null
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined
}

/** From 4.1 on disks are counted in MB. */
const countsMegabytes = ({ major, minor }: Version): boolean => major > 4 || (major === 4 && minor >= 1)

export function toRow(model: string, item: Item, index: number, version: Version): Row {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(item)) if (!isShown(name)) fields[name] = toValue(value)
  if (isObject(item['custom_fields'])) fields['custom_field_data'] = toCustom(item['custom_fields'])
  const relation = generic[model]
  const into = relation?.into[String(fields[relation.type])]
  if (relation && into) {
    fields[into] = fields[relation.id]
    delete fields[relation.type]
    delete fields[relation.id]
  }
  if (
    model === 'virtualization.virtualmachine' &&
    typeof fields['disk'] === 'number' &&
    countsMegabytes(version)
  )
    fields['disk'] /= 1_000
  return { model, pk: item.id, index, fields }
}

const toCustom = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      isObject(value) ? (value['name'] ?? toValue(value)) : toValue(value),
    ]),
  )

/** Rows that the API shows within others: tags of an object, ends of a cable. */
export function toInnerRows(model: string, item: Item, next: () => number): Row[] {
  const row = (inner: string, fields: Record<string, unknown>): Row => {
    const index = next()
    return { model: inner, pk: index + 1, index, fields }
  }
  const tags = Array.isArray(item['tags']) ? (item['tags'] as unknown[]) : []
  const tagged = tags
    .filter(isObject)
    .map((tag) => row('extras.taggeditem', { content_type: model, object_id: item.id, tag: tag['id'] }))
  if (model !== 'dcim.cable') return tagged
  const ends = (['A', 'B'] as const).flatMap((side) => {
    const list = item[`${side.toLowerCase()}_terminations`]
    return (Array.isArray(list) ? (list as unknown[]) : []).filter(isObject).map((end) =>
      row('dcim.cabletermination', {
        cable: item.id,
        cable_end: side,
        termination_type: end['object_type'],
        termination_id: end['object_id'],
      }),
    )
  })
  return [...tagged, ...ends]
}
