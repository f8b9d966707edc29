/** Clusters, virtual machines with their volumes, and containers. */
import { hex, mac, mix, pick, two, uuid, type Sample } from './draft.ts'
import type { SampleSite } from './place.ts'
import type { SampleSegments } from './segment.ts'
import type { SampleClusters, SampleServer } from './server.ts'

/** What one machine or container is there for. */
export interface Instance {
  key: string
  /** The service that it carries. */
  service: string
  address: string | undefined
}

export interface Workload {
  service: string
  tenant: string
  role: string
  image: string
  /** How many virtual machines, or containers. */
  machines: number
  containers: number
  port: number
}

export function addClusters(sample: Sample, sites: readonly SampleSite[]): Map<string, SampleClusters> {
  return new Map(
    sites.map((site) => {
      const clusterOf = (suffix: string, type: string) =>
        sample.add('Cluster', `${site.name}-${suffix}`, {
          fields: { type },
          links: [['LOCATED_IN', site.key]],
          owner: 'team-compute',
        })
      return [site.key, { hypervisor: clusterOf('kvm', 'kvm'), kubernetes: clusterOf('k8s', 'kubernetes') }]
    }),
  )
}

const sizes = [
  { flavor: 'm1.medium', cores: 2, gib: 4, disk: 40 },
  { flavor: 'm1.large', cores: 4, gib: 8, disk: 80 },
  { flavor: 'm1.xlarge', cores: 8, gib: 16, disk: 160 },
]

interface Grounds {
  sample: Sample
  servers: readonly SampleServer[]
  clusters: ReadonlyMap<string, SampleClusters>
  segments: SampleSegments
  tenants: ReadonlyMap<string, string>
  images: ReadonlyMap<string, string>
}

export function addWorkloads(grounds: Grounds, workloads: readonly Workload[]): Instance[] {
  const hypervisors = spread(grounds.servers.filter(({ role }) => role === 'hypervisor'))
  const nodes = spread(grounds.servers.filter(({ role }) => role === 'kubernetes'))
  const namespaces = new Map<string, string>()
  const instances: Instance[] = []
  let machines = 0
  let containers = 0
  for (const workload of workloads) {
    for (let number = 1; number <= workload.machines; number++) {
      const host = hypervisors[machines % hypervisors.length] as SampleServer
      machines += 1
      instances.push(addMachine(grounds, workload, host, number, machines))
    }
    for (let number = 1; number <= workload.containers; number++) {
      const host = nodes[containers % nodes.length] as SampleServer
      containers += 1
      instances.push(addContainer(grounds, namespaces, workload, host, containers))
    }
  }
  return instances
}

/** Neighbours in the list stand in different sites and racks, so that copies do not fail together. */
function spread(servers: readonly SampleServer[]): SampleServer[] {
  const byRack = [...Map.groupBy(servers, ({ rack }) => rack.key).values()]
  const depth = Math.max(...byRack.map((list) => list.length))
  // Racks of one site follow each other in the list: every second first.
  const order = [
    ...byRack.filter((_, index) => index % 2 === 0),
    ...byRack.filter((_, index) => index % 2 === 1),
  ]
  return Array.from({ length: depth }, (_, level) => order.flatMap((list) => list[level] ?? [])).flat()
}

function addMachine(
  { sample, clusters, segments, tenants, images }: Grounds,
  workload: Workload,
  host: SampleServer,
  number: number,
  count: number,
): Instance {
  const name = `${workload.service}-${two(number)}`
  const size = pick(sizes, count)
  const image = images.get(workload.image) as string
  const key = sample.add('VirtualMachine', name, {
    fields: {
      cpuCores: size.cores,
      memoryBytes: size.gib * 2 ** 30,
      diskBytes: size.disk * 2 ** 30,
      osName: workload.image,
      role: workload.role,
      flavor: size.flavor,
      instanceId: uuid(count + 100_000),
      availabilityZone: host.site.name,
    },
    links: [
      ['RUNS_ON', host.key],
      ['MEMBER_OF', clusters.get(host.site.key)?.hypervisor as string],
      ['OWNED_BY', tenants.get(workload.tenant) as string],
      ['BOOTED_FROM', image],
    ],
    labels: { env: 'prod', service: workload.service },
    owner: `team-${workload.tenant}`,
  })
  const port = sample.add('NetworkInterface', 'eth0', {
    fields: { type: 'virtual', macAddress: mac('fa:16:3e', count), mtu: 1500, adminStatus: 'UP' },
    links: [
      ['PART_OF', key],
      ['MEMBER_OF', segments.vlan(host.site, 'prod')],
    ],
  })
  const address = segments.assignUse(host.site, 'prod', 100 + count, port, `${name}.example.net`)
  if (workload.role === 'database' || count % 4 === 0) addVolume(sample, key, name, count, workload)
  return { key, service: workload.service, address }
}

function addVolume(
  sample: Sample,
  machine: string,
  name: string,
  count: number,
  { tenant, role }: Workload,
): void {
  sample.add('Volume', `${name}-data`, {
    fields: { volumeId: uuid(count + 200_000), sizeBytes: (role === 'database' ? 500 : 100) * 2 ** 30 },
    links: [['ATTACHED_TO', machine]],
    labels: { env: 'prod' },
    owner: `team-${tenant}`,
  })
}

function addContainer(
  { sample, clusters, tenants, images }: Grounds,
  namespaces: Map<string, string>,
  workload: Workload,
  host: SampleServer,
  count: number,
): Instance {
  const cluster = clusters.get(host.site.key)?.kubernetes as string
  const place = `${cluster} ${workload.tenant}`
  const namespace =
    namespaces.get(place) ??
    sample.add('Namespace', `${workload.tenant}-${host.site.name}`, {
      links: [
        ['PART_OF', cluster],
        ['OWNED_BY', tenants.get(workload.tenant) as string],
      ],
    })
  namespaces.set(place, namespace)
  const suffix = hex(mix(count), 5)
  const pod = `${workload.service}-7d9f-${suffix}`
  const key = sample.add('Container', pod, {
    fields: {
      containerId: `${hex(mix(count + 1), 8)}${hex(mix(count + 2), 8)}${hex(count, 8)}`.padEnd(64, '0'),
      namespace: workload.tenant,
      pod,
      imageName: `registry.example.net/${workload.tenant}/${workload.service}`,
      imageTag: `1.${mix(workload.service.length) % 20}.${workload.containers}`,
    },
    links: [
      ['RUNS_ON', host.key],
      ['MEMBER_OF', cluster],
      ['MEMBER_OF', namespace],
      ['OWNED_BY', tenants.get(workload.tenant) as string],
      ['BOOTED_FROM', images.get(workload.image) as string],
    ],
    labels: { env: 'prod', service: workload.service },
    owner: `team-${workload.tenant}`,
  })
  return { key, service: workload.service, address: undefined }
}
