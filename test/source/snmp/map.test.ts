/** What the shipped modules make of real devices, field by field against what another tool found there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { toObservations, type Mapped } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  readIdentity,
  readTables,
  type Module,
} from '../../../src/source/snmp/module/index.ts'
import { startSnmpClient, type SnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../../src/source/snmp/reader.ts'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { hasRecordings, readExpected, readRecording, recordingNames } from './recorded.ts'

type Row = Record<string, string | number | boolean | null>
type Found = Record<string, Record<string, Record<string, Row[]> | string>>

function expectedRows(name: string, part: string, table: string): Row[] {
  const phases = (readExpected(name) as Found)[part] ?? {}
  const phase = [phases['poller'], phases['discovery']].find((one) => typeof one === 'object' && table in one)
  return (phase as Record<string, Row[]> | undefined)?.[table] ?? []
}

describe.runIf(hasRecordings)('recordings', () => {
  let client: SnmpClient
  let responder: Responder
  let modules: Module[]
  const mapped = new Map<string, Mapped>()

  beforeAll(async () => {
    client = await startSnmpClient()
    responder = startResponder()
    modules = await loadModules()
    for (const name of recordingNames) {
      const { port } = await responder.add({ mib: readRecording(name) })
      const target = client.target({ address: '127.0.0.1', port, community: 'public' })
      const reader = readerOf(channelOf(client, target))
      const chosen = chooseModules(modules, await readIdentity(reader))
      const { tables, failures } = await readTables(reader, chosen)
      expect([name, failures]).toEqual([name, []])
      mapped.set(name, toObservations(chosen, tables, { source: 'snmp', key: 'device', name }))
    }
  })
  afterAll(async () => {
    await client.close()
    await responder.close()
  })

  const observed = (name: string, kind: Observation['kind'], hearsay = false): Observation[] =>
    (mapped.get(name)?.observations ?? []).filter(
      (one) => one.kind === kind && (one.hearsay ?? false) === hearsay,
    )

  it('decide what kind of thing each device is', () => {
    const kinds = recordingNames.map((name) => {
      const { kind, fields } = mapped.get(name)?.observations[0] as Observation
      return [name, kind, fields?.['manufacturer'], fields?.['model'], fields?.['serialNumber']]
    })
    expect(kinds).toEqual([
      ['apc_ap8959eu3', 'Pdu', 'APC', 'AP8959EU3', '5A1638E01463'],
      ['arista_eos', 'Switch', 'Arista', 'DCS-7050TX-128', 'JPE00000000'],
      ['cumulus_cumulus', 'Switch', 'Cumulus Networks', '4.4.2', '0c:04:1f:86:00:00'],
      ['dell-os10', 'Switch', 'Dell', 'S4128F-ON', 'CN02NK09282988AT0259'],
      ['drac_r640', 'Server', 'Dell', 'PowerEdge R640', undefined],
      ['junos_qfx5100', 'Switch', 'Juniper', 'Juniper QFX5100-48S-6Q Switch', 'TA3716123456'],
      ['linux_lsi', 'Server', undefined, undefined, undefined],
      ['nxos_n3k-3064pq', 'Switch', 'Cisco', 'N3K-C3064PQ-10GX', '<private>'],
    ])
  })

  it('give every expected port with all of its fields', () => {
    const differences: string[] = []
    let compared = 0
    for (const name of recordingNames) {
      const byIndex = new Map(observed(name, 'NetworkInterface').map((one) => [one.fields?.['ifIndex'], one]))
      for (const port of expectedRows(name, 'ports', 'ports')) {
        const ours = portOf(byIndex.get(port['ifIndex']))
        for (const [field, value] of Object.entries(expectedPort(port))) {
          compared++
          if (ours[field] !== value)
            differences.push(`${name} ${port['ifName']} ${field}: ${value} / ${ours[field]}`)
        }
      }
    }
    expect(compared).toBeGreaterThan(1_000)
    expect(differences).toEqual([])
  })

  it('give every expected BGP peer, whole', () => {
    const peers = recordingNames.flatMap((name) =>
      expectedRows(name, 'bgp-peers', 'bgpPeers').map((peer) => [
        name,
        {
          neighborAddress: canonical(String(peer['bgpPeerIdentifier'])),
          peerAs: peer['bgpPeerRemoteAs'],
          localAs: peer['bgpLocalAs'],
          sessionState: String(peer['bgpPeerState']).toUpperCase(),
        },
      ]),
    )
    expect(peers).toHaveLength(5)
    const ours = recordingNames.flatMap((name) => observed(name, 'BgpPeer').map((one) => [name, one.fields]))
    expect(ours).toEqual(expect.arrayContaining(peers))
    expect(ours).toHaveLength(peers.length)
  })

  it('give every expected link, with the local interface it hangs on', () => {
    const links = recordingNames.flatMap((name) =>
      expectedRows(name, 'discovery-protocols', 'links').map(
        (link) => `${name} ${link['ifName']} ${String(link['remote_port']).replace(/ \(.*/, '')}`,
      ),
    )
    expect(links).toHaveLength(5)
    const ours = new Set(
      recordingNames.flatMap((name) =>
        observed(name, 'NetworkInterface', true).flatMap(({ name: remote, links: claims = [] }) =>
          claims
            .filter(({ type }) => type === 'CONNECTED_TO')
            .map(
              ({ to }) => `${name} ${'key' in to ? to.key.replace('device/interface/', '') : ''} ${remote}`,
            ),
        ),
      ),
    )
    expect([...ours]).toEqual(expect.arrayContaining(links))
  })

  it('give every expected address that is not the same on every device', () => {
    for (const name of recordingNames) {
      const ours = observed(name, 'IpAddress').map(
        ({ fields }) => `${fields?.['address']}/${fields?.['prefixLength']}`,
      )
      const v4 = expectedRows(name, 'ipv4-addresses', 'ipv4_addresses')
        .map((row) => `${row['ipv4_address']}/${row['ipv4_prefixlen']}`)
        .filter((address) => !/^(127\.|169\.254\.)/.test(address))
      const v6 = expectedRows(name, 'ipv6-addresses', 'ipv6_addresses')
        .map((row) => `${canonical(String(row['ipv6_compressed']))}/${row['ipv6_prefixlen']}`)
        .filter((address) => !/^(fe80|::1\/)/.test(address))
      expect([name, ours.toSorted()]).toEqual([name, [...v4, ...v6].toSorted()])
    }
  })

  it('give every expected VLAN', () => {
    for (const name of recordingNames) {
      const ours = observed(name, 'Vlan').map(({ fields }) => fields?.['vid'])
      const expected = expectedRows(name, 'vlans', 'vlans').map((vlan) => vlan['vlan_vlan'])
      expect([name, ours]).toEqual([name, expect.arrayContaining(expected)])
    }
  })

  it('give every expected part of a chassis with its serial', () => {
    let parts = 0
    for (const name of recordingNames) {
      // The Linux server's parts come from its RAID controller's own MIB.
      if (name === 'linux_lsi' || name === 'junos_qfx5100') continue
      const byKey = new Map(observed(name, 'Component').map((one) => [one.key, one]))
      for (const part of expectedRows(name, 'entity-physical', 'entPhysical')) {
        if (['chassis', 'stack'].includes(String(part['entPhysicalClass']))) continue
        const ours = byKey.get(`device/component/${part['entPhysicalIndex']}`)
        const serial = String(part['entPhysicalSerialNum'] ?? '').trim()
        if (ours === undefined && part['entPhysicalDescr'] === '') continue
        parts++
        expect([name, part['entPhysicalIndex'], ours?.fields?.['serialNumber'] ?? '']).toEqual([
          name,
          part['entPhysicalIndex'],
          serial,
        ])
      }
    }
    expect(parts).toBeGreaterThan(500)
  })

  it("give every expected file system's and processor's reading", () => {
    const linux = mapped.get('linux_lsi')?.readings ?? []
    const named = new Map(observed('linux_lsi', 'Component').map(({ key, name }) => [key, name]))
    const value = (metric: string, label: string) =>
      linux.find((one) => one.metric === metric && named.get(one.key) === label)?.value
    const disks = expectedRows('linux_lsi', 'storage', 'storage')
    expect(disks.length).toBeGreaterThan(0)
    for (const disk of disks) {
      const label = String(disk['storage_descr'])
      expect([label, value('system.filesystem.limit', label)]).toEqual([label, disk['storage_size']])
    }
    const processors = expectedRows('linux_lsi', 'processors', 'processors').map(
      (one) => one['processor_usage'],
    )
    const loads = linux
      .filter(({ metric, key }) => metric === 'system.cpu.utilization' && key !== 'device')
      .map((one) => Math.round(one.value * 100))
    expect(loads).toEqual(processors)
  })

  it('give every expected ENTITY-SENSOR reading', () => {
    let compared = 0
    for (const name of ['arista_eos', 'cumulus_cumulus', 'nxos_n3k-3064pq']) {
      const byKey = new Map(mapped.get(name)?.readings.map((one) => [`${one.key} ${one.metric}`, one.value]))
      for (const sensor of expectedRows(name, 'sensors', 'sensors')) {
        const metric = metricNames[String(sensor['sensor_class'])]
        if (metric === undefined || !/entity-sensor/.test(String(sensor['sensor_type']))) continue
        compared++
        const at = (name: string) => byKey.get(`device/component/${sensor['sensor_index']} ${name}`)
        const ours = at(metric)
        expect([name, sensor['sensor_descr'], ours]).toEqual([
          name,
          sensor['sensor_descr'],
          expect.closeTo(Number(sensor['sensor_current']), 3),
        ])
      }
    }
    expect(compared).toBeGreaterThan(100)
  })
})

const metricNames: Record<string, string> = {
  voltage: 'hw.voltage',
  current: 'hw.current',
  power: 'hw.power',
  temperature: 'hw.temperature',
  fanspeed: 'hw.fan.speed',
  dbm: 'hw.optical.power',
}

/** The other tool's alias falls back to the name, and it cuts backslashes off an alias' ends. */
function expectedPort(port: Row): Row {
  return {
    ifDescr: port['ifDescr'] ?? null,
    name: port['ifName'] ?? null,
    alias: port['ifAlias'] ?? null,
    mtu: port['ifMtu'] ?? null,
    macAddress: port['ifPhysAddress'] ?? null,
    adminStatus: port['ifAdminStatus'] ?? null,
    operStatus: port['ifOperStatus'] ?? null,
    speedBps: port['ifSpeed'] ?? null,
  }
}

function portOf(one: Observation | undefined): Row {
  const fields = (one?.fields ?? {}) as Row
  const status = (value: string | number | boolean | null | undefined): string | null =>
    typeof value === 'string'
      ? value.toLowerCase().replaceAll(/_(.)/g, (_, c: string) => c.toUpperCase())
      : null
  const mac = fields['macAddress']
  return {
    ifDescr: (one?.attributes?.['ifDescr'] as string | undefined) ?? null,
    name: one?.name ?? null,
    alias: String(fields['alias'] ?? one?.name ?? '').replaceAll(/^\\|\\$/g, ''),
    mtu: fields['mtu'] ?? null,
    macAddress: typeof mac === 'string' ? mac.replaceAll(':', '') : null,
    adminStatus: status(fields['adminStatus']),
    operStatus: status(fields['operStatus']),
    speedBps: fields['speedBps'] ?? null,
  }
}

const canonical = (address: string): string =>
  address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
