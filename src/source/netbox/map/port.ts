/** Interfaces, and the ports for console, power and patching, which are components. */
import type { LinkClaim, Observation } from '../../../resource/resource.ts'
import { type Row } from '../dump.ts'
import type { Fields } from '../field.ts'
import { linkTo, openFields, present, toObservation, type Mapping } from './draft.ts'
import { nameOf } from './place.ts'

export function toInterface(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const speed = fields.number('speed')
  return toObservation(mapping, fields, 'NetworkInterface', {
    name: nameOf(fields),
    fields: {
      type: fields.text('type'),
      ...commonFields(fields),
      speedBps: speed === undefined ? undefined : speed * 1000,
    },
    links: [
      linkTo(mapping, 'PART_OF', fields.ref('device', 'dcim.device')),
      linkTo(mapping, 'DEPENDS_ON', fields.ref('module', 'dcim.module')),
      ...logicalLinks(mapping, fields, 'dcim.interface'),
    ],
    attributes: leftover(mapping, fields),
  })
}

export function toVmInterface(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const machine = fields.ref('virtual_machine', 'virtualization.virtualmachine')
  return toObservation(mapping, fields, 'NetworkInterface', {
    name: nameOf(fields),
    fields: { type: 'virtual', ...commonFields(fields) },
    links: [
      linkTo(mapping, 'PART_OF', machine),
      ...logicalLinks(mapping, fields, 'virtualization.vminterface'),
    ],
    attributes: leftover(mapping, fields),
  })
}

const commonFields = (fields: Fields) => ({
  alias: fields.text('description'),
  macAddress: fields.text('mac_address'),
  mtu: fields.number('mtu'),
  adminStatus: fields.flag('enabled') ? 'UP' : 'DOWN',
})

/** LAG, bridge, parent interface, VRF and VLANs. */
function logicalLinks(mapping: Mapping, fields: Fields, model: string): (LinkClaim | undefined)[] {
  const [lag, bridge] = [fields.ref('lag', model), fields.ref('bridge', model)]
  const untagged = fields.ref('untagged_vlan', 'ipam.vlan')
  const tagged = fields.refs('tagged_vlans', 'ipam.vlan').filter((vlan) => vlan !== untagged)
  return [
    linkTo(mapping, 'MEMBER_OF', lag, { as: 'lag' }),
    linkTo(mapping, 'MEMBER_OF', bridge === lag ? undefined : bridge, { as: 'bridge' }),
    linkTo(mapping, 'DEPENDS_ON', fields.ref('parent', model), { as: 'parent' }),
    linkTo(mapping, 'MEMBER_OF', fields.ref('vrf', 'ipam.vrf')),
    linkTo(mapping, 'MEMBER_OF', untagged, { tagged: false }),
    ...tagged.map((vlan) => linkTo(mapping, 'MEMBER_OF', vlan, { tagged: true })),
  ]
}

/** Rows that have no resource here stand by their names. */
function leftover(mapping: Mapping, fields: Fields): Record<string, unknown> {
  const names = (name: string, model: string, property = 'name') => {
    if (!mapping.dump.models.includes(model)) return undefined
    const list = fields.refs(name, model).map((row) => row.fields[property])
    return list.length > 0 ? list : undefined
  }
  fields.raw('wireless_link')
  return present({
    wireless_lans: names('wireless_lans', 'wireless.wirelesslan', 'ssid'),
    vdcs: names('vdcs', 'dcim.virtualdevicecontext'),
  })
}

/** What a port model is called as the role of a component. */
export const portRoles: Readonly<Record<string, string>> = {
  'dcim.consoleport': 'console port',
  'dcim.consoleserverport': 'console server port',
  'dcim.powerport': 'power port',
  'dcim.poweroutlet': 'power outlet',
  'dcim.frontport': 'front port',
  'dcim.rearport': 'rear port',
}

export function toPort(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const rear = fields.ref('rear_port', 'dcim.rearport')
  const position = fields.number('rear_port_position')
  const inlet = fields.ref('power_port', 'dcim.powerport')
  return toObservation(mapping, fields, 'Component', {
    name: nameOf(fields),
    fields: { role: portRoles[row.model] },
    links: [
      linkTo(mapping, 'PART_OF', fields.ref('device', 'dcim.device')),
      linkTo(mapping, 'DEPENDS_ON', fields.ref('module', 'dcim.module')),
      linkTo(mapping, 'MEMBER_OF', rear, present({ position })),
      linkTo(mapping, 'DEPENDS_ON', inlet),
    ],
  })
}
