/** Compares what the modules make of a recording with what another tool made of it, field by field. */
import type { RecordedDevice } from './device.ts'
import type { Expected } from './expected.ts'
import { canonical, compare, observed, text, type Comparison } from './field.ts'
import { bgpPeers, neighbours, ports } from './network.ts'
import { entities, memory, processors, sensors, storage } from './part.ts'

export { areas, type Comparison } from './field.ts'

export const compareDevice = (device: RecordedDevice, expected: Expected): Comparison[] => [
  ...ports(device, expected),
  ...neighbours(device, expected),
  ...bgpPeers(device, expected),
  ...entities(device, expected),
  ...sensors(device, expected),
  ...processors(device, expected),
  ...memory(device, expected),
  ...storage(device, expected),
  ...vlans(device, expected),
  ...vlanMembers(device, expected),
  ...addresses(device, expected),
  ...own(device, expected),
]

function vlans(device: RecordedDevice, expected: Expected): Comparison[] {
  const ours = new Map(observed(device, 'Vlan').map((one) => [one.fields?.['vid'], one]))
  return expected.rows('vlans', 'vlans').flatMap((vlan) => {
    const one = ours.get(vlan['vlan_vlan'])
    return compare(
      'vlan',
      vlan['vlan_vlan'],
      { vid: vlan['vlan_vlan'], name: text(vlan['vlan_name']) },
      { vid: one?.fields?.['vid'], name: one?.name },
    )
  })
}

function vlanMembers(device: RecordedDevice, expected: Expected): Comparison[] {
  const members = new Map(
    observed(device, 'Vlan').map((one) => [
      one.fields?.['vid'],
      (one.links ?? []).filter(({ type }) => type === 'MEMBER_OF').length,
    ]),
  )
  for (const { links = [] } of observed(device, 'NetworkInterface'))
    for (const { type, to } of links) {
      const vid = 'key' in to ? Number(/^device\/vlan\/(\d+)$/.exec(to.key)?.[1]) : Number.NaN
      if (type === 'MEMBER_OF' && !Number.isNaN(vid)) members.set(vid, (members.get(vid) ?? 0) + 1)
    }
  const wanted = new Map<unknown, Set<unknown>>()
  for (const [at, row] of expected.rows('vlans', 'ports_vlans').entries()) {
    const ports = wanted.get(row['vlan']) ?? new Set()
    wanted.set(row['vlan'], ports.add(Number(row['baseport']) === 0 ? `row ${at}` : row['baseport']))
  }
  return [...wanted].flatMap(([vlan, ports]) =>
    compare('vlan member', vlan, { ports: ports.size }, { ports: members.get(vlan as number) }),
  )
}

function addresses(device: RecordedDevice, expected: Expected): Comparison[] {
  const ours = new Map(observed(device, 'IpAddress').map(({ fields }) => [fields?.['address'], fields]))
  const v4 = expected
    .rows('ipv4-addresses', 'ipv4_addresses')
    .map((row) => [canonical(row['ipv4_address']), row['ipv4_prefixlen']] as const)
  const v6 = expected
    .rows('ipv6-addresses', 'ipv6_addresses')
    .map((row) => [canonical(row['ipv6_compressed']), row['ipv6_prefixlen']] as const)
  return [...v4, ...v6].flatMap(([address, prefixLength]) =>
    compare(
      'address',
      address,
      { address, prefixLength },
      { address: ours.get(address)?.['address'], prefixLength: ours.get(address)?.['prefixLength'] },
    ),
  )
}

function own(device: RecordedDevice, expected: Expected): Comparison[] {
  const [row] = expected.rows('os', 'devices')
  const { fields = {}, attributes = {} } = device.observations[0] ?? {}
  const wanted = Object.fromEntries(
    Object.entries({
      sysDescr: row?.['sysDescr'],
      hardware: row?.['hardware'],
      version: row?.['version'],
      serial: row?.['serial'],
    }).filter(([, value]) => (value ?? null) !== null),
  )
  return compare('device', device.name, wanted, {
    sysDescr: attributes['sysDescr'],
    hardware: fields['model'],
    version: fields['osVersion'] ?? attributes['firmwareVersion'],
    serial: fields['serialNumber'],
  })
}
