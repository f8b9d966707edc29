/** Switches in leaf and spine, their cables, point-to-point prefixes and BGP sessions with 4-byte AS numbers. */
import { mac, two, type Sample } from './draft.ts'
import { plugIn, type SampleRack, type SampleSite } from './place.ts'
import type { SampleSegments } from './segment.ts'

export interface SampleSwitch {
  key: string
  name: string
  asn: number
  site: SampleSite
  /** Keys of its ports, `Ethernet1` first. */
  ports: string[]
  /** The next port that no cable is in. */
  nextPort: number
}

export interface Fabric {
  spines: SampleSwitch[]
  /** Two a rack, by the rack's key. */
  leaves: Map<string, SampleSwitch[]>
}

const leafPorts = 28
const spinePorts = 12
/** A leaf's ports for spines come after those for servers. */
const firstUplink = 24

export function addFabric(sample: Sample, sites: readonly SampleSite[], segments: SampleSegments): Fabric {
  const links = new Links(sample, segments)
  const fabric: Fabric = { spines: [], leaves: new Map() }
  for (const site of sites) {
    const spines = [1, 2].map((number) => addSpine(sample, site, number, segments))
    for (const rack of site.racks) {
      const leaves = [0, 1].map((index) => addLeaf(sample, site, rack, index, segments))
      fabric.leaves.set(rack.key, leaves)
      for (const leaf of leaves) {
        leaf.nextPort = firstUplink
        for (const spine of spines) links.join(leaf, spine)
        leaf.nextPort = 0
      }
    }
    fabric.spines.push(...spines)
  }
  joinSites(fabric, links)
  return fabric
}

/** A ring of sites: the first spine of each to the second of the next. */
function joinSites({ spines }: Fabric, links: Links): void {
  const [first, second] = [0, 1].map((side) => spines.filter((_, index) => index % 2 === side)) as [
    SampleSwitch[],
    SampleSwitch[],
  ]
  first.forEach((spine, index) => links.join(spine, second[(index + 1) % second.length] as SampleSwitch))
}

function addSpine(sample: Sample, site: SampleSite, number: number, segments: SampleSegments): SampleSwitch {
  const rack = site.racks[number - 1] as SampleRack
  const asn = 4_200_000_000 + site.number * 1000
  return addSwitch(sample, segments, {
    site,
    rack,
    name: `${site.name}-spine${number}`,
    role: 'spine',
    model: 'DCS-7060CX-32S',
    position: 40,
    asn,
    ports: spinePorts,
    portType: '100gbase-x-qsfp28',
    speedBps: 100_000_000_000,
    number: site.number * 100 + number,
  })
}

function addLeaf(
  sample: Sample,
  site: SampleSite,
  rack: SampleRack,
  index: number,
  segments: SampleSegments,
): SampleSwitch {
  const number = (rack.number - 1) * 2 + index + 1
  return addSwitch(sample, segments, {
    site,
    rack,
    name: `${site.name}-leaf${two(number)}`,
    role: 'leaf',
    model: 'DCS-7050SX3-48YC8',
    position: 41 + index,
    asn: 4_200_000_000 + site.number * 1000 + 100 + number,
    ports: leafPorts,
    portType: '25gbase-x-sfp28',
    speedBps: 25_000_000_000,
    number: site.number * 100 + 10 + number,
  })
}

interface SwitchPlan {
  site: SampleSite
  rack: SampleRack
  name: string
  role: string
  model: string
  position: number
  asn: number
  ports: number
  portType: string
  speedBps: number
  number: number
}

function addSwitch(sample: Sample, segments: SampleSegments, plan: SwitchPlan): SampleSwitch {
  const key = sample.add('Switch', plan.name, {
    fields: {
      manufacturer: 'Arista Networks',
      model: plan.model,
      serialNumber: `JPE2214${plan.number.toString().padStart(4, '0')}`,
      assetTag: `SW-${plan.number.toString().padStart(5, '0')}`,
      position: plan.position,
      face: 'REAR',
      heightUnits: 1,
      role: plan.role,
      asn: plan.asn,
      chassisId: mac('44:4c:a8', plan.number * 256),
      osName: 'EOS',
      osVersion: '4.32.2F',
      purchasedAt: '2023-03-06T00:00:00.000Z',
      warrantyEndsAt: '2028-03-06T00:00:00.000Z',
      costCenter: 'CC-4010',
    },
    links: [['LOCATED_IN', plan.rack.key], ...plan.rack.pdus.map((pdu) => ['POWERED_BY', pdu] as const)],
    labels: { layer: plan.role },
    owner: 'team-network',
    contact: 'network-oncall@example.net',
  })
  const ports = Array.from({ length: plan.ports }, (_, index) => addPort(sample, key, plan, index + 1))
  addLoopback(sample, key, plan, segments)
  plugIn(sample, plan.rack, key)
  return { key, name: plan.name, asn: plan.asn, site: plan.site, ports, nextPort: 0 }
}

function addPort(sample: Sample, device: string, plan: SwitchPlan, number: number): string {
  const isUplink = plan.role === 'leaf' && number > firstUplink
  return sample.add('NetworkInterface', `Ethernet${number}`, {
    fields: {
      ifIndex: number,
      type: isUplink ? '100gbase-x-qsfp28' : plan.portType,
      macAddress: mac('44:4c:a8', plan.number * 256 + number),
      mtu: 9214,
      speedBps: isUplink ? 100_000_000_000 : plan.speedBps,
      adminStatus: 'UP',
    },
    links: [['PART_OF', device]],
  })
}

function addLoopback(sample: Sample, device: string, plan: SwitchPlan, segments: SampleSegments): void {
  const port = sample.add('NetworkInterface', 'Loopback0', {
    fields: { ifIndex: 5000, type: 'virtual', mtu: 65535, adminStatus: 'UP' },
    links: [['PART_OF', device]],
  })
  const address = `10.255.${plan.site.number}.${plan.number % 100}`
  segments.assign(address, 32, port, segments.loopbacks(plan.site), `${plan.name}.example.net`)
}

/** Cables between switches, each with its own /31 and a BGP session. */
class Links {
  readonly #sample: Sample
  readonly #segments: SampleSegments
  #count = 0

  constructor(sample: Sample, segments: SampleSegments) {
    this.#sample = sample
    this.#segments = segments
  }

  join(one: SampleSwitch, other: SampleSwitch): void {
    const [near, far] = [takePort(one), takePort(other)]
    this.#sample.connect(near, far)
    const host = this.#count * 2
    this.#count += 1
    const [nearAddress, farAddress] = [host, host + 1].map((byte) => `10.254.0.${byte}`) as [string, string]
    const prefix = this.#segments.addPrefix(`${nearAddress}/31`, this.#segments.links, {
      role: 'point-to-point',
    })
    this.#segments.assign(nearAddress, 31, near, prefix)
    this.#segments.assign(farAddress, 31, far, prefix)
    this.#peer(one, other, farAddress)
    this.#peer(other, one, nearAddress)
  }

  #peer(local: SampleSwitch, remote: SampleSwitch, neighborAddress: string): void {
    this.#sample.add('BgpPeer', neighborAddress, {
      fields: { localAs: local.asn, peerAs: remote.asn, neighborAddress },
      links: [
        ['PART_OF', local.key],
        ['PEERS_WITH', remote.key],
      ],
    })
  }
}

export function takePort(taken: SampleSwitch): string {
  const port = taken.ports[taken.nextPort]
  if (port === undefined) throw new Error(`${taken.name} has no free port`)
  taken.nextPort += 1
  return port
}
