/** What a cloud's hypervisors, projects and machines use: values in the course of time, and when somebody asks. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openstack } from '../../../src/source/openstack/index.ts'
import { parseUptime, toQuotaReadings } from '../../../src/source/openstack/map/usage.ts'
import type { Reading, Source, Told } from '../../../src/source/source.ts'
import { FakeCloud, uuid } from './fake.ts'

const forever = new AbortController().signal
const project = 'project/04e14f497f1044d39805bfad2500f54f'
const names = openstack.metrics.map(({ name }) => name)
let cloud: FakeCloud
let server: Server
let source: Source | undefined

beforeEach(async () => {
  cloud = new FakeCloud()
  server = createServer((request, response) => cloud.answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await source?.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

async function open(rest: Record<string, unknown> = {}): Promise<Source> {
  const auth = {
    auth_url: `${cloud.url}/identity`,
    username: 'admin',
    password: 'env:OS',
    project_name: 'admin',
  }
  source = await openstack.open(openstack.parseSettings({ auth, every: 0.02, ...rest }), {
    name: 'cloud',
    log: { debug: () => {}, warn: () => {} },
    secret: async () => cloud.password,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
  return source
}

async function list(one: Source): Promise<void> {
  for await (const _ of one.list!(forever));
}

/** What is told until it fits. */
async function watch(one: Source, fits: (told: Told) => boolean): Promise<Told[]> {
  const all: Told[] = []
  for await (const told of one.watch!(forever)) {
    all.push(told)
    if (fits(told)) return all
  }
  throw new Error('it ended')
}
const isRound = (told: Told): boolean => 'collected' in told
const readingsOf = (told: readonly Told[]): Reading[] =>
  told.flatMap((one) => ('readings' in one ? one.readings : []))
const valuesOf = (readings: readonly Reading[], key: string): Record<string, number> =>
  Object.fromEntries(readings.filter((one) => one.key === key).map(({ metric, value }) => [metric, value]))

test('all hypervisors by one request, in the last microversion that tells it; projects by none', async () => {
  const one = await open()
  await list(one)
  cloud.requests.length = 0
  const told = await watch(one, isRound)
  expect(told.at(-1)).toEqual({ collected: true, seconds: expect.any(Number) as number })
  expect(valuesOf(readingsOf(told), 'hypervisor/RegionOne/node1')).toEqual({
    'hypervisor.cpu.usage': 4,
    'hypervisor.cpu.limit': 64,
    'hypervisor.memory.usage': 576 * 2 ** 20,
    'hypervisor.memory.limit': 256 * 2 ** 30,
    'hypervisor.disk.usage': 10 * 2 ** 30,
    'hypervisor.disk.limit': 1_000 * 2 ** 30,
    'hypervisor.machines': 3,
    'system.uptime': (93 * 24 + 18) * 3_600 + 25 * 60,
    'system.cpu.load_average.1m': 0.2,
    'system.cpu.load_average.5m': 0.12,
    'system.cpu.load_average.15m': 0.14,
  })
  expect(valuesOf(readingsOf(told), project)).toEqual({
    'tenant.quota.machines.usage': 5,
    'tenant.quota.machines.limit': 10,
    'tenant.quota.cpu.usage': 10,
    'tenant.quota.cpu.limit': 20,
    'tenant.quota.memory.usage': 5 * 64 * 2 ** 20,
    'tenant.quota.volumes.usage': 1,
    'tenant.quota.storage.usage': 2 ** 30,
  })
  const asked = cloud.requests.filter(({ path }) => path !== 'compute')
  expect(asked.map(({ path }) => path)).toEqual(['compute/v2.1/os-hypervisors/detail'])
  expect(asked[0]!.headers).toMatchObject({ 'x-openstack-nova-api-version': '2.87' })
})

test('however many machines there are, a round asks the same', async () => {
  const counts: number[] = []
  for (const machines of [5, 200]) {
    cloud = new FakeCloud({ machines })
    cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const one = await open()
    await list(one)
    cloud.requests.length = 0
    const told = await watch(one, isRound)
    expect(valuesOf(readingsOf(told), project)['tenant.quota.machines.usage']).toBe(machines)
    counts.push(cloud.requests.length)
    await one.close()
  }
  expect(counts[1]).toBe(counts[0])
})

test.each([
  // Its connections are cut before it has said anything.
  ['is not there', (request: IncomingMessage) => void request.socket.destroy()],
  // What is before it answers for it.
  [
    'is behind a proxy',
    (_: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end('{}'),
  ],
])('a cloud that does not answer is told as that, and measured again when it does: it %s', async (_, ill) => {
  const one = await open()
  await list(one)
  cloud.intercept = (request, response) => {
    ill(request, response)
    return true
  }
  let failed = 0
  const told = await watch(one, (each) => {
    if ('collected' in each && !each.collected && ++failed === 2) cloud.intercept = undefined
    return failed >= 2 && 'collected' in each && each.collected
  })
  expect(valuesOf(readingsOf(told), 'hypervisor/RegionOne/node2')).toMatchObject({ 'hypervisor.machines': 4 })
})

test('who may not see hypervisors measures projects; nodes of bare metal are no hypervisors', async () => {
  const one = await open()
  await list(one)
  cloud.lists['compute/v2.1/os-hypervisors/detail']![0]!['hypervisor_type'] = 'ironic'
  const hosts = new Set(readingsOf(await watch(one, isRound)).map(({ key }) => key))
  expect([...hosts].sort()).toEqual(['hypervisor/RegionOne/node1', 'hypervisor/RegionOne/node2', project])
  cloud.intercept = (request, response) => {
    if (!request.url!.includes('os-hypervisors')) return false
    response.writeHead(403).end('{"forbidden":{}}')
    return true
  }
  const told = await watch(one, isRound)
  expect(told.at(-1)).toMatchObject({ collected: true })
  expect(new Set(readingsOf(told).map(({ key }) => key))).toEqual(new Set([project]))
})

test('a message bus that is away hides no values', async () => {
  const one = await open({
    notifications: { url: 'amqp://127.0.0.1:1/', user: 'plenum', password: 'env:OS' },
  })
  const told: Told[] = []
  const watching = (async () => {
    for await (const each of one.watch!(forever)) told.push(each)
  })()
  await expect(watching).rejects.toMatchObject({ name: 'SourceError', failure: 'unreachable' })
  expect(readingsOf(told).some(({ metric }) => metric === 'hypervisor.cpu.usage')).toBe(true)
})

test('machines are asked for by themselves where somebody asks: so many at most, nothing of those that do not run', async () => {
  const one = await open()
  await list(one)
  cloud.stopped.add(uuid(2))
  const keys = [`server/${uuid(1)}`, `server/${uuid(2)}`, `server/${uuid(99)}`, 'port/7', project]
  const readings = await one.read!(keys, names, forever)
  expect(valuesOf(readings, `server/${uuid(1)}`)).toEqual({
    'vm.cpu.time': 20,
    'vm.memory.usage': 48 * 2 ** 20,
    'vm.memory.limit': 64 * 2 ** 20,
    'vm.network.io.receive': 2_070_139,
    'vm.network.io.transmit': 140_208,
    'vm.disk.io.read': 262_144,
    'vm.disk.io.write': 5_778_432,
    'vm.uptime': 46_664,
  })
  expect(new Set(readings.map(({ key }) => key))).toEqual(new Set([keys[0], project]))

  const diagnosed = () => cloud.requests.filter(({ path }) => path.endsWith('/diagnostics')).length
  const before = diagnosed()
  const many = Array.from({ length: 100 }, (_, index) => `server/${uuid(index + 1)}`)
  await one.read!(many, ['vm.cpu.time'], forever)
  expect(diagnosed() - before).toBe(40)
  // Nobody asks a machine for what is told of hosts.
  expect(await one.read!(many, ['hypervisor.cpu.usage'], forever)).toEqual([])
  expect(diagnosed() - before).toBe(40)
  expect(await one.read!(['hypervisor/RegionOne/node1'], ['hypervisor.machines'], forever)).toMatchObject([
    { key: 'hypervisor/RegionOne/node1', metric: 'hypervisor.machines', value: 3 },
  ])
})

test('what cannot be read at all is a failure; a release before 2.48 tells nothing of machines', async () => {
  const one = await open()
  const key = `server/${uuid(1)}`
  cloud.intercept = (request, response) => {
    if (!request.url!.includes('diagnostics')) return false
    response.writeHead(403).end('{"forbidden":{}}')
    return true
  }
  await expect(one.read!([key], ['vm.cpu.time'], forever)).rejects.toMatchObject({ failure: 'denied' })
  cloud.intercept = undefined
  cloud.microversion = '2.47'
  expect(await one.read!([key], ['vm.cpu.time'], forever)).toEqual([])
})

test('what `uptime` prints', () => {
  const load = [0, 0.01, 0.05]
  const of = (text: string) => parseUptime(` 10:00:01 up ${text}  1 user,  load average: 0.00, 0.01, 0.05`)
  expect(of('1 day,  2:03,')).toEqual({ seconds: 86_400 + 2 * 3_600 + 180, load })
  expect(of('400 days, 7 min,')).toEqual({ seconds: 400 * 86_400 + 420, load })
  expect(of('3:00,')).toEqual({ seconds: 10_800, load })
  expect(of('12 min,')).toEqual({ seconds: 720, load })
  expect(parseUptime('no hypervisor tells that')).toEqual({})
})

test('quotas of several regions do not add up, what is used does; no limit is none', () => {
  const counted = new Map([['p', { machines: 2, cpu: 4, memory: 8, volumes: 0, storage: 0 }]])
  const quotas = new Map([['p', { compute: { cores: -1, instances: 7, ram: 1 } }]])
  const of = (regions: number) =>
    valuesOf(
      toQuotaReadings(
        Array.from({ length: regions }, () => ({ counted, quotas })),
        1,
      ),
      'project/p',
    )
  expect(of(1)).toMatchObject({ 'tenant.quota.machines.limit': 7, 'tenant.quota.memory.limit': 2 ** 20 })
  expect(of(1)).not.toHaveProperty(['tenant.quota.cpu.limit'])
  expect(of(2)).toMatchObject({ 'tenant.quota.machines.usage': 4, 'tenant.quota.cpu.usage': 8 })
  expect(of(2)).not.toHaveProperty(['tenant.quota.machines.limit'])
})
