/** Regions, sites, locations, racks, power feeds. */
import type { Observation } from '../../../resource/resource.ts'
import type { Row } from '../dump.ts'
import type { Fields } from '../field.ts'
import { pathName } from './contact.ts'
import { linkTo, openFields, present, toObservation, type Mapping } from './draft.ts'

export function toRegion(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const parent = linkTo(mapping, 'LOCATED_IN', fields.ref('parent', 'dcim.region'))
  return toObservation(mapping, fields, 'Region', { name: nameOf(fields), links: [parent] })
}

export function toSite(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const group = fields.ref('group', 'dcim.sitegroup')
  const asns = fields.refs('asns', 'ipam.asn').map(({ fields: { asn } }) => asn)
  return toObservation(mapping, fields, 'Site', {
    name: nameOf(fields),
    fields: { facility: fields.text('facility'), timeZone: fields.text('time_zone') },
    links: [linkTo(mapping, 'LOCATED_IN', fields.ref('region', 'dcim.region'))],
    attributes: present({
      group: group && pathName(mapping.dump, group),
      asns: asns.length > 0 ? asns : undefined,
    }),
  })
}

export function toLocation(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const [site, parent] = [fields.ref('site', 'dcim.site'), fields.ref('parent', 'dcim.location')]
  return toObservation(mapping, fields, 'Location', {
    name: nameOf(fields),
    links: [linkTo(mapping, 'LOCATED_IN', parent ?? site)],
  })
}

export function toRack(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const [site, location] = [fields.ref('site', 'dcim.site'), fields.ref('location', 'dcim.location')]
  const reservations = mapping.dump
    .where('dcim.rackreservation', 'rack', row.pk)
    .map((reservation) => toReservation(mapping, reservation))
  return toObservation(mapping, fields, 'Rack', {
    name: nameOf(fields),
    fields: {
      heightUnits: fields.number('u_height'),
      serialNumber: fields.text('serial'),
      assetTag: fields.text('asset_tag'),
    },
    links: [linkTo(mapping, 'LOCATED_IN', location ?? site)],
    attributes: present({
      role: fields.nameOf('role', 'dcim.rackrole'),
      reservations: reservations.length > 0 ? reservations : undefined,
    }),
  })
}

function toReservation(mapping: Mapping, row: Row): Record<string, unknown> {
  mapping.dump.use(row)
  const fields = openFields(mapping, row)
  fields.ref('rack', 'dcim.rack')
  const tenant = fields.nameOf('tenant', 'tenancy.tenant')
  const user = fields.raw('user')
  return present({ ...fields.rest(), tenant, user: Array.isArray(user) ? user[0] : (user ?? undefined) })
}

export function toPowerFeed(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const panel = fields.ref('power_panel', 'dcim.powerpanel')
  const panelFields = panel && openFields(mapping, panel)
  const site = panelFields?.ref('site', 'dcim.site')
  const location = panelFields?.ref('location', 'dcim.location')
  const rack = fields.ref('rack', 'dcim.rack')
  const [voltage, amperage] = [fields.number('voltage'), fields.number('amperage')]
  return toObservation(mapping, fields, 'PowerFeed', {
    name: nameOf(fields),
    fields: {
      panel: panelFields?.text('name'),
      phase: fields.text('phase'),
      voltage,
      amperage,
      capacityWatts: fields.number('available_power'),
    },
    links: [linkTo(mapping, 'LOCATED_IN', rack ?? location ?? site)],
    attributes: present({ panelSite: site?.fields['name'], panelLocation: location?.fields['name'] }),
  })
}

/** Every object of NetBox that this is called for must have a name. */
export function nameOf(fields: Fields): string {
  const name = fields.text('name')
  if (name === undefined) fields.dump.fail(fields.row, 'name is missing')
  return name ?? ''
}
