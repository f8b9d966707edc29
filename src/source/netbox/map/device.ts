/** Devices, and what is built into them: modules, bays, inventory items. */
import type { Observation } from '../../../resource/resource.ts'
import { keyOf, type Dump, type Row } from '../dump.ts'
import { Fields } from '../field.ts'
import type { DecideKind, DeviceKind } from '../rule.ts'
import { linkTo, openFields, present, toObservation, type Mapping } from './draft.ts'
import { nameOf } from './place.ts'

const hosts = (dump: Dump, model: string): Set<unknown> =>
  new Set(dump.rows(model).map(({ fields: { device } }) => device))

/** The kind and role of every device, by key. */
export function decideKinds(
  dump: Dump,
  decide: DecideKind,
): Map<string, { kind: DeviceKind; role: string | undefined }> {
  const [outlets, interfaces] = [hosts(dump, 'dcim.poweroutlet'), hosts(dump, 'dcim.interface')]
  const decided = dump.rows('dcim.device').map((row) => {
    const fields = new Fields(dump, row)
    const role = roleOf(fields)
    const { manufacturer, model } = typeOf(dump, fields)
    const facts = {
      role: String(role?.fields['name'] ?? ''),
      roleSlug: String(role?.fields['slug'] ?? ''),
      manufacturer: manufacturer ?? '',
      model: model ?? '',
      name: String(row.fields['name'] ?? ''),
      hasOutlets: outlets.has(row.pk),
      hasInterfaces: interfaces.has(row.pk),
    }
    return [keyOf(row), decide(facts)] as const
  })
  return new Map(decided)
}

/** Before 3.6 the field was named `device_role`. */
const roleOf = (fields: Fields): Row | undefined =>
  fields.ref('role', 'dcim.devicerole') ?? fields.ref('device_role', 'dcim.devicerole')

function typeOf(dump: Dump, fields: Fields) {
  const row = fields.ref('device_type', 'dcim.devicetype')
  const type = row && new Fields(dump, row)
  return {
    manufacturer: type?.nameOf('manufacturer', 'dcim.manufacturer'),
    model: type?.text('model'),
    heightUnits: type?.number('u_height'),
    partNumber: type?.text('part_number'),
    subdeviceRole: type?.text('subdevice_role'),
  }
}

/** NetBox lets devices be nameless; they are called here as it shows them: by their virtual chassis or model, and the pk. */
export function deviceName(dump: Dump, row: Row): string {
  const fields = new Fields(dump, row)
  const name = fields.text('name')
  if (name !== undefined) return name
  const chassis = fields.nameOf('virtual_chassis', 'dcim.virtualchassis')
  const called = chassis ? `${chassis}:${fields.number('vc_position') ?? '?'}` : typeOf(dump, fields).model
  return `${called ?? 'device'} (${row.pk})`
}

export function toDevice(mapping: Mapping, row: Row): Observation {
  const { dump } = mapping
  const fields = openFields(mapping, row)
  const { kind, role } = mapping.devices.get(keyOf(row)) ?? { kind: 'Device', role: undefined }
  const roleName = roleOf(fields)?.fields['name']
  const type = typeOf(dump, fields)
  const position = fields.number('position')
  const isWhole = (number: number | undefined) => number === undefined || Number.isInteger(number)
  fields.text('name')
  const osName = fields.nameOf('platform', 'dcim.platform')
  const hasOs = kind !== 'Pdu'
  return toObservation(mapping, fields, kind, {
    name: deviceName(dump, row),
    fields: {
      position: position === undefined ? undefined : Math.floor(position),
      face: fields.text('face')?.toUpperCase(),
      heightUnits: type.heightUnits === undefined ? undefined : Math.ceil(type.heightUnits),
      manufacturer: type.manufacturer,
      model: type.model,
      serialNumber: fields.text('serial'),
      assetTag: fields.text('asset_tag'),
      role: kind === 'Pdu' ? undefined : role,
      osName: hasOs ? osName : undefined,
      ...addressFields(fields, kind),
    },
    links: deviceLinks(mapping, fields),
    attributes: present({
      role: roleName === role ? undefined : roleName,
      platform: hasOs ? undefined : osName,
      partNumber: type.partNumber,
      subdeviceRole: type.subdeviceRole,
      position: isWhole(position) ? undefined : position,
      heightUnits: isWhole(type.heightUnits) ? undefined : type.heightUnits,
      ...addressAttributes(fields),
      virtualChassis: chassisFacts(mapping, fields),
    }),
  })
}

const addressOf = (fields: Fields, name: string): string | undefined =>
  fields.nameOf(name, 'ipam.ipaddress', 'address')

function addressFields(fields: Fields, kind: DeviceKind) {
  const oob = kind === 'Server' ? addressOf(fields, 'oob_ip') : undefined
  return oob === undefined ? {} : { bmcAddress: oob.split('/')[0] }
}

const addressAttributes = (fields: Fields) => ({
  primaryIp4: addressOf(fields, 'primary_ip4'),
  primaryIp6: addressOf(fields, 'primary_ip6'),
  oobIp: addressOf(fields, 'oob_ip'),
})

function deviceLinks(mapping: Mapping, fields: Fields) {
  const { dump } = mapping
  const [site, location, rack] = [
    fields.ref('site', 'dcim.site'),
    fields.ref('location', 'dcim.location'),
    fields.ref('rack', 'dcim.rack'),
  ]
  const [bay] = dump.where('dcim.devicebay', 'installed_device', fields.row.pk)
  const parent = bay && openFields(mapping, bay).ref('device', 'dcim.device')
  const master = masterOf(mapping, fields)
  const isMember = master !== undefined && master !== fields.row
  return [
    linkTo(mapping, 'LOCATED_IN', rack ?? location ?? site),
    linkTo(mapping, 'PART_OF', parent, bay && { bay: bay.fields['name'] }),
    linkTo(mapping, 'MEMBER_OF', fields.ref('cluster', 'virtualization.cluster')),
    linkTo(mapping, 'MEMBER_OF', isMember ? master : undefined, { as: 'virtual chassis' }),
  ]
}

function masterOf(mapping: Mapping, fields: Fields): Row | undefined {
  const chassis = fields.ref('virtual_chassis', 'dcim.virtualchassis')
  return chassis && openFields(mapping, chassis).ref('master', 'dcim.device')
}

function chassisFacts(mapping: Mapping, fields: Fields): Record<string, unknown> | undefined {
  const row = fields.ref('virtual_chassis', 'dcim.virtualchassis')
  if (row === undefined) return undefined
  const chassis = openFields(mapping, row)
  return present({
    name: chassis.text('name'),
    domain: chassis.text('domain'),
    position: fields.number('vc_position'),
    priority: fields.number('vc_priority'),
    master: row.fields['master'] === fields.row.pk,
  })
}

export function toModule(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const bay = fields.ref('module_bay', 'dcim.modulebay')
  const typeRow = fields.ref('module_type', 'dcim.moduletype')
  const type = typeRow && openFields(mapping, typeRow)
  return toObservation(mapping, fields, 'Component', {
    name: String(bay?.fields['name'] ?? `module ${row.pk}`),
    fields: {
      role: 'module',
      manufacturer: type?.nameOf('manufacturer', 'dcim.manufacturer'),
      model: type?.text('model'),
      partNumber: type?.text('part_number'),
      serialNumber: fields.text('serial'),
      assetTag: fields.text('asset_tag'),
    },
    links: [linkTo(mapping, 'PART_OF', fields.ref('device', 'dcim.device'))],
    attributes: present({ bay: bay?.fields['name'], description: type?.text('comments') }),
  })
}

export function toBay(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const role = row.model === 'dcim.modulebay' ? 'module bay' : 'device bay'
  const installed = fields.ref('installed_device', 'dcim.device')
  return toObservation(mapping, fields, 'Component', {
    name: nameOf(fields),
    fields: { role },
    links: [linkTo(mapping, 'PART_OF', fields.ref('device', 'dcim.device'))],
    attributes: present({ installed: installed && deviceName(mapping.dump, installed) }),
  })
}

export function toInventoryItem(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const role = fields.nameOf('role', 'dcim.inventoryitemrole')
  const [device, parent] = [fields.ref('device', 'dcim.device'), fields.ref('parent', 'dcim.inventoryitem')]
  return toObservation(mapping, fields, 'Component', {
    name: nameOf(fields),
    fields: {
      role: role?.toLowerCase() ?? 'inventory item',
      manufacturer: fields.nameOf('manufacturer', 'dcim.manufacturer'),
      partNumber: fields.text('part_id'),
      serialNumber: fields.text('serial'),
      assetTag: fields.text('asset_tag'),
    },
    links: [linkTo(mapping, 'PART_OF', parent ?? device)],
  })
}
