/** Servers: twelve a rack, cabled to both of its leaves, drawing from both of its PDUs. */
import { hex, mac, mix, pick, two, uuid, type Sample } from './draft.ts'
import { takePort, type Fabric, type SampleSwitch } from './fabric.ts'
import { plugIn, type SampleRack, type SampleSite } from './place.ts'
import type { SampleSegments } from './segment.ts'

export interface SampleServer {
  key: string
  name: string
  site: SampleSite
  rack: SampleRack
  /** `hypervisor` or `kubernetes`. */
  role: string
}

export interface SampleClusters {
  hypervisor: string
  kubernetes: string
}

export const perRack = 12
/** The rest of a rack's servers are nodes of Kubernetes. */
const hypervisorsPerRack = 8

const makers = [
  { manufacturer: 'Dell Inc.', model: 'PowerEdge R650', serial: (seed: number) => serialOf(seed, 7) },
  {
    manufacturer: 'HPE',
    model: 'ProLiant DL360 Gen10 Plus',
    serial: (seed: number) => `CZ2${serialOf(seed, 7)}`,
  },
  { manufacturer: 'Supermicro', model: 'SYS-120U-TNR', serial: (seed: number) => `S41${serialOf(seed, 9)}` },
]
const processors = [
  { model: 'Intel Xeon Gold 6338', cores: 64 },
  { model: 'Intel Xeon Platinum 8358', cores: 64 },
  { model: 'AMD EPYC 7543', cores: 64 },
]

/** Without O, I and such, as makers do it; long enough that none comes twice. */
function serialOf(seed: number, length: number): string {
  const letters = '0123456789BCDFGHJKLMNPQRSTVWXYZ'
  return Array.from({ length }, (_, index) => letters[mix(seed * 31 + index) % letters.length]).join('')
}

export function addServers(
  sample: Sample,
  sites: readonly SampleSite[],
  fabric: Fabric,
  segments: SampleSegments,
  clusters: ReadonlyMap<string, SampleClusters>,
): SampleServer[] {
  return sites.flatMap((site) =>
    site.racks.flatMap((rack) =>
      Array.from({ length: perRack }, (_, index) => {
        const isHypervisor = index < hypervisorsPerRack
        const cluster = clusters.get(site.key) as SampleClusters
        const role = isHypervisor ? 'hypervisor' : 'kubernetes'
        const server = addServer(sample, site, rack, index + 1, role, cluster[role])
        cable(sample, server, index + 1, fabric.leaves.get(rack.key) ?? [], segments)
        return server
      }),
    ),
  )
}

/** LLDP of a server calls it by the address of its first port. */
const portMac = (seed: number, index: number): string => mac('24:8a:07', seed * 16 + index)

const hardwareNumber = (rack: SampleRack, site: SampleSite, number: number): number =>
  site.number * 1000 + rack.number * 100 + number

function addServer(
  sample: Sample,
  site: SampleSite,
  rack: SampleRack,
  number: number,
  role: 'hypervisor' | 'kubernetes',
  cluster: string,
): SampleServer {
  const seed = hardwareNumber(rack, site, number)
  const name = `${rack.name}-s${two(number)}`
  const maker = pick(makers, seed)
  const processor = pick(processors, seed + 1)
  const year = 2021 + (mix(seed + 2) % 4)
  const month = two(1 + (mix(seed + 3) % 12))
  const key = sample.add('Server', name, {
    fields: {
      position: number * 2,
      face: 'FRONT',
      heightUnits: 1,
      manufacturer: maker.manufacturer,
      model: maker.model,
      serialNumber: maker.serial(seed),
      assetTag: `SV-${String(seed).padStart(6, '0')}`,
      systemUuid: uuid(seed),
      chassisId: portMac(seed, 0),
      cpuModel: processor.model,
      cpuCores: processor.cores,
      memoryBytes: (role === 'hypervisor' ? 512 : 256) * 2 ** 30,
      diskBytes: 2 * 960_197_124_096,
      osName: 'Linux',
      role,
      bmcAddress: bmcAddress(site, rack, number),
      purchasedAt: `${year}-${month}-10T00:00:00.000Z`,
      warrantyEndsAt: `${year + 5}-${month}-10T00:00:00.000Z`,
      costCenter: 'CC-4100',
    },
    links: [
      ['LOCATED_IN', rack.key],
      ...rack.pdus.map((pdu) => ['POWERED_BY', pdu] as const),
      ['MEMBER_OF', cluster],
    ],
    labels: { env: 'prod', pool: role === 'hypervisor' ? 'compute' : 'container' },
    owner: 'team-compute',
    contact: 'compute-oncall@example.net',
  })
  plugIn(sample, rack, key)
  return { key, name, site, rack, role }
}

const bmcAddress = (site: SampleSite, rack: SampleRack, number: number): string =>
  `10.${site.number}.0.${rack.number * 100 + number}`

function cable(
  sample: Sample,
  server: SampleServer,
  number: number,
  leaves: readonly SampleSwitch[],
  segments: SampleSegments,
): void {
  const seed = hardwareNumber(server.rack, server.site, number)
  const ports = leaves.map((leaf, index) => {
    const port = sample.add('NetworkInterface', `eno${index + 1}`, {
      fields: {
        type: '25gbase-x-sfp28',
        macAddress: portMac(seed, index),
        mtu: 9000,
        speedBps: 25_000_000_000,
        adminStatus: 'UP',
      },
      links: [
        ['PART_OF', server.key],
        ['MEMBER_OF', segments.vlan(server.site, 'prod')],
      ],
    })
    sample.connect(port, takePort(leaf))
    return port
  })
  const place = (server.rack.number - 1) * perRack + number
  segments.assignUse(server.site, 'prod', place, ports[0] as string, `${server.name}.example.net`)
  const bmc = sample.add('NetworkInterface', 'bmc', {
    fields: { type: '1000base-t', macAddress: mac('d0:94:66', seed * 16), mtu: 1500, adminStatus: 'UP' },
    links: [
      ['PART_OF', server.key],
      ['MEMBER_OF', segments.vlan(server.site, 'mgmt')],
    ],
    attributes: { note: `BMC ${hex(seed, 6)}` },
  })
  segments.assignManagement(
    server.site,
    bmcAddress(server.site, server.rack, number),
    bmc,
    `${server.name}-bmc.example.net`,
  )
}
