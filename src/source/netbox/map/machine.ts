/** Tenants, clusters and virtual machines; provider networks and circuits. */
import type { Observation } from '../../../resource/resource.ts'
import type { Row } from '../dump.ts'
import { toRole } from '../rule.ts'
import { pathName } from './contact.ts'
import { linkTo, openFields, present, toObservation, type Mapping } from './draft.ts'
import { nameOf } from './place.ts'

export function toTenant(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const group = fields.ref('group', 'tenancy.tenantgroup')
  return toObservation(mapping, fields, 'Tenant', {
    name: nameOf(fields),
    fields: { group: group && pathName(mapping.dump, group) },
  })
}

export function toCluster(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const site = fields.ref('site', 'dcim.site')
  return toObservation(mapping, fields, 'Cluster', {
    name: nameOf(fields),
    fields: { type: fields.nameOf('type', 'virtualization.clustertype') },
    links: [linkTo(mapping, 'LOCATED_IN', site)],
    attributes: present({ group: fields.nameOf('group', 'virtualization.clustergroup') }),
  })
}

/** NetBox counts memory in MB as hypervisors do (2^20 bytes), disks in GB as makers do (10^9 bytes). */
const memoryUnit = 2 ** 20
const diskUnit = 10 ** 9

export function toVirtualMachine(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  const [vcpus, memory, disk] = [fields.number('vcpus'), fields.number('memory'), fields.number('disk')]
  const isWhole = vcpus === undefined || Number.isInteger(vcpus)
  const role = fields.nameOf('role', 'dcim.devicerole')
  const shownRole = role && toRole(role)
  return toObservation(mapping, fields, 'VirtualMachine', {
    name: nameOf(fields),
    fields: {
      cpuCores: vcpus === undefined ? undefined : Math.ceil(vcpus),
      memoryBytes: memory === undefined ? undefined : memory * memoryUnit,
      diskBytes: disk === undefined ? undefined : disk * diskUnit,
      osName: fields.nameOf('platform', 'dcim.platform'),
      role: shownRole,
    },
    links: [
      linkTo(mapping, 'MEMBER_OF', fields.ref('cluster', 'virtualization.cluster')),
      linkTo(mapping, 'RUNS_ON', fields.ref('device', 'dcim.device')),
      linkTo(mapping, 'LOCATED_IN', fields.ref('site', 'dcim.site')),
    ],
    attributes: present({
      vcpus: isWhole ? undefined : vcpus,
      role: role === shownRole ? undefined : role,
      primaryIp4: fields.nameOf('primary_ip4', 'ipam.ipaddress', 'address'),
      primaryIp6: fields.nameOf('primary_ip6', 'ipam.ipaddress', 'address'),
    }),
  })
}

export function toProviderNetwork(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  return toObservation(mapping, fields, 'Network', {
    name: nameOf(fields),
    attributes: present({
      role: 'provider network',
      provider: fields.nameOf('provider', 'circuits.provider'),
    }),
  })
}

/** A circuit stands where the cables end at the provider; between two cabled ends it is a part of their link. */
export function toCircuit(mapping: Mapping, row: Row): Observation {
  const fields = openFields(mapping, row)
  for (const name of ['termination_a', 'termination_z']) fields.raw(name)
  const account = fields.ref('provider_account', 'circuits.provideraccount')
  const terminations = mapping.dump.where('circuits.circuittermination', 'circuit', row.pk)
  return toObservation(mapping, fields, 'Network', {
    name: fields.text('cid') ?? '',
    attributes: present({
      role: 'circuit',
      provider: fields.nameOf('provider', 'circuits.provider'),
      provider_account: account?.fields['account'],
      type: fields.nameOf('type', 'circuits.circuittype'),
      terminations:
        terminations.length > 0 ? terminations.map((end) => toTermination(mapping, end)) : undefined,
    }),
  })
}

function toTermination(mapping: Mapping, row: Row): Record<string, unknown> {
  mapping.dump.use(row)
  const fields = openFields(mapping, row)
  const side = fields.text('term_side')
  fields.ref('circuit', 'circuits.circuit')
  const site = fields.nameOf('site', 'dcim.site')
  const providerNetwork = fields.nameOf('provider_network', 'circuits.providernetwork')
  fields.raw('custom_field_data')
  return present({ side, site, providerNetwork, ...fields.rest() })
}
