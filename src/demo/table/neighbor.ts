/** LLDP-MIB, BGP4-MIB and Arista's own table of BGP peers, which has room for 4-byte AS numbers and IPv6. */
import { bgpState, type Scene } from '../scene.ts'
import type { Device, Session } from '../world.ts'
import { octetsOfAddress, octetsOfMac, type Rows } from './rows.ts'
import { descriptionOf } from './system.ts'

const lldp = '1.0.8802.1.1.2.1'
const byMac = 4
const byName = 5

export function addNeighbors(rows: Rows, scene: Scene, device: Device): void {
  rows.int(`${lldp}.3.1.0`, byMac)
  rows.octets(`${lldp}.3.2.0`, octetsOfMac(device.chassisId))
  rows.text(`${lldp}.3.3.0`, `${device.name}.example.net`)
  rows.text(`${lldp}.3.4.0`, descriptionOf(device))
  for (const port of device.ports) {
    if (port.type !== 6) continue
    const cell = (column: number) => `${lldp}.3.7.1.${column}.${port.ifIndex}`
    rows.int(cell(2), byName)
    rows.text(cell(3), port.name)
    rows.text(cell(4), port.name)
    const { hears } = scene.port(port)
    if (hears !== null) addNeighbor(rows, hears, port.ifIndex)
  }
}

function addNeighbor(rows: Rows, { device, name }: { device: Device; name: string }, ifIndex: number): void {
  const cell = (column: number) => `${lldp}.4.1.1.${column}.0.${ifIndex}.1`
  rows.int(cell(4), byMac)
  rows.octets(cell(5), octetsOfMac(device.chassisId))
  rows.int(cell(6), byName)
  rows.text(cell(7), name)
  rows.text(cell(8), name)
  rows.text(cell(9), `${device.name}.example.net`)
  rows.text(cell(10), descriptionOf(device))
}

const bgp = '1.3.6.1.2.1.15'
const aristaPeer = '1.3.6.1.4.1.30065.4.1.1'

export function addSessions(rows: Rows, scene: Scene, device: Device): void {
  if (device.sessions.length === 0) return
  rows.octets(`${bgp}.1.0`, Uint8Array.of(0x10))
  // As signed numbers, which is how agents squeeze four bytes into this table.
  rows.int(`${bgp}.2.0`, device.asn | 0)
  rows.ip(`${bgp}.4.0`, device.routerId)
  for (const session of device.sessions) {
    addSession(rows, scene, session)
    addAristaSession(rows, scene, session)
  }
}

/** Seconds since it was established; what counts the other way is 0. */
const standing = (scene: Scene, session: Session) => {
  const { state, changedAt } = scene.session(session)
  return (seconds: number): number => (state === bgpState.established ? Math.max(0, seconds - changedAt) : 0)
}

function addSession(rows: Rows, scene: Scene, session: Session): void {
  const { state, transitions } = scene.session(session)
  const cell = (column: number) => `${bgp}.3.1.${column}.${session.neighborAddress}`
  const { routerId } = session.twin.device
  rows.ip(cell(1), state === bgpState.established ? routerId : '0.0.0.0')
  rows.int(cell(2), state)
  rows.int(cell(3), 2)
  rows.int(cell(4), 4)
  rows.ip(cell(5), session.localAddress)
  rows.int(cell(6), 179)
  rows.ip(cell(7), session.neighborAddress)
  rows.int(cell(8), 40_000 + (session.device.number % 1000))
  rows.int(cell(9), session.peerAs | 0)
  rows.counter32(cell(15), transitions)
  rows.gauge(cell(16), standing(scene, session))
}

function addAristaSession(rows: Rows, scene: Scene, session: Session): void {
  const index = `1.1.4.${session.neighborAddress}`
  const cell = (column: number) => `${aristaPeer}.2.1.${column}.${index}`
  rows.int(cell(2), 1)
  rows.octets(cell(3), octetsOfAddress(session.localAddress))
  rows.gauge(cell(7), session.localAs)
  rows.gauge(cell(10), session.peerAs)
  rows.int(cell(12), 2)
  rows.int(cell(13), scene.session(session).state)
  rows.text(cell(14), session.twin.device.name)
  rows.gauge(`${aristaPeer}.4.1.1.${index}`, standing(scene, session))
}
