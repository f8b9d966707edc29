/** The demo's container engine with recorded shapes (Docker 20.10) in it: what it holds is the test's to change. */
import { EngineServer, type EngineContainer } from '../../../src/demo/face/engine.ts'

export type FakeContainer = EngineContainer

const imageId = `sha256:${'4f35ca68'.repeat(8)}`
const networkId = '3fb1ecd02ead7fab'.repeat(4)

/** As `docker run --network x -p 8080:80 -v vol1:/data` of a compose service gives it. */
export const recorded = (index: number, rest: Record<string, unknown> = {}): FakeContainer => ({
  Id: index.toString(16).padStart(64, 'c'),
  Names: [`/c${index}`],
  Image: 'registry.example.net:5000/shop/web:1.2',
  ImageID: imageId,
  Command: 'sleep 1000',
  Created: 1_795_421_291,
  Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8_000 + index, Type: 'tcp' }],
  Labels: {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': `web${index % 3}`,
    'no key!': 'x',
  },
  State: 'running',
  Status: 'Up 2 seconds',
  HostConfig: { NetworkMode: 'x' },
  NetworkSettings: {
    Networks: {
      x: {
        IPAMConfig: null,
        NetworkID: networkId,
        Gateway: '172.17.0.1',
        IPAddress: `172.17.${index >> 8}.${index & 255}`,
        IPPrefixLen: 16,
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        MacAddress: `02:42:ac:11:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
      },
    },
  },
  Mounts: [
    {
      Type: 'volume',
      Name: 'vol1',
      Source: '/var/lib/docker/volumes/vol1/_data',
      Destination: '/data',
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    },
  ],
  ...rest,
})

const recordedImage = {
  Containers: -1,
  Created: 1_795_421_290,
  Id: imageId,
  Labels: null,
  RepoDigests: null,
  RepoTags: ['registry.example.net:5000/shop/web:1.2'],
  Size: 1_982_256,
}

const recordedVolume = {
  CreatedAt: '2026-11-23T08:08:10Z',
  Driver: 'local',
  Labels: null,
  Mountpoint: '/x',
  Name: 'vol1',
}

export class FakeEngine extends EngineServer {
  constructor() {
    super({
      containers: [2, 3, 4].map((index) => recorded(index)),
      info: {
        ID: 'EB3M:LOYI:WTNP:GLJY:4TEM:335Z:UD22:KCAU:ELJ7:YZKC:EZTL:PR6J',
        Name: 'node7',
        NCPU: 2,
        MemTotal: 25_276_510_208,
        OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
        ServerVersion: '20.10.24+dfsg1',
        CgroupVersion: '1',
      },
      images: [recordedImage],
      networks: [recordedNetwork],
      volumes: [recordedVolume],
      stats: (id) => ({ ...recordedStats, id }),
    })
  }
}

const recordedNetwork = {
  Name: 'x',
  Id: networkId,
  Created: '2026-11-23T08:08:10.993517917Z',
  Scope: 'local',
  Driver: 'bridge',
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }] },
  Internal: false,
  Labels: {},
}

/** Control groups version 1. */
export const recordedStats = {
  read: '2026-11-23T08:08:11.455194544Z',
  pids_stats: { current: 1 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'Read', value: 4096 },
      { major: 8, minor: 0, op: 'Write', value: 512 },
      { major: 8, minor: 0, op: 'Total', value: 4608 },
    ],
  },
  cpu_stats: {
    cpu_usage: { total_usage: 30_660_990, usage_in_kernelmode: 10_000_000, usage_in_usermode: 10_000_000 },
    system_cpu_usage: 52_921_520_000_000,
    online_cpus: 2,
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
  memory_stats: {
    usage: 573_440,
    max_usage: 4_087_808,
    stats: { cache: 4096, inactive_file: 1, total_inactive_file: 4096 },
    limit: 67_108_864,
  },
  networks: { eth0: { rx_bytes: 100, tx_bytes: 50 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
}

/** Control groups version 2 (Docker 24): no `max_usage`, block devices in small letters, null where there are none. */
export const recordedStatsV2 = {
  read: '2026-11-23T08:08:11.455194544Z',
  pids_stats: { current: 3, limit: 18_446_744_073_709_552_000 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 254, minor: 0, op: 'read', value: 8192 },
      { major: 254, minor: 0, op: 'write', value: 0 },
    ],
    io_serviced_recursive: null,
  },
  cpu_stats: {
    cpu_usage: { total_usage: 51_000_000, usage_in_kernelmode: 25_000_000, usage_in_usermode: 26_000_000 },
    system_cpu_usage: 52_921_520_000_000,
    online_cpus: 4,
    throttling_data: { periods: 10, throttled_periods: 2, throttled_time: 1_500_000_000 },
  },
  memory_stats: {
    usage: 10_485_760,
    stats: { anon: 1_000_000, file: 2_000_000, inactive_file: 485_760, active_file: 0 },
    limit: 18_446_744_073_709_552_000,
  },
}
