/** What the shipped modules make of recordings of real devices, field by field against what another tool found there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { areas, compareDevice, type Comparison } from '../../../lab/recordings/compare.ts'
import { readDevice, type RecordedDevice } from '../../../lab/recordings/device.ts'
import {
  hasRecordings,
  readExpected,
  readRecording,
  recordingNames,
} from '../../../lab/recordings/expected.ts'
import { reasonOf } from '../../../lab/recordings/reason.ts'
import { loadModules } from '../../../src/source/snmp/module/index.ts'
import { startSnmpClient, type SnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'

if (!hasRecordings) console.warn('skipped: no recordings at ../shared/data/snmprec')

describe.runIf(hasRecordings)('recordings', () => {
  let client: SnmpClient
  let responder: Responder
  const devices: RecordedDevice[] = []
  const compared: (Comparison & { recording: string })[] = []

  beforeAll(async () => {
    client = await startSnmpClient()
    responder = startResponder()
    const modules = await loadModules()
    for (const name of recordingNames) {
      const device = await readDevice(name, readRecording(name), client, responder, modules)
      devices.push(device)
      for (const one of compareDevice(device, readExpected(name))) compared.push({ ...one, recording: name })
    }
  })
  afterAll(async () => {
    await client.close()
    await responder.close()
  })

  const share = (area: string): number => {
    const all = compared.filter((one) => one.area === area)
    return all.filter(({ equal }) => equal).length / all.length
  }

  it('are read to the end, table by table', () => {
    expect(devices.flatMap(({ name, failures }) => failures.map((failure) => `${name} ${failure}`))).toEqual(
      [],
    )
  })

  it('decide what kind of thing each device is', () => {
    const kinds = devices.map(({ name, observations: [device] }) => [
      name,
      device?.kind,
      device?.fields?.['manufacturer'],
      device?.fields?.['model'],
      device?.fields?.['serialNumber'],
    ])
    expect(kinds).toEqual([
      ['apc_ap8959eu3', 'Pdu', 'APC', 'AP8959EU3', '5A1638E01463'],
      ['arista_eos', 'Switch', 'Arista', 'DCS-7050TX-128', 'JPE00000000'],
      ['cumulus_cumulus', 'Switch', 'Cumulus Networks', 'Cumulus Networks  VX Chassis', '0c:04:1f:86:00:00'],
      ['dell-os10', 'Switch', 'Dell', 'S4128F-ON', 'CN02NK09282988AT0259'],
      ['drac_r640', 'Server', 'Dell', 'PowerEdge R640', '1234ABC'],
      ['junos_qfx5100', 'Switch', 'Juniper', 'Juniper QFX5100-48S-6Q Switch', 'TA3716123456'],
      ['linux_lsi', 'Server', undefined, undefined, undefined],
      ['nxos_n3k-3064pq', 'Switch', 'Cisco', 'N3K-C3064PQ-10GX', '<private>'],
    ])
  })

  it.each(areas)('give every expected %s, or there is a reason why not', (area) => {
    const all = compared.filter((one) => one.area === area)
    expect(all.length).toBeGreaterThan(0)
    const unexplained = all.filter((one) => !one.equal && reasonOf(one.recording, one) === null)
    expect(unexplained).toEqual([])
  })

  it.each([
    ['port', 0.99],
    ['neighbour', 1],
    ['bgp', 1],
    ['sensor', 0.99],
    ['processor', 1],
    ['storage', 1],
    ['vlan', 1],
    ['vlan member', 1],
  ])('are equal in %s: at least %d of all fields', (area, least) => {
    expect(share(area)).toBeGreaterThanOrEqual(least)
  })

  it('give every expected link, with the local interface it hangs on', () => {
    const ports = compared.filter(({ area, field }) => area === 'neighbour' && field === 'remote_port')
    expect(ports).toHaveLength(5)
    expect(ports.filter(({ equal }) => !equal)).toEqual([])
  })

  it('read nothing twice: of one thing and one metric there is one reading', () => {
    for (const { name, readings } of devices) {
      const places = readings.map(({ key, metric }) => `${key} ${metric}`)
      expect([name, places.length]).toEqual([name, new Set(places).size])
    }
  })
})
