/** A role on servers of a cloud, end to end over HTTP: asked for, made on three hypervisors of three racks, checked, seen in the graph, and given back whole. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantCloud } from '../source/openstack/tenant.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { asker, fillEstate } from './estate.ts'

const blueprint = (name: string, within: number) => `
blueprint: ${name}
description: Web servers, one a rack.
count: { default: 3, most: 9 }
parameters: { port: { type: integer } }
claims:
  - { class: VCPU, amount: 2 }
  - { class: MEMORY_MB, amount: 64 }
  - { class: IPV4_ADDRESS, amount: 1, name: '{{name}}-{{member}}' }
spread: { over: rack, atMost: 1 }
steps:
  - server:
      source: east
      image: tiny
      flavor: m1.nano
      network: lab-net
      address: '{{address}}'
      volumes: [{ sizeGb: 1 }]
      floatingNetwork: public
      group: anti-affinity
      host: '{{host}}'
      userData: '#cloud-config: {{name}}'
  - check: { url: 'http://127.0.0.1:{{parameters.port}}/{{address}}', every: 0.05, within: ${within} }
service: { role: web, protocol: http, port: 80 }
`

let cloud: TenantCloud
let server: Server
let site: Server
let folder: string
let app: TestApp
let bot: ReturnType<typeof asker>
const visited: string[] = []
let isWell = true
const portOf = (one: Server) => (one.address() as AddressInfo).port

beforeAll(async () => {
  cloud = new TenantCloud()
  server = createServer(cloud.answer).listen(0, '127.0.0.1')
  site = createServer(({ url }, response) => {
    visited.push(url!)
    response.writeHead(isWell ? 200 : 500).end()
  }).listen(0, '127.0.0.1')
  await Promise.all([once(server, 'listening'), once(site, 'listening')])
  cloud.url = `http://127.0.0.1:${portOf(server)}`
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  await writeFile(join(folder, 'web.yaml'), blueprint('web', 60))
  await writeFile(join(folder, 'ill.yaml'), blueprint('ill', 0.3))
  process.env['TEST_CLOUD_PASSWORD'] = cloud.password
  const auth = {
    auth_url: `${cloud.url}/identity`,
    username: 'admin',
    password: 'env:TEST_CLOUD_PASSWORD',
    project_name: 'admin',
  }
  app = await startTestApp({
    sources: { east: { driver: 'openstack', auth, control: true, perSecond: 10_000, interval: '1h' } },
    allocation: {
      pools: {
        hypervisors: { kind: 'Server', where: { role: ['hypervisor'], status: ['NONE'] } },
        front: {
          kind: 'Prefix',
          where: { name: ['10.20.0.0/16'], status: ['NONE'] },
          reserved: { IPV4_ADDRESS: 100 },
        },
      },
      blueprints: folder,
      quotas: [{ class: 'VCPU', limit: 100 }],
    },
  })
  bot = asker(app)
  await fillEstate(app)
  await sync()
  const { servers } = await bot.query(
    '{ servers(filter: { role: { eq: "hypervisor" } }) { nodes { id name } } }',
  )
  expect(servers.nodes).toHaveLength(3)
  await bot.query(
    'mutation ($items: [ResourceUpdateInput!]!) { updateResources(input: { items: $items }) { cursor } }',
    {
      items: servers.nodes.map(({ id }: any, index: number) => ({
        ref: id,
        changes: { links: [{ type: 'LOCATED_IN', to: `Rack:name=r${index + 1}` }] },
      })),
    },
  )
})
afterAll(async () => {
  await app?.close()
  for (const one of [server, site]) {
    one?.closeAllConnections()
    one?.close()
  }
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  delete process.env['TEST_CLOUD_PASSWORD']
})

const sync = () => bot.query('mutation { syncSource(input: { source: "Source:name=east" }) { seen } }')
const ended = async (id: string) =>
  (
    await bot.query(
      `{ operation(id: "${id}", wait: "PT60S") { state error { message retryable } allocation { state } } }`,
    )
  ).operation
const used = async () => {
  const { quotas } = await bot.query('{ quotas(tenant: "Tenant:name=admin") { class used } }')
  return Object.fromEntries(quotas.map((one: any) => [one.class, one.used]))
}
// The project whose network it is.
const ask = { tenant: 'Tenant:name=admin', blueprint: 'web', count: 3, spread: { over: 'RACK', atMost: 1 } }

test('three servers on three hypervisors with addresses, checked, as a service; released, all is gone', async () => {
  const socket = openSocket(app.url, app.token)
  const { error, allocation, operation } = await bot.allocate({
    ...ask,
    name: 'shop',
    parameters: { port: portOf(site) },
  })
  expect(error).toBeUndefined()
  expect(allocation.state).toBe('CREATING')
  const told: { state: string; progress: number }[] = []
  const follow = `subscription { operationChanged(filter: { id: ["${operation.id}"] }, snapshot: true) { operation { state progress } } }`
  for await (const { operationChanged } of socket.iterate(follow)) {
    told.push(operationChanged.operation)
    if (['SUCCEEDED', 'FAILED', 'STUCK'].includes(told.at(-1)!.state)) break
  }
  await socket.close()
  expect(told.at(-1)).toEqual({ state: 'SUCCEEDED', progress: 1 })
  const progress = told.map((one) => one.progress)
  expect(progress).toEqual(progress.toSorted((one, other) => one - other))
  expect(new Set(progress).size).toBeGreaterThan(3)

  const made = cloud.servers.filter(({ metadata }) => metadata['plenum.name'] === 'shop')
  expect(made.map((one) => one['OS-EXT-SRV-ATTR:hypervisor_hostname']).sort()).toEqual([
    'node1',
    'node2',
    'node3',
  ])
  const ofServers = cloud.ports.filter(({ device_id: id }) => made.some((one) => one['id'] === id))
  const addresses = ofServers.map((one) => one['fixed_ips'][0].ip_address).sort()
  expect(new Set(visited)).toEqual(new Set(addresses.map((one) => `/${one}`)))
  expect(
    cloud
      .of('floatingips')
      .map((one) => one['port_id'])
      .sort(),
  ).toEqual(ofServers.map(({ id }) => id).sort())
  expect(cloud.of('volumes').map((one) => one['status'])).toEqual(['in-use', 'in-use', 'in-use'])
  expect(cloud.of('os-server-groups')).toHaveLength(1)
  expect(await used()).toMatchObject({ VCPU: '6', IPV4_ADDRESS: '3' })

  await sync()
  const { services } = await bot.query(
    '{ services(filter: { name: { eq: "shop" } }) { nodes { role endpoints { address port } links(type: [RUNS_ON]) { nodes { to { name ... on VirtualMachine { host { name rack { name } } } } } } } } }',
  )
  const [service] = services.nodes
  expect(service.endpoints.map((one: any) => one.address).sort()).toEqual(addresses)
  const carriers = service.links.nodes.map(({ to }: any) => to)
  expect(carriers.map(({ name }: any) => name).sort()).toEqual(made.map((one) => one['name']).sort())
  expect(carriers.map(({ host }: any) => host.rack.name).sort()).toEqual(['r1', 'r2', 'r3'])

  const orphans = async () => {
    const { data, extensions } = await app.query<any>(
      '{ orphans { kind name key reason source { name } allocation { name } } }',
    )
    expect(extensions).toMatchObject({ sources: { east: { ageSeconds: 0, status: 'OK' } } })
    return data.orphans
  }
  expect(await orphans()).toEqual([])
  // Somebody takes a floating address away.
  const [lost] = cloud.of('floatingips').splice(0, 1)
  const name = String(lost!['description']).split('=')[1]
  expect(await orphans()).toEqual([
    {
      ...{ kind: 'floatingIp', name, key: `floatingip/${lost!['id']}`, reason: 'MISSING' },
      ...{ source: { name: 'east' }, allocation: { name: 'shop' } },
    },
  ])

  const released = await bot.release(allocation.id, { wait: 'PT60S' })
  expect(released).toMatchObject({ operation: { state: 'SUCCEEDED' }, allocation: { state: 'RELEASED' } })
  expect(cloud.there()).toEqual([])
  expect(await used()).toMatchObject({ VCPU: '0', IPV4_ADDRESS: '0' })
})

test('what does not answer its check is not active, and nothing of it is left in the cloud', async () => {
  isWell = false
  const parameters = { port: portOf(site) }
  const { operation } = await bot.allocate({ ...ask, blueprint: 'ill', name: 'ill', parameters })
  const told = await ended(operation.id)
  isWell = true
  expect(told).toMatchObject({ state: 'FAILED', allocation: { state: 'FAILED' } })
  expect(told.error.message).toContain('did not pass within 0.3 s')
  expect(cloud.there()).toEqual([])
  expect(await used()).toMatchObject({ VCPU: '0', IPV4_ADDRESS: '0' })
})

test('a hypervisor that Nova does not take is told, and all is undone', async () => {
  const hypervisors = cloud.lists['compute/v2.1/os-hypervisors/detail']!
  cloud.lists['compute/v2.1/os-hypervisors/detail'] = hypervisors.slice(0, 2)
  const { operation } = await bot.allocate({ ...ask, name: 'third', parameters: { port: portOf(site) } })
  const told = await ended(operation.id)
  cloud.lists['compute/v2.1/os-hypervisors/detail'] = hypervisors
  expect(told).toMatchObject({
    state: 'FAILED',
    error: { retryable: false },
    allocation: { state: 'FAILED' },
  })
  expect(told.error.message).toContain('No valid host was found')
  expect(cloud.there()).toEqual([])
})
