/** IF-MIB and IP-MIB: ports, their counters, addresses; on servers also a loopback, a bridge, taps of guests and the ARP table. */
import { mix } from '../draft.ts'
import type { PortState, Scene } from '../scene.ts'
import type { Device, Port } from '../world.ts'
import { octetsOfMac, type Rows } from './rows.ts'

const ifEntry = '1.3.6.1.2.1.2.2.1'
const ifXEntry = '1.3.6.1.2.1.31.1.1.1'
const ipAddrEntry = '1.3.6.1.2.1.4.20.1'
const ipNetToMediaEntry = '1.3.6.1.2.1.4.22.1'
/** Of a server's own: the bridge of its guests, then their taps. */
const firstOwn = 10

interface Row {
  ifIndex: number
  name: string
  type: number
  mac: string | null
  mtu: number
  speedBps: number
  alias: string
  isUp: boolean
  changedAt: number
  /** Octets. */
  in: (seconds: number) => number
  out: (seconds: number) => number
  /** Errors a second. */
  errors: number
}

export function addInterfaces(rows: Rows, scene: Scene, device: Device): void {
  const { bootedAt } = scene.device(device)
  const all = [
    ...device.ports.map((port) => portRow(port, scene.port(port))),
    ...(device.kind === 'Server' ? ownRows(device, bootedAt) : []),
  ]
  rows.int('1.3.6.1.2.1.2.1.0', all.length)
  for (const row of all) addInterface(rows, row, bootedAt)
  for (const port of device.ports) if (port.address) addAddress(rows, port.ifIndex, port.address)
  for (const guest of device.guests) {
    const index = `${firstOwn}.${guest.address}`
    rows.int(`${ipNetToMediaEntry}.1.${index}`, firstOwn)
    rows.octets(`${ipNetToMediaEntry}.2.${index}`, octetsOfMac(guest.mac))
    rows.ip(`${ipNetToMediaEntry}.3.${index}`, guest.address)
    rows.int(`${ipNetToMediaEntry}.4.${index}`, 3)
  }
}

function portRow(port: Port, state: PortState): Row {
  return {
    ...port,
    alias:
      port.far === null || port.device.kind === 'Server' ? '' : `to ${port.far.device.name} ${port.far.name}`,
    isUp: state.isUp,
    changedAt: state.changedAt,
    in: (seconds) => state.in.at(seconds),
    out: (seconds) => state.out.at(seconds),
    // One fibre in forty is dirty.
    errors: mix(port.device.number * 97 + port.ifIndex) % 40 === 0 ? 0.05 : 0,
  }
}

/** A server's loopback, and what carries its guests. */
function ownRows(device: Device, bootedAt: number): Row[] {
  const own = (ifIndex: number, name: string, type: number, mac: string | null, rate: number): Row => ({
    ifIndex,
    name,
    type,
    mac,
    mtu: name === 'lo' ? 65_536 : 1500,
    speedBps: 10_000_000,
    alias: '',
    isUp: true,
    changedAt: bootedAt,
    in: (seconds) => (seconds - bootedAt) * rate,
    out: (seconds) => (seconds - bootedAt) * rate * 0.8,
    errors: 0,
  })
  const guests = device.guests.map(({ mac }, index) =>
    own(
      firstOwn + 1 + index,
      `vnet${index}`,
      6,
      mac.replace(/^fa/, 'fe'),
      1e6 + (mix(index + device.number) % 9e6),
    ),
  )
  const bridge = guests.length === 0 ? [] : [own(firstOwn, 'br-prod', 6, bridgeMac(device), 2e6)]
  return [own(1, 'lo', 24, null, 1e5), ...bridge, ...guests]
}

/** Locally administered, as bridges have theirs. */
const bridgeMac = (device: Device): string => device.chassisId.replace(/^../, '26')

/** Octets of a usual packet. */
const packetSize = 850

function addInterface(rows: Rows, row: Row, bootedAt: number): void {
  const cell = (column: number) => `${ifEntry}.${column}.${row.ifIndex}`
  const wide = (column: number) => `${ifXEntry}.${column}.${row.ifIndex}`
  const packets = (octets: Row['in']) => (seconds: number) => octets(seconds) / packetSize
  const errors = (seconds: number) => (seconds - bootedAt) * row.errors
  rows.int(cell(1), row.ifIndex)
  rows.text(cell(2), row.name)
  rows.int(cell(3), row.type)
  rows.int(cell(4), row.mtu)
  rows.gauge(cell(5), Math.min(row.speedBps, 0xffffffff))
  rows.octets(cell(6), row.mac === null ? new Uint8Array(0) : octetsOfMac(row.mac))
  rows.int(cell(7), 1)
  rows.int(cell(8), row.isUp ? 1 : 2)
  rows.ticks(cell(9), Math.max(0, (row.changedAt - bootedAt) * 100))
  rows.counter32(cell(10), row.in)
  rows.counter32(cell(11), packets(row.in))
  rows.counter32(cell(13), 0)
  rows.counter32(cell(14), errors)
  rows.counter32(cell(16), row.out)
  rows.counter32(cell(17), packets(row.out))
  rows.counter32(cell(19), 0)
  rows.counter32(cell(20), 0)
  rows.text(wide(1), row.name)
  rows.counter64(wide(6), row.in)
  rows.counter64(wide(7), packets(row.in))
  rows.counter64(wide(10), row.out)
  rows.counter64(wide(11), packets(row.out))
  rows.gauge(wide(15), row.speedBps / 1e6)
  rows.text(wide(18), row.alias)
}

function addAddress(
  rows: Rows,
  ifIndex: number,
  { address, prefixLength }: NonNullable<Port['address']>,
): void {
  const mask = prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0
  rows.ip(`${ipAddrEntry}.1.${address}`, address)
  rows.int(`${ipAddrEntry}.2.${address}`, ifIndex)
  rows.ip(`${ipAddrEntry}.3.${address}`, [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.'))
}
