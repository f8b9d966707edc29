/** The container engine on one of the sample's virtual machines: a compose project, whose containers use something of it. */
import { hex, mix } from '../draft.ts'
import { EngineServer, type EngineContainer } from './engine.ts'

/** The machine that it runs on. */
export const engineHost = 'web-shop-01'

const project = 'web-shop'
const networkId = hex(mix(70_001), 8).repeat(8)
const startedAt = Date.UTC(2026, 8, 1)

interface Part {
  service: string
  image: string
  count: number
  /** Inside, and where it is published. */
  port: number
  published?: number
  /** Share of a core. */
  load: number
  mebibytes: number
  volume?: string
}

const parts: readonly Part[] = [
  { service: 'nginx', image: 'nginx:1.27', count: 1, port: 443, published: 443, load: 0.08, mebibytes: 48 },
  {
    service: 'storefront',
    image: 'registry.example.net/commerce/storefront:2.14.1',
    count: 3,
    port: 8080,
    load: 0.35,
    mebibytes: 620,
  },
  { service: 'cache', image: 'redis:7.4', count: 1, port: 6379, load: 0.03, mebibytes: 210, volume: 'cache' },
  { service: 'logs', image: 'timberio/vector:0.41', count: 1, port: 8686, load: 0.02, mebibytes: 90 },
]

const imageIdOf = (image: string): string =>
  `sha256:${hex(mix([...image].reduce((sum, letter) => sum + letter.charCodeAt(0), 71_000)), 8).repeat(8)}`

const members = parts
  .flatMap((part) => Array.from({ length: part.count }, (_, index) => ({ part, number: index + 1 })))
  .map((one, index) => ({ ...one, index, id: hex(mix(72_000 + index), 8).repeat(8) }))
type Member = (typeof members)[number]

export const createSampleEngine = (): EngineServer =>
  new EngineServer({
    containers: members.map(toContainer),
    info: {
      ID: 'PLNM:WEB1:SHOP:DEMO:7Q2K:LM3D:UD22:KCAU:ELJ7:YZKC:EZTL:PR6J',
      Name: engineHost,
      OperatingSystem: 'Ubuntu 24.04 LTS',
      ServerVersion: '20.10.24',
      CgroupVersion: '2',
    },
    images: parts.map(({ image, mebibytes }) => ({
      Id: imageIdOf(image),
      RepoTags: [image],
      RepoDigests: null,
      Size: mebibytes * 2 ** 20,
      Created: startedAt / 1_000,
      Labels: null,
    })),
    networks: [
      {
        Name: `${project}_default`,
        Id: networkId,
        Scope: 'local',
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }] },
        Internal: false,
        Labels: {},
      },
    ],
    volumes: parts.flatMap(({ volume }) =>
      volume ? { Name: `${project}_${volume}`, Driver: 'local', Labels: null, Mountpoint: `/${volume}` } : [],
    ),
    stats: (id) => {
      const member = members.find((one) => one.id === id)
      return member && toStats(member, Date.now())
    },
  })

const toContainer = ({ part, number, index, id }: Member): EngineContainer => ({
  Id: id,
  Names: [`/${project}-${part.service}-${number}`],
  Image: part.image,
  ImageID: imageIdOf(part.image),
  Created: startedAt / 1_000,
  Ports: [
    {
      PrivatePort: part.port,
      Type: 'tcp',
      ...(part.published ? { IP: '0.0.0.0', PublicPort: part.published } : {}),
    },
  ],
  Labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': part.service },
  State: 'running',
  Status: 'Up',
  HostConfig: { NetworkMode: `${project}_default` },
  NetworkSettings: {
    Networks: {
      [`${project}_default`]: {
        NetworkID: networkId,
        Gateway: '172.18.0.1',
        IPAddress: `172.18.0.${index + 2}`,
        IPPrefixLen: 16,
        MacAddress: `02:42:ac:12:00:${hex(index + 2, 2)}`,
      },
    },
  },
  Mounts: part.volume
    ? [{ Type: 'volume', Name: `${project}_${part.volume}`, Destination: '/data', Driver: 'local', RW: true }]
    : [],
})

/** As an engine with control groups version 2 says it; it swings by a third within a quarter of an hour. */
function toStats({ part, index, id }: Member, now: number): unknown {
  const seconds = (now - startedAt) / 1_000
  const period = 900 / (2 * Math.PI)
  const swing = Math.sin(seconds / period + index)
  const used = part.load * (seconds - (period / 3) * Math.cos(seconds / period + index))
  const nanoseconds = Math.round(used * 1e9)
  return {
    id,
    read: new Date(now).toISOString(),
    pids_stats: { current: 4 + index },
    blkio_stats: { io_service_bytes_recursive: null },
    cpu_stats: {
      cpu_usage: { total_usage: nanoseconds, usage_in_kernelmode: 0, usage_in_usermode: nanoseconds },
      system_cpu_usage: Math.round(seconds * 4e9),
      online_cpus: 4,
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    },
    memory_stats: {
      usage: Math.round(part.mebibytes * 2 ** 20 * (1 + swing / 10)),
      stats: { inactive_file: 2 ** 20 },
      limit: 2 ** 30,
    },
    networks: {
      eth0: { rx_bytes: Math.round(used * 1e6), tx_bytes: Math.round(used * 3e6) },
    },
  }
}
