/** Compares what the modules make of a recording with what another tool made of it, field by field. */
import type { Observation } from '../../src/resource/resource.ts'
import type { RecordedDevice } from './device.ts'
import type { Expected, ExpectedRow } from './expected.ts'
import { interfaceTypes } from './interface-type.ts'
import { metricOfClass } from './sensor.ts'

export interface Comparison {
  area: string
  thing: string
  field: string
  expected: unknown
  ours: unknown
  equal: boolean
}

export const areas = [
  'port',
  'neighbour',
  'bgp',
  'entity',
  'sensor',
  'processor',
  'memory',
  'storage',
  'vlan',
  'vlan member',
  'address',
  'device',
] as const

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
  ...device0(device, expected),
]

const compare = (
  area: (typeof areas)[number],
  thing: unknown,
  expected: Record<string, unknown>,
  ours: Record<string, unknown>,
): Comparison[] =>
  Object.entries(expected).map(([field, value]) => ({
    area,
    thing: String(thing),
    field,
    expected: value ?? null,
    ours: ours[field] ?? null,
    equal: isSame(value ?? null, ours[field] ?? null),
  }))

/** The other tool keeps four decimals of some figures. */
const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'number' && typeof b === 'number'
    ? Math.abs(a - b) <= Math.max(1e-4, Math.abs(a) * 5e-4)
    : a === b

const observed = (device: RecordedDevice, kind: Observation['kind'], hearsay = false): Observation[] =>
  device.observations.filter((one) => one.kind === kind && (one.hearsay ?? false) === hearsay)

const statusName = (status: unknown): string | null =>
  typeof status === 'string'
    ? status.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    : null

const counters = {
  ifInOctets: 'hw.network.io.receive',
  ifOutOctets: 'hw.network.io.transmit',
  ifInUcastPkts: 'hw.network.packets.receive',
  ifOutUcastPkts: 'hw.network.packets.transmit',
  ifInErrors: 'hw.network.errors.receive',
  ifOutErrors: 'hw.network.errors.transmit',
  ifInDiscards: 'hw.network.dropped.receive',
  ifOutDiscards: 'hw.network.dropped.transmit',
} as const

function ports(device: RecordedDevice, expected: Expected): Comparison[] {
  const byIndex = new Map(
    observed(device, 'NetworkInterface').map((one) => [one.fields?.['ifIndex'], one] as const),
  )
  const readings = new Map(device.readings.map((one) => [`${one.key} ${one.metric}`, one.value]))
  return expected.rows('ports', 'ports').flatMap((port) => {
    const one = byIndex.get(port['ifIndex'])
    const told = Object.entries(counters).filter(([field]) => (port[field] ?? null) !== null)
    const counted = Object.fromEntries(told.map(([field]) => [field, port[field]]))
    const ours = Object.fromEntries(told.map(([field, name]) => [field, readings.get(`${one?.key} ${name}`)]))
    return compare('port', port['ifName'], { ...portFields(port), ...counted }, { ...ourPort(one), ...ours })
  })
}

const portFields = (port: ExpectedRow): Record<string, unknown> => ({
  ifIndex: port['ifIndex'],
  ifName: port['ifName'],
  ifDescr: port['ifDescr'],
  ifAlias: port['ifAlias'],
  ifType: port['ifType'],
  ifMtu: port['ifMtu'],
  ifSpeed: port['ifSpeed'],
  ifPhysAddress: port['ifPhysAddress'],
  ifAdminStatus: port['ifAdminStatus'],
  ifOperStatus: port['ifOperStatus'],
  ifConnectorPresent: port['ifConnectorPresent'],
  ifDuplex: port['ifDuplex'],
  ifVlan: port['ifVlan'] === '' ? null : port['ifVlan'],
})

function ourPort(one: Observation | undefined): Record<string, unknown> {
  const fields = one?.fields ?? {}
  const attributes = one?.attributes ?? {}
  const mac = fields['macAddress']
  const vlan = attributes['nativeVlan']
  const connector = attributes['connectorPresent']
  return {
    ifIndex: fields['ifIndex'],
    ifName: one?.name,
    ifDescr: attributes['ifDescr'] ?? one?.name,
    // The other tool shows the name where there is no alias.
    ifAlias: fields['alias'] ?? attributes['ifDescr'] ?? one?.name,
    ifType: interfaceTypes[Number(attributes['ifType'])],
    ifMtu: fields['mtu'],
    ifSpeed: fields['speedBps'],
    ifPhysAddress: typeof mac === 'string' ? mac.replaceAll(':', '') : null,
    ifAdminStatus: statusName(fields['adminStatus']),
    ifOperStatus: statusName(fields['operStatus']),
    ifConnectorPresent: connector === undefined ? null : String(connector),
    ifDuplex: attributes['duplex'],
    ifVlan: vlan === undefined ? null : String(vlan),
  }
}

function neighbours(device: RecordedDevice, expected: Expected): Comparison[] {
  const devices = new Map(observed(device, 'Device', true).map((one) => [one.key, one]))
  const ours = observed(device, 'NetworkInterface', true).flatMap((remote) => {
    const links = remote.links ?? []
    const parent = links.find(({ type }) => type === 'PART_OF')?.to
    const of = parent !== undefined && 'key' in parent ? devices.get(parent.key) : undefined
    return links
      .filter(({ type }) => type === 'CONNECTED_TO')
      .map(({ to }) => ({
        ifName: 'key' in to ? to.key.replace('device/interface/', '') : '',
        remote_port: remote.name,
        remote_hostname: of?.attributes?.['sysName'] ?? of?.attributes?.['cdpDeviceId'] ?? of?.name,
        lldpVersion: of?.attributes?.['sysDescr'],
        cdpVersion: of?.attributes?.['version'],
        remote_platform: of?.fields?.['model'],
      }))
  })
  return expected.rows('discovery-protocols', 'links').flatMap((link) => {
    // `2150 (50c58d123456)`: a port and its MAC address, which here are two.
    const port = String(link['remote_port']).replace(/ \(.*/, '')
    const found = ours.filter((one) => one.ifName === link['ifName'] && one.remote_port === port)
    const version = (one: (typeof ours)[number]) =>
      link['protocol'] === 'cdp' ? one.cdpVersion : one.lldpVersion
    const same = found.find((one) => version(one) === link['remote_version']) ?? found[0]
    const fields = ['ifName', 'remote_hostname', 'remote_version', 'remote_platform'] as const
    const wanted = Object.fromEntries(fields.map((field) => [field, link[field] === '' ? null : link[field]]))
    if (wanted['remote_platform'] === null) delete wanted['remote_platform']
    return compare(
      'neighbour',
      `${link['protocol']} ${link['ifName']}`,
      { remote_port: port, ...wanted },
      same === undefined ? {} : { ...same, remote_version: version(same) },
    )
  })
}

export const canonical = (address: unknown): string =>
  String(address).includes(':')
    ? new URL(`http://[${String(address)}]`).hostname.slice(1, -1)
    : String(address)

/** What vendors call it. */
const started: Readonly<Record<string, string>> = { running: 'start', halted: 'stop' }

function bgpPeers(device: RecordedDevice, expected: Expected): Comparison[] {
  const ours = new Map(observed(device, 'BgpPeer').map((one) => [one.fields?.['neighborAddress'], one]))
  const readings = new Map(device.readings.map((one) => [`${one.key} ${one.metric}`, one.value]))
  const rows = expected.rows('bgp-peers', 'bgpPeers')
  const compared = rows.flatMap((peer) => {
    const one = ours.get(canonical(peer['bgpPeerIdentifier']))
    const local = one?.attributes?.['localAddress']
    return compare(
      'bgp',
      peer['bgpPeerIdentifier'],
      {
        bgpPeerIdentifier: canonical(peer['bgpPeerIdentifier']),
        bgpPeerRemoteAs: peer['bgpPeerRemoteAs'],
        bgpLocalAs: peer['bgpLocalAs'],
        bgpPeerState: peer['bgpPeerState'],
        bgpPeerAdminStatus: started[String(peer['bgpPeerAdminStatus'])] ?? peer['bgpPeerAdminStatus'],
        bgpLocalAddr: canonical(peer['bgpLocalAddr']),
        bgpPeerDescr: peer['bgpPeerDescr'] === '' ? null : peer['bgpPeerDescr'],
        bgpPeerFsmEstablishedTime: peer['bgpPeerFsmEstablishedTime'],
      },
      {
        bgpPeerIdentifier: one?.fields?.['neighborAddress'],
        bgpPeerRemoteAs: one?.fields?.['peerAs'],
        bgpLocalAs: one?.fields?.['localAs'],
        bgpPeerState: String(one?.fields?.['sessionState'] ?? '').toLowerCase(),
        bgpPeerAdminStatus: one?.attributes?.['adminStatus'],
        bgpLocalAddr: local === undefined ? null : canonical(local),
        bgpPeerDescr: one?.attributes?.['description'],
        bgpPeerFsmEstablishedTime: readings.get(`${one?.key} bgp.peer.established`),
      },
    )
  })
  return [...compared, ...compare('bgp', 'all', { peers: rows.length }, { peers: ours.size })]
}

const text = (value: unknown): string | null => {
  const trimmed = String(value ?? '').trim()
  return trimmed === '' ? null : trimmed
}

/** By index where the device has an ENTITY-MIB; else the other tool numbers parts itself, and they are told by what they say. */
function entities(device: RecordedDevice, expected: Expected): Comparison[] {
  const components = observed(device, 'Component')
  const byKey = new Map(components.map((one) => [one.key, one]))
  const hasEntityMib = components.some(({ key }) => key.startsWith('device/component/'))
  return expected.rows('entity-physical', 'entPhysical').flatMap((part) => {
    const partClass = String(part['entPhysicalClass'] ?? '')
    const serial = text(part['entPhysicalSerialNum'])
    const described = text(part['entPhysicalDescr'])
    const one = hasEntityMib
      ? byKey.get(`device/component/${part['entPhysicalIndex']}`)
      : (components.find(
          ({ fields, attributes, name }) =>
            (attributes?.['entPhysicalDescr'] ?? name) === described &&
            (fields?.['serialNumber'] ?? null) === ownSerial(serial),
        ) ?? components.find(({ fields }) => serial !== null && fields?.['serialNumber'] === serial))
    const chassis = one === undefined && ['chassis', 'stack'].includes(partClass)
    const ours = chassis ? device.observations[0] : one
    const wanted = {
      entPhysicalDescr: described,
      entPhysicalName: text(part['entPhysicalName']),
      entPhysicalClass: text(part['entPhysicalClass']),
      entPhysicalModelName: text(part['entPhysicalModelName']),
      entPhysicalSerialNum: ownSerial(serial),
      entPhysicalMfgName: text(part['entPhysicalMfgName']),
      entPhysicalHardwareRev: text(part['entPhysicalHardwareRev']),
      entPhysicalFirmwareRev: ownSerial(text(part['entPhysicalFirmwareRev'])),
      entPhysicalSoftwareRev: text(part['entPhysicalSoftwareRev']),
    }
    const told = Object.fromEntries(
      Object.entries(wanted).filter(
        ([field, value]) => value !== null && !(chassis && !/Serial|Model|Mfg/.test(field)),
      ),
    )
    return compare('entity', part['entPhysicalIndex'], told, ourPart(ours))
  })
}

/** What some write where there is none. */
const ownSerial = (serial: string | null): string | null =>
  serial === 'N/A' || serial === 'BUILTIN' ? null : serial

function ourPart(one: Observation | undefined): Record<string, unknown> {
  const { fields = {}, attributes = {} } = one ?? {}
  return {
    entPhysicalDescr: attributes['entPhysicalDescr'] ?? one?.name,
    entPhysicalName: attributes['entPhysicalName'] ?? one?.name,
    entPhysicalClass: attributes['entPhysicalClass'],
    entPhysicalModelName: fields['model'],
    entPhysicalSerialNum: fields['serialNumber'],
    entPhysicalMfgName: fields['manufacturer'],
    entPhysicalHardwareRev: attributes['hardwareRevision'],
    entPhysicalFirmwareRev: attributes['firmwareRevision'],
    entPhysicalSoftwareRev: attributes['softwareRevision'],
  }
}

/** A sensor is told by the OID that it is read from; a state by what it means: 0 well, 1 degraded, 2 failed, 3 unknown. */
function sensors(device: RecordedDevice, expected: Expected): Comparison[] {
  const meanings = new Map(
    expected
      .rows('sensors', 'state_indexes')
      .map((row) => [`${row['state_name']} ${row['state_value']}`, row['state_generic_value']]),
  )
  return expected.rows('sensors', 'sensors').flatMap((sensor) => {
    const kind = String(sensor['sensor_class'])
    const { metrics, times } = metricOfClass(kind)
    const readings = device.readingsOf.get(String(sensor['sensor_oid']).replace(/^\./, '')) ?? []
    const ours = readings.find(({ metric }) => metrics.includes(metric))?.value
    const current = Number(sensor['sensor_current'])
    const value =
      kind === 'state' ? (meanings.get(`${sensor['sensor_type']} ${current}`) ?? null) : current * times
    return compare(
      'sensor',
      `${sensor['sensor_type']} ${sensor['sensor_index']} ${sensor['sensor_descr']}`,
      { [kind]: value },
      { [kind]: ours },
    )
  })
}

function processors(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('processors', 'processors').flatMap((one) => {
    const oid = String(one['processor_oid']).replace(/^\./, '')
    const reading = device.readingsOf.get(oid)?.find(({ metric }) => metric === 'system.cpu.utilization')
    return compare(
      'processor',
      one['processor_descr'],
      { usage: one['processor_usage'] },
      { usage: reading === undefined ? null : Math.round(reading.value * 100) },
    )
  })
}

function memory(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('mempools', 'mempools').flatMap((pool) => pools('memory', device, pool, 'mempool'))
}

function storage(device: RecordedDevice, expected: Expected): Comparison[] {
  return expected.rows('storage', 'storage').flatMap((pool) => pools('storage', device, pool, 'storage'))
}

/** Of the component of this name. */
function pools(
  area: 'memory' | 'storage',
  device: RecordedDevice,
  pool: ExpectedRow,
  prefix: string,
): Comparison[] {
  const name = String(pool[`${prefix}_descr`])
  const one = observed(device, 'Component').find((component) => component.name === name)
  const reading = (what: string): number | undefined =>
    device.readings.find(
      ({ key, metric }) =>
        key === one?.key && (metric === `system.memory.${what}` || metric === `system.filesystem.${what}`),
    )?.value
  return compare(
    area,
    name,
    { total: pool[`${prefix}_total`] ?? pool[`${prefix}_size`], used: pool[`${prefix}_used`] },
    { total: reading('limit'), used: reading('usage') },
  )
}

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

function device0(device: RecordedDevice, expected: Expected): Comparison[] {
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
