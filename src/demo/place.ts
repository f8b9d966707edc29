/** Regions, sites, rooms, racks and their power. */
import { two, type Sample } from './draft.ts'

export interface SampleRack {
  key: string
  name: string
  /** Counted from 1 within the site. */
  number: number
  pdus: [string, string]
  /** How many outlets of each PDU are taken. */
  outlets: number
}

export interface SampleSite {
  key: string
  name: string
  /** Counted from 1; the second byte of its addresses. */
  number: number
  racks: SampleRack[]
}

const sites = [
  { name: 'icn1', region: 'Seoul', facility: 'Gasan IDC 3F', street: 'Gasan digital 1-ro 10, Seoul' },
  { name: 'icn2', region: 'Seoul', facility: 'Anyang DC B', street: 'Burim-ro 170, Anyang' },
  { name: 'pus1', region: 'Busan', facility: 'Gangseo DC 1', street: 'Mieumsandan 5-ro 41, Busan' },
]

export function addPlaces(sample: Sample): SampleSite[] {
  const regions = new Map(['Seoul', 'Busan'].map((name) => [name, sample.add('Region', name)]))
  return sites.map(({ name, region, facility, street }, index) => {
    const key = sample.add('Site', name, {
      fields: { facility, timeZone: 'Asia/Seoul' },
      links: [['LOCATED_IN', regions.get(region) as string]],
      owner: 'team-facility',
      contact: `noc-${name}@example.net`,
      attributes: { address: street },
    })
    const room = sample.add('Location', `${name}-room-a`, { links: [['LOCATED_IN', key]] })
    const racks = [1, 2].map((number) => addRack(sample, name, room, number))
    return { key, name, number: index + 1, racks }
  })
}

function addRack(sample: Sample, site: string, room: string, number: number): SampleRack {
  const name = `${site}-r${two(number)}`
  const key = sample.add('Rack', name, {
    fields: { heightUnits: 42, powerLimitWatts: 7360, assetTag: `RK-${site.toUpperCase()}-${two(number)}` },
    links: [['LOCATED_IN', room]],
    labels: { row: 'a' },
    owner: 'team-facility',
  })
  const pdus = ['a', 'b'].map((side, index) => addPdu(sample, { site, name, key, number }, side, index))
  return { key, name, number, pdus: pdus as [string, string], outlets: 0 }
}

interface RackPlace {
  site: string
  name: string
  key: string
  number: number
}

function addPdu(sample: Sample, rack: RackPlace, side: string, index: number): string {
  const panel = `${rack.site}-panel-${side}`
  const feed = sample.add('PowerFeed', `${rack.name}-feed-${side}`, {
    fields: { panel, phase: 'single-phase', voltage: 230, amperage: 32, capacityWatts: 7360 },
    links: [['LOCATED_IN', rack.key]],
  })
  const serial = `ZA2034${rack.site.slice(-1)}${rack.number}${index}${rack.site.slice(0, 2)}`.toUpperCase()
  return sample.add('Pdu', `${rack.name}-pdu-${side}`, {
    fields: {
      manufacturer: 'APC',
      model: 'AP8953',
      serialNumber: serial,
      assetTag: `PD-${rack.name.toUpperCase()}-${side.toUpperCase()}`,
      heightUnits: 0,
      face: 'REAR',
      capacityWatts: 7360,
      purchasedAt: '2022-05-16T00:00:00.000Z',
      warrantyEndsAt: '2027-05-16T00:00:00.000Z',
      costCenter: 'CC-4020',
    },
    links: [
      ['LOCATED_IN', rack.key],
      ['POWERED_BY', feed],
    ],
    owner: 'team-facility',
  })
}

/** Gives a device two power supplies, one at an outlet of each PDU of its rack. */
export function plugIn(sample: Sample, rack: SampleRack, device: string): void {
  rack.outlets += 1
  rack.pdus.forEach((pdu, index) => {
    const port = sample.add('Component', `PSU${index + 1}`, {
      fields: { role: 'power port' },
      links: [['PART_OF', device]],
    })
    const outlet = sample.add('Component', `Outlet ${rack.outlets}`, {
      fields: { role: 'power outlet' },
      links: [['PART_OF', pdu]],
    })
    sample.connect(port, outlet)
  })
}
