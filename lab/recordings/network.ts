/** Ports, neighbours and BGP peers, compared. */
import type { Observation } from '../../src/resource/resource.ts'
import type { RecordedDevice } from './device.ts'
import type { Expected, ExpectedRow } from './expected.ts'
import { canonical, compare, observed, type Comparison } from './field.ts'
import { interfaceTypes } from './interface-type.ts'

const statusName = (status: unknown): string | null =>
  typeof status === 'string'
    ? status.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    : null

const counters = {
  ifInOctets: 'hw.network.io.receive',
  ifOutOctets: 'hw.network.io.transmit',
  ifInUcastPkts: 'hw.network.packets.receive',
  ifOutUcastPkts: 'hw.network.packets.transmit',
  ifInMulticastPkts: 'hw.network.multicast.receive',
  ifOutMulticastPkts: 'hw.network.multicast.transmit',
  ifInBroadcastPkts: 'hw.network.broadcast.receive',
  ifOutBroadcastPkts: 'hw.network.broadcast.transmit',
  ifInErrors: 'hw.network.errors.receive',
  ifOutErrors: 'hw.network.errors.transmit',
  ifInDiscards: 'hw.network.dropped.receive',
  ifOutDiscards: 'hw.network.dropped.transmit',
} as const

export function ports(device: RecordedDevice, expected: Expected): Comparison[] {
  const byIndex = new Map(
    observed(device, 'NetworkInterface').map((one) => [one.fields?.['ifIndex'], one] as const),
  )
  const readings = new Map(device.readings.map((one) => [`${one.key} ${one.metric}`, one.value]))
  return expected.rows('ports', 'ports').flatMap((port) => {
    const one = byIndex.get(port['ifIndex'])
    const told = Object.entries(counters).filter(([field]) => (port[field] ?? null) !== null)
    const counted = Object.fromEntries(told.map(([field]) => [field, port[field]]))
    const ours = Object.fromEntries(told.map(([field, name]) => [field, readings.get(`${one?.key} ${name}`)]))
    return [
      ...compare('port', port['ifName'], portFields(port), ourPort(one)),
      ...compare('counter', port['ifName'], counted, ours),
    ]
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

export function neighbours(device: RecordedDevice, expected: Expected): Comparison[] {
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

/** What vendors call it. */
const started: Readonly<Record<string, string>> = { running: 'start', halted: 'stop' }

export function bgpPeers(device: RecordedDevice, expected: Expected): Comparison[] {
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
