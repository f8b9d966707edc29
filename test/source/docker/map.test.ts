/** What becomes of an engine's answers, and where its host is looked for. */
import { expect, test } from 'vitest'
import { container, network } from '../../../src/source/docker/shape.ts'
import { findHost } from '../../../src/source/docker/host.ts'
import { docker } from '../../../src/source/docker/index.ts'
import {
  routedNetworks,
  toContainer,
  toImageName,
  toNetwork,
  type Place,
} from '../../../src/source/docker/map.ts'
import { toReadings } from '../../../src/source/docker/stat.ts'
import { SourceError } from '../../../src/source/source.ts'
import { recorded, recordedStats, recordedStatsV2 } from './fake.ts'

const forever = new AbortController().signal
const engine = { ID: 'EB3M', Name: 'node7', NCPU: 2, MemTotal: 1_000 }
const place: Place = { source: 'edge', engine, host: { target: { id: 7 }, name: '10.0.0.7' } }

test('a container runs on its host, is of its compose service, shows its ports and addresses', () => {
  const things = toContainer(container.parse(recorded(4)), new Set(), place)
  const id = recorded(4).Id
  expect(things.map(({ kind }) => kind)).toEqual([
    'Container',
    'Endpoint',
    'NetworkInterface',
    'IpAddress',
    'Service',
  ])
  const [thing, endpoint, port, address, service] = things
  expect(thing).toMatchObject({
    key: `container/${id}`,
    name: 'c4',
    fields: {
      containerId: id,
      imageName: 'registry.example.net:5000/shop/web',
      imageTag: '1.2',
      state: 'RUNNING',
    },
    labels: { 'com.docker.compose.project': 'shop' },
    links: [
      { type: 'RUNS_ON', to: { id: 7 } },
      { type: 'BOOTED_FROM' },
      { type: 'RUNS_ON', direction: 'in', to: { key: 'service/shop/web1' } },
      { type: 'EXPOSES', to: { key: 'endpoint/tcp/10.0.0.7/8004' } },
      { type: 'ATTACHED_TO', direction: 'in', to: { key: 'volume/vol1' } },
    ],
  })
  expect(thing!.labels).not.toHaveProperty('no key!')
  expect(endpoint!.fields).toEqual({ url: 'tcp://10.0.0.7:8004', protocol: 'tcp', port: 8004 })
  expect(port!.fields).toMatchObject({ macAddress: '02:42:ac:11:00:04' })
  expect(address).toMatchObject({
    fields: { address: '172.17.0.4' },
    links: [{ type: 'ASSIGNED_TO' }, { type: 'MEMBER_OF', to: { key: 'vrf' } }],
  })
  expect(service).toMatchObject({ name: 'shop/web1' })
})

test('addresses of an engine count only there, except in networks that reach outside', () => {
  const inside = network.parse({
    Id: 'a',
    Name: 'bridge',
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] },
  })
  const outside = network.parse({
    Id: 'b',
    Name: 'lan',
    Driver: 'macvlan',
    IPAM: { Config: [{ Subnet: '10.1.0.0/16', Gateway: '10.1.0.1/16' }] },
  })
  const routed = routedNetworks([inside, outside])
  expect(toNetwork(inside, routed)[1]!.links).toContainEqual({ type: 'MEMBER_OF', to: { key: 'vrf' } })
  expect(toNetwork(outside, routed)[1]).toMatchObject({
    fields: { cidr: '10.1.0.0/16', gateway: '10.1.0.1' },
  })
  expect(toNetwork(outside, routed)[1]!.links).toEqual([{ type: 'PART_OF', to: { key: 'network/b' } }])
})

test('podman and a stopped container: other names of states, no addresses, published to loopback', () => {
  const [thing, ...rest] = toContainer(
    container.parse(
      recorded(5, {
        State: 'Configured',
        Names: ['/other/alias', '/real'],
        Labels: null,
        Ports: [{ IP: '127.0.0.1', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }],
        NetworkSettings: { Networks: { x: { NetworkID: 'n', MacAddress: '', IPAddress: '' } } },
      }),
    ),
    new Set(),
    place,
  )
  expect(thing).toMatchObject({ name: 'real', fields: { state: 'CREATED' } })
  expect(rest).toEqual([])
})

test('images by reference', () => {
  expect(toImageName('busybox')).toEqual({ imageName: 'busybox' })
  expect(toImageName('busybox:1@sha256:abc')).toEqual({ imageName: 'busybox', imageTag: '1' })
  expect(toImageName('r:5000/x/y')).toEqual({ imageName: 'r:5000/x/y' })
  expect(toImageName(`sha256:${'a'.repeat(64)}`)).toEqual({ imageName: `sha256:${'a'.repeat(64)}` })
})

test('stats of control groups version 1 and 2', () => {
  const values = (stats: unknown) =>
    Object.fromEntries(toReadings('k', stats, 1).map(({ metric, value }) => [metric, value]))
  expect(values(recordedStats)).toEqual({
    'container.cpu.time': expect.closeTo(0.03066099),
    'container.cpu.throttled': 0,
    'container.memory.usage': 573_440 - 4_096,
    'container.memory.limit': 67_108_864,
    'container.network.io.receive': 101,
    'container.network.io.transmit': 52,
    'container.disk.io.read': 4_096,
    'container.disk.io.write': 512,
    'container.processes': 1,
  })
  expect(values(recordedStatsV2)).toEqual({
    'container.cpu.time': expect.closeTo(0.051),
    'container.cpu.throttled': expect.closeTo(1.5),
    'container.memory.usage': 10_000_000,
    'container.disk.io.read': 8_192,
    'container.disk.io.write': 0,
    'container.processes': 3,
  })
  // Of a container that does not run.
  expect(toReadings('k', { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} }, 1)).toEqual([])
  expect(() => toReadings('k', [], 1)).toThrow(SourceError)
})

test('the host: as people say, else who has the address, else by name alone', async () => {
  const server = { address: '10.0.0.7', resourceId: 3, kind: 'Server', name: 'node7', isOwn: false }
  const find = (settings: Record<string, unknown>, known = [server]) =>
    findHost(docker.parseSettings(settings) as never, engine, { addresses: async () => known }, forever)
  const url = 'tcp://10.0.0.7:2375'
  expect(await find({ url, host: 'Server:name=x' })).toEqual({
    target: { ref: 'Server:name=x' },
    name: 'node7',
  })
  expect(await find({ url })).toEqual({ target: { id: 3 }, name: '10.0.0.7' })
  // Two have it: that proves nothing, and neither does a name.
  const two = [server, { ...server, resourceId: 4 }]
  expect(await find({ url }, two)).toMatchObject({
    target: { key: 'host/EB3M' },
    thing: { kind: 'Server', name: 'node7', fields: { cpuCores: 2 } },
  })
  const guest = [{ ...server, kind: 'VirtualMachine', address: '10.9.9.9' }]
  expect((await find({ url }, guest)).thing).toMatchObject({ kind: 'VirtualMachine' })
})

test('settings that cannot be meant are refused', () => {
  for (const settings of [
    { url: 'ssh://x' },
    { url: 'unix://' },
    { url: 'tcp://x:1', cert: '/c' },
    { url: 'tcp://x:1', cert: '/c', key: '/plain' },
  ])
    expect(() => docker.parseSettings(settings)).toThrow()
})
