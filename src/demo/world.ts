/**
 * The sample's devices as they would know themselves: ports, cables, BGP sessions and guests, read out of the sample's items. Pure.
 * Terminology
 * - device: a switch or a server that answers SNMP. far: the port at the other end of a cable. twin: the other end of a BGP session.
 */
import type { InventoryItem } from '../resource/verbs.ts'
import type { LinkType } from '../resource/kind/link.ts'

export interface Port {
  device: Device
  name: string
  ifIndex: number
  /** ifType: 6 Ethernet, 24 loopback. */
  type: number
  mac: string | null
  mtu: number
  speedBps: number
  address: { address: string; prefixLength: number } | null
  far: Port | null
}

export interface Session {
  device: Device
  port: Port
  localAs: number
  peerAs: number
  localAddress: string
  neighborAddress: string
  twin: Session
}

/** A virtual machine on a server: a tap interface and an entry in the ARP table. */
export interface Guest {
  name: string
  mac: string
  address: string
}

export interface Device {
  kind: 'Switch' | 'Server'
  name: string
  /** Counted from 1 in the sample's order. */
  number: number
  site: string
  rack: string
  role: string
  chassisId: string
  serialNumber: string
  manufacturer: string
  model: string
  osName: string
  osVersion: string
  asn: number
  routerId: string
  memoryBytes: number
  diskBytes: number
  ports: Port[]
  sessions: Session[]
  guests: Guest[]
}

export interface World {
  devices: Device[]
  byName: ReadonlyMap<string, Device>
}

export function toWorld(items: readonly InventoryItem[]): World {
  const sample = new Items(items)
  const devices = new Map<string, Device>()
  for (const kind of ['Switch', 'Server'] as const)
    for (const item of sample.ofKind(kind)) devices.set(item.key!, toDevice(sample, item, devices.size + 1))
  const ports = addPorts(sample, devices)
  joinCables(sample, ports)
  addAddresses(sample, ports)
  addSessions(sample, devices)
  addGuests(sample, devices)
  for (const device of devices.values()) device.ports.sort((one, other) => one.ifIndex - other.ifIndex)
  return {
    devices: [...devices.values()],
    byName: new Map([...devices.values()].map((device) => [device.name, device])),
  }
}

/** The items by key and by what they are linked to. */
class Items {
  readonly all: readonly InventoryItem[]
  readonly #byKey: ReadonlyMap<string, InventoryItem>

  constructor(all: readonly InventoryItem[]) {
    this.all = all
    this.#byKey = new Map(all.map((item) => [item.key!, item]))
  }

  ofKind(kind: InventoryItem['kind']): InventoryItem[] {
    return this.all.filter((item) => item.kind === kind)
  }

  targets(item: InventoryItem, type: LinkType): string[] {
    return (item.links ?? []).flatMap((link) => (link.type === type && 'key' in link.to ? link.to.key : []))
  }

  target(item: InventoryItem, type: LinkType): InventoryItem {
    const found = this.#byKey.get(this.targets(item, type)[0] ?? '')
    if (found === undefined) throw new Error(`${item.key} has no ${type}`)
    return found
  }
}

const text = (item: InventoryItem, field: string): string => String(item.fields?.[field] ?? '')
const number = (item: InventoryItem, field: string): number => Number(item.fields?.[field] ?? 0)

function toDevice(sample: Items, item: InventoryItem, count: number): Device {
  const rack = sample.target(item, 'LOCATED_IN')
  return {
    kind: item.kind as Device['kind'],
    name: item.name,
    number: count,
    site: rack.name.split('-')[0]!,
    rack: rack.name,
    role: text(item, 'role'),
    chassisId: text(item, 'chassisId'),
    serialNumber: text(item, 'serialNumber'),
    manufacturer: text(item, 'manufacturer'),
    model: text(item, 'model'),
    osName: text(item, 'osName'),
    osVersion: text(item, 'osVersion'),
    asn: number(item, 'asn'),
    routerId: '',
    memoryBytes: number(item, 'memoryBytes'),
    diskBytes: number(item, 'diskBytes'),
    ports: [],
    sessions: [],
    guests: [],
  }
}

/** Without management controllers: they are machines of their own. */
function addPorts(sample: Items, devices: ReadonlyMap<string, Device>): Map<string, Port> {
  const ports = new Map<string, Port>()
  for (const item of sample.ofKind('NetworkInterface')) {
    const device = devices.get(sample.targets(item, 'PART_OF')[0] ?? '')
    if (device === undefined || item.name === 'bmc') continue
    const isLoopback = item.name.startsWith('Loopback')
    const port: Port = {
      device,
      name: item.name,
      // Linux counts from its loopback on.
      ifIndex: number(item, 'ifIndex') || device.ports.length + 2,
      type: isLoopback ? 24 : 6,
      mac: isLoopback ? null : text(item, 'macAddress'),
      mtu: number(item, 'mtu'),
      speedBps: number(item, 'speedBps'),
      address: null,
      far: null,
    }
    device.ports.push(port)
    ports.set(item.key!, port)
  }
  return ports
}

function joinCables(sample: Items, ports: ReadonlyMap<string, Port>): void {
  for (const item of sample.ofKind('NetworkInterface')) {
    const [near, far] = [ports.get(item.key!), ports.get(sample.targets(item, 'CONNECTED_TO')[0] ?? '')]
    if (near === undefined || far === undefined) continue
    near.far = far
    far.far = near
  }
}

function addAddresses(sample: Items, ports: ReadonlyMap<string, Port>): void {
  for (const item of sample.ofKind('IpAddress')) {
    const port = ports.get(sample.targets(item, 'ASSIGNED_TO')[0] ?? '')
    if (port === undefined) continue
    port.address = { address: text(item, 'address'), prefixLength: number(item, 'prefixLength') }
    if (port.type === 24) port.device.routerId = port.address.address
  }
}

function addSessions(sample: Items, devices: ReadonlyMap<string, Device>): void {
  const byAddress = new Map(
    [...devices.values()].flatMap(({ ports }) => ports.map((port) => [port.address?.address, port] as const)),
  )
  const sessions = new Map<string, Session>()
  for (const item of sample.ofKind('BgpPeer')) {
    const device = devices.get(sample.targets(item, 'PART_OF')[0] ?? '')!
    const neighborAddress = text(item, 'neighborAddress')
    const port = byAddress.get(neighborAddress)?.far as Port
    const localAddress = port.address!.address
    const session = { device, port, localAddress, neighborAddress } as Session
    session.localAs = number(item, 'localAs')
    session.peerAs = number(item, 'peerAs')
    device.sessions.push(session)
    sessions.set(localAddress, session)
  }
  for (const session of sessions.values()) session.twin = sessions.get(session.neighborAddress)!
}

function addGuests(sample: Items, devices: ReadonlyMap<string, Device>): void {
  const machines = new Map(sample.ofKind('VirtualMachine').map((item) => [item.key!, item]))
  const taps = new Map<string, { machine: InventoryItem; mac: string }>()
  for (const item of sample.ofKind('NetworkInterface')) {
    const machine = machines.get(sample.targets(item, 'PART_OF')[0] ?? '')
    if (machine !== undefined) taps.set(item.key!, { machine, mac: text(item, 'macAddress') })
  }
  for (const item of sample.ofKind('IpAddress')) {
    const tap = taps.get(sample.targets(item, 'ASSIGNED_TO')[0] ?? '')
    if (tap === undefined) continue
    const host = devices.get(sample.targets(tap.machine, 'RUNS_ON')[0] ?? '')
    host?.guests.push({ name: tap.machine.name, mac: tap.mac, address: text(item, 'address') })
  }
}
