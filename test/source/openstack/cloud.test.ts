/** The driver against a cloud in recorded shapes: what becomes of it, what is asked again, what is not believed. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { openstack } from '../../../src/source/openstack/index.ts'
import { parseNotification } from '../../../src/source/openstack/bus.ts'
import { toDirty } from '../../../src/source/openstack/watch.ts'
import type { Source, SourceEnvironment } from '../../../src/source/source.ts'
import { FakeCloud, recordedPort, recordedServer, uuid } from './fake.ts'

const forever = new AbortController().signal
let cloud: FakeCloud
let server: Server
let folder: string
const sources: Source[] = []
const logged: unknown[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloud-'))
  cloud = new FakeCloud()
  server = createServer(cloud.answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  rmSync(folder, { recursive: true })
  logged.length = 0
})

const auth = () => ({
  auth_url: `${cloud.url}/identity`,
  username: 'admin',
  password: 'env:OS_PASSWORD',
  project_name: 'admin',
})

async function open(rest: Record<string, unknown> = {}): Promise<Source> {
  const note = (detail: object) => void logged.push(detail)
  const environment: SourceEnvironment = {
    name: 'cloud',
    log: { debug: note, warn: note },
    secret: async () => cloud.password,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  }
  const source = await openstack.open(
    openstack.parseSettings({ auth: auth(), pageSize: 2, ...rest }),
    environment,
  )
  sources.push(source)
  return source
}

async function list(source: Source): Promise<Map<string, Observation>> {
  const things = new Map<string, Observation>()
  for await (const thing of source.list!(forever)) things.set(thing.key, thing)
  return things
}
const serversOf = (things: Map<string, Observation>) =>
  [...things.values()].filter(({ kind }) => kind === 'VirtualMachine')

test('a server runs on its hypervisor, is of its project, has ports with addresses that count only in their network', async () => {
  const things = await list(await open())
  expect(things.get(`server/${uuid(1)}`)).toMatchObject({
    kind: 'VirtualMachine',
    name: 'vm1',
    fields: {
      instanceId: uuid(1),
      systemUuid: uuid(1),
      cpuCores: 2,
      memoryBytes: 67_108_864,
      powerState: 'ON',
      flavor: 'm1.nano',
      vmState: 'active',
    },
    labels: { team: 'blue', x: 'true' },
    attributes: { serverGroup: { name: 'apart', policy: 'anti-affinity' } },
  })
  expect(things.get(`server/${uuid(1)}`)!.links).toEqual([
    { type: 'MEMBER_OF', to: { key: 'region/RegionOne' } },
    { type: 'OWNED_BY', to: { key: 'project/04e14f497f1044d39805bfad2500f54f' } },
    { type: 'RUNS_ON', to: { key: 'hypervisor/RegionOne/node2' } },
    { type: 'BOOTED_FROM', to: { key: `image/${uuid(1, '7fe25290')}` } },
  ])
  expect(things.get('hypervisor/RegionOne/node2')).toMatchObject({
    kind: 'Server',
    fields: { cpuCores: 64, memoryBytes: 262_144 * 2 ** 20 },
    attributes: { aggregates: ['ssd'], availabilityZone: 'az1', placement: { traits: ['COMPUTE_NODE'] } },
  })
  const network = `8a3f6350-bfe0-49c9-a1e7-000000000001`
  expect(things.get(`network/${network}`)!.fields).toMatchObject({ segment: 'vxlan:2172' })
  expect(things.get(`address/${uuid(1, 'dd04509a')}/10.20.0.1`)!.links).toContainEqual({
    type: 'MEMBER_OF',
    to: { key: `vrf/${network}` },
  })
  expect(things.get(`floatingip/${uuid(1, 'f1e2387f')}`)!.links).toContainEqual({
    type: 'ASSIGNED_TO',
    to: { key: `port/${uuid(1, 'dd04509a')}` },
  })
  expect(things.get(`volume/${uuid(1, '72fa0d46')}`)!.links).toContainEqual({
    type: 'ATTACHED_TO',
    to: { key: `server/${uuid(1)}` },
    attributes: { device: '/dev/vdb' },
  })
  expect(things.get(`node/${uuid(1, '70174c1a')}`)).toMatchObject({
    fields: {
      serialNumber: 'SVC0001',
      manufacturer: 'Dell Inc.',
      bmcAddress: '10.9.0.1',
      cpuCores: 8,
      powerState: 'OFF',
    },
  })
  expect(things.get('project/04e14f497f1044d39805bfad2500f54f')).toMatchObject({
    fields: { group: 'Default' },
    attributes: { quota: { compute: { cores: 20 } } },
  })
  expect(serversOf(things)).toHaveLength(5)
})

test('the first release with microversions: a flavor by its id, no paging of hypervisors', async () => {
  cloud.microversion = '2.1'
  for (const one of cloud.servers) one['flavor'] = { id: '42', links: [] }
  const things = await list(await open())
  expect(things.get(`server/${uuid(1)}`)!.fields).toMatchObject({ flavor: 'm1.nano', cpuCores: 2 })
  const asked = cloud.requests.find(({ path }) => path.endsWith('servers/detail'))!
  expect(asked.headers).toMatchObject({
    'openstack-api-version': 'compute 2.1',
    'x-openstack-nova-api-version': '2.1',
  })
})

test('after the first listing only what changed is asked for; what was deleted is gone', async () => {
  const source = await open()
  await list(source)
  cloud.requests.length = 0
  const now = new Date().toISOString()
  cloud.servers[0] = { ...cloud.servers[0]!, name: 'renamed', updated: now }
  const [gone] = cloud.servers.splice(2, 1)
  cloud.deleted.push({ ...gone, status: 'DELETED', updated: now })
  cloud.servers.push(recordedServer(9, { updated: now }))
  const names = serversOf(await list(source)).map(({ name }) => name)
  expect(names).toEqual(['renamed', 'vm2', 'vm4', 'vm5', 'vm9'])
})

test('a token that ends in the middle of a listing is renewed, once for all who ask', async () => {
  const source = await open()
  let asked = 0
  cloud.intercept = (request) => {
    if (request.url!.includes('/servers/detail') && ++asked === 2) cloud.token += 1
    return false
  }
  expect(serversOf(await list(source))).toHaveLength(5)
  expect(cloud.logins).toHaveLength(2)
})

test('busy services are waited for as they say', async () => {
  const source = await open()
  const refused = new Set<string>()
  cloud.intercept = (request, response) => {
    const path = request.url!.split('?')[0]!
    if (!/ports$|images$/.test(path) || refused.has(path)) return false
    refused.add(path)
    response.writeHead(refused.size === 1 ? 429 : 503, { 'retry-after': '0' }).end('{}')
    return true
  }
  expect(serversOf(await list(source))).toHaveLength(5)
  expect(refused.size).toBe(2)
})

test('of a cell that is down nothing is gone: servers by their ids alone stay as they were', async () => {
  const source = await open()
  const before = await list(source)
  cloud.servers[1] = {
    id: uuid(2),
    status: 'UNKNOWN',
    tenant_id: 'x',
    created: '',
    updated: new Date().toISOString(),
  }
  expect((await list(source)).get(`server/${uuid(2)}`)).toEqual(before.get(`server/${uuid(2)}`))
  // Who never saw it cannot say what it is.
  await expect(list(await open())).rejects.toMatchObject({ failure: 'failed' })
})

test('of a cell that is down nothing is gone: servers that a 200 leaves out and that are still there by id stay', async () => {
  const source = await open()
  await list(source)
  // Every twentieth listing is a whole one.
  for (let times = 1; times < 20; times++) await list(source)
  const [hidden] = cloud.servers.splice(1, 1)
  cloud.servers.splice(2, 1)
  cloud.intercept = (request, response) => {
    if (!request.url!.endsWith(`/servers/${hidden!['id']}`)) return false
    response.writeHead(500).end('{"computeFault":{"message":"Timed out waiting for response from cell"}}')
    return true
  }
  const names = serversOf(await list(source)).map(({ name }) => name)
  expect(names.sort()).toEqual(['vm1', 'vm2', 'vm3', 'vm5'])
})

test('a service that the cloud has not is a note; one that it had is a failure', async () => {
  cloud.services.delete('volumev3')
  cloud.services.delete('baremetal')
  const source = await open()
  expect([...(await list(source)).keys()].filter((key) => /^(?:volume|node)\//.test(key))).toEqual([])
  expect(logged).toContainEqual(expect.objectContaining({ what: 'volume' }))
  cloud.services.delete('image')
  cloud.token += 1
  await expect(list(source)).rejects.toMatchObject({ failure: 'missing' })
})

test('what only administrators see is left out of another login, and missed when it was seen before', async () => {
  const source = await open()
  const refuse = () =>
    (cloud.intercept = (request, response) => {
      if (!/os-hypervisors|\/projects$/.test(request.url!.split('?')[0]!)) return false
      response.writeHead(403).end('{"forbidden":{}}')
      return true
    })
  refuse()
  cloud.lists['identity/v3/auth/projects'] = cloud.lists['identity/v3/projects']!
  cloud.intercept = (
    (deny) => (request: any, response: any) =>
      !request.url!.includes('auth/projects') && deny(request, response)
  )(cloud.intercept!)
  const things = await list(source)
  expect([...things.keys()].some((key) => key.startsWith('hypervisor/'))).toBe(false)
  expect(things.has('project/04e14f497f1044d39805bfad2500f54f')).toBe(true)
  const other = await open()
  cloud.intercept = undefined
  await list(other)
  refuse()
  await expect(list(other)).rejects.toMatchObject({ failure: 'denied' })
})

test('clouds.yaml with secure.yaml, an application credential, an interface of its own', async () => {
  const file = join(folder, 'clouds.yaml')
  writeFileSync(
    file,
    `clouds:\n  east:\n    auth_type: v3applicationcredential\n    auth: { auth_url: "${cloud.url}/identity/v3", application_credential_id: abc }\n    region_name: RegionOne\n    interface: internal\n`,
  )
  writeFileSync(
    join(folder, 'secure.yaml'),
    `clouds:\n  east:\n    auth: { application_credential_secret: "${cloud.password}" }\n`,
  )
  expect(
    serversOf(await list(await open({ auth: undefined, cloud: 'east', cloudsFile: file }))),
  ).toHaveLength(5)
  expect(cloud.logins[0].auth.identity).toEqual({
    methods: ['application_credential'],
    application_credential: { id: 'abc', secret: cloud.password },
  })
  await expect(open({ auth: undefined, cloud: 'west', cloudsFile: file })).rejects.toMatchObject({
    failure: 'denied',
  })
  await expect(list(await open({ regions: ['RegionTwo'] }))).rejects.toMatchObject({ failure: 'missing' })
})

test('notifications say what to look at, versioned or not', () => {
  const oslo = (message: object) =>
    JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) })
  const about = (event_type: string, payload: object) =>
    toDirty(parseNotification(oslo({ event_type, payload }))!)
  expect(about('instance.update', { 'nova_object.data': { uuid: 'u' } })).toEqual([
    { what: 'server', id: 'u' },
  ])
  expect(about('port.create.end', { port: { id: 'p' } })).toEqual([{ what: 'port', id: 'p' }])
  expect(about('port.delete.end', { port_id: 'p' })).toEqual([{ what: 'port', id: 'p' }])
  expect(about('port.create.start', { port: {} })).toEqual([])
  expect(about('baremetal.node.power_set.end', { 'ironic_object.data': { uuid: 'n' } })).toEqual([
    { what: 'node', id: 'n' },
  ])
  expect(about('image.delete', { id: 'i' })).toEqual([{ what: 'image', id: 'i' }])
  expect(about('compute.exception', { 'nova_object.data': {} })).toEqual([])
  for (const text of ['', '7', '{"oslo.message":"{"}', '{"event_type":7,"payload":{}}'])
    expect(parseNotification(text)).toBeUndefined()
  expect(recordedPort(1)['device_owner']).toBe('compute:nova')
})

test('doctor is told what the login may see, and what policy lacks', async () => {
  const source = await open()
  expect(await source.probe!(forever)).toBe(
    'RegionOne: compute, network, image, volume, placement, baremetal answer',
  )
  const refuse = (...paths: string[]) => {
    cloud.intercept = (request, response) => {
      if (!paths.some((path) => request.url!.split('?')[0]!.endsWith(path))) return false
      response.writeHead(403).end('{}')
      return true
    }
  }
  refuse('/os-hypervisors/detail', '/os-services')
  expect(await source.probe!(forever)).toContain('it may not see hypervisors, compute services (role reader')
  refuse('/servers/detail')
  await expect(source.probe!(forever)).rejects.toMatchObject({
    failure: 'denied',
    message: expect.stringContaining('may not see servers (role reader'),
  })
})
