/** VRFs, VLANs, prefixes and addresses. Aggregates and ranges have no resource of their own: they stand with the prefixes that they are about. */
import type { Observation } from '../../../resource/resource.ts'
import { BlockIndex, parseBlock, type Block } from '../address.ts'
import { type Dump, type Row } from '../dump.ts'
import { Fields } from '../field.ts'
import { linkTo, openFields, present, toObservation, type Mapping } from './draft.ts'
import { nameOf } from './place.ts'

export function toVrf(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const names = (name: string) => {
    const list = fields.refs(name, 'ipam.routetarget').map((target) => target.fields['name'])
    return list.length > 0 ? list : undefined
  }
  return toObservation(mapping, fields, 'Vrf', {
    name: nameOf(fields),
    fields: { rd: fields.text('rd') },
    attributes: present({ importTargets: names('import_targets'), exportTargets: names('export_targets') }),
  })
}

export function toVlan(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const group = fields.ref('group', 'ipam.vlangroup')
  const scope = group && openFields(mapping, group).object('scope_type', 'scope_id')
  const site = fields.ref('site', 'dcim.site')
  const placeModels = ['dcim.region', 'dcim.site', 'dcim.location', 'dcim.rack']
  const place = scope && placeModels.includes(scope.model) ? scope : undefined
  return toObservation(mapping, fields, 'Vlan', {
    name: nameOf(fields),
    fields: {
      vid: fields.number('vid'),
      group: group?.fields['name'],
      role: fields.nameOf('role', 'ipam.role'),
    },
    links: [linkTo(mapping, 'LOCATED_IN', site ?? place)],
  })
}

/** Prefix rows by what they hold, within their VRF. */
export function indexPrefixes(dump: Dump): BlockIndex<Row> {
  const index = new BlockIndex<Row>()
  for (const row of dump.rows('ipam.prefix')) {
    const block = blockOf(new Fields(dump, row), 'prefix')
    if (block) index.add(scopeOf(row), block, row)
  }
  return index
}

const scopeOf = ({ fields: { vrf } }: Row): string => String(vrf ?? '')

function blockOf(fields: Fields, name: string): ReturnType<typeof parseBlock> {
  const text = fields.text(name) ?? ''
  const block = parseBlock(text)
  if (block === undefined)
    fields.dump.fail(fields.row, `${name} "${text.slice(0, 60)}" is no address or prefix`)
  return block
}

export function toPrefix(mapping: Mapping, index: BlockIndex<Row>, notes: Map<Row, Record<string, unknown>>) {
  return (row: Row): Observation => {
    const fields = openFields(mapping, row)
    const block = blockOf(fields, 'prefix')
    const cidr = fields.text('prefix') ?? ''
    return toObservation(mapping, fields, 'Prefix', {
      name: cidr,
      fields: { cidr, role: fields.nameOf('role', 'ipam.role') },
      links: [
        linkTo(mapping, 'PART_OF', block && index.longest(scopeOf(row), block, true)),
        linkTo(mapping, 'MEMBER_OF', fields.ref('vrf', 'ipam.vrf')),
        linkTo(mapping, 'MEMBER_OF', fields.ref('vlan', 'ipam.vlan')),
        linkTo(mapping, 'LOCATED_IN', fields.ref('site', 'dcim.site')),
      ],
      attributes: notes.get(row) ?? {},
    })
  }
}

export function toAddress(mapping: Mapping, index: BlockIndex<Row>) {
  return (row: Row): Observation => {
    const fields = openFields(mapping, row)
    const block = blockOf(fields, 'address')
    const text = fields.text('address') ?? ''
    const inside = fields.ref('nat_inside', 'ipam.ipaddress')
    const object = fields.object('assigned_object_type', 'assigned_object_id')
    const isInterface = object !== undefined && /interface$/.test(object.model)
    return toObservation(mapping, fields, 'IpAddress', {
      name: block?.address ?? text,
      fields: {
        address: block?.address ?? text,
        prefixLength: text.includes('/') ? Number(text.split('/')[1]) : undefined,
        dnsName: fields.text('dns_name'),
        role: fields.text('role'),
        floating: inside ? true : undefined,
      },
      links: [
        linkTo(mapping, 'PART_OF', block && index.longest(scopeOf(row), hostOf(block))),
        linkTo(mapping, 'MEMBER_OF', fields.ref('vrf', 'ipam.vrf')),
        linkTo(mapping, 'ASSIGNED_TO', isInterface ? object : undefined),
        linkTo(mapping, 'DEPENDS_ON', inside, { as: 'nat inside' }),
      ],
      attributes: present({
        natInside: inside?.fields['address'],
        assignedTo: object && !isInterface ? `${object.model}.${object.pk}` : undefined,
      }),
    })
  }
}

/** The address itself, without the length of the network that it was written with. */
const hostOf = ({ address, family }: { address: string; family: 4 | 6 }): Block =>
  parseBlock(address) ?? { family, first: 0n, length: 0 }

/** What aggregates and ranges say, by the prefix that says it: the topmost in an aggregate, the longest around a range. */
export function notePrefixes(mapping: Mapping, index: BlockIndex<Row>): Map<Row, Record<string, unknown>> {
  const notes = new Map<Row, Record<string, unknown>>()
  noteAggregates(mapping, index, notes)
  for (const row of mapping.dump.rows('ipam.iprange')) {
    const fields = openFields(mapping, row)
    const [first, last] = [blockOf(fields, 'start_address'), blockOf(fields, 'end_address')]
    const prefix = first && index.longest(scopeOf(row), hostOf(first))
    if (first === undefined || last === undefined || prefix === undefined) continue
    mapping.dump.use(row)
    const names = { vrf: fields.nameOf('vrf', 'ipam.vrf'), tenant: fields.nameOf('tenant', 'tenancy.tenant') }
    const role = fields.nameOf('role', 'ipam.role')
    const range = present({ first: first.address, last: last.address, ...fields.rest(), ...names, role })
    const note = notes.get(prefix) ?? {}
    notes.set(prefix, { ...note, ranges: [...((note['ranges'] as unknown[]) ?? []), range] })
  }
  return notes
}

function noteAggregates(
  mapping: Mapping,
  index: BlockIndex<Row>,
  notes: Map<Row, Record<string, unknown>>,
): void {
  const aggregates = new BlockIndex<Row>()
  const { dump } = mapping
  for (const row of dump.rows('ipam.aggregate')) {
    const block = blockOf(openFields(mapping, row), 'prefix')
    if (block) aggregates.add('', block, row)
  }
  for (const prefix of dump.rows('ipam.prefix')) {
    const block = blockOf(new Fields(dump, prefix), 'prefix')
    if (block === undefined || index.longest(scopeOf(prefix), block, true)) continue
    const row = aggregates.longest('', block)
    if (row === undefined) continue
    dump.use(row)
    const fields = openFields(mapping, row)
    const rir = fields.nameOf('rir', 'ipam.rir')
    const tenant = fields.nameOf('tenant', 'tenancy.tenant')
    notes.set(prefix, { aggregate: present({ ...fields.rest(), rir, tenant }) })
  }
}
