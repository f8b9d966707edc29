/** The same things told by several sources, each in the shapes of the real one: what proves to be one becomes one, what does not is a conflict for people. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseDump } from '../../src/source/netbox/client.ts'
import { Mib, parseRecording, startResponder, type Responder } from '../../src/source/snmp/responder/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { FakeAws } from './aws/fake.ts'
import { FakeCluster, fill } from './kubernetes/simulator.ts'
import { fixture } from './netbox/dump.ts'
import { serveDump, type NetboxServer } from './netbox/rest-server.ts'
import { base, cable, device, port, type Short } from './netbox/rows.ts'
import { FakeCloud, uuid } from './openstack/fake.ts'
import { FakeController } from './redfish/fake.ts'

const serviceTag = '7BHG2F3'
const servers: Server[] = []
let netbox: NetboxServer
let responder: Responder
let app: TestApp

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Two racks with a machine of the same name in each, as happens in two sites; the first is cabled to a leaf. */
const intended = (): Short[] => [
  ...base.map((row): Short => (row[0] === 'dcim.manufacturer' ? [row[0], row[1], { name: 'Dell' }] : row)),
  ['dcim.site', 2, { name: 'S2', status: 'active' }],
  ['dcim.devicerole', 2, { name: 'Leaf Switch', slug: 'leaf-switch' }],
  ['dcim.rack', 1, { name: 'r07', site: 1, status: 'active', u_height: 42 }],
  device(1, { name: 'compute-1', serial: serviceTag, rack: 1, position: '10.0', face: 'front' }),
  device(2, { name: 'leaf-1', role: 2, rack: 1 }),
  device(3, { name: 'compute-1', serial: 'OTHER77', site: 2 }),
  device(4, { name: 'mail-1', serial: 'MAIL1', site: 2 }),
  port('interface', 11, 1, { name: 'eno1', type: '10gbase-t' }),
  port('interface', 21, 2, { name: 'Ethernet1', type: '10gbase-t' }),
  ...cable(1, ['dcim.interface 11'], ['dcim.interface 21']),
]

function createCloud(): FakeCloud {
  const cloud = new FakeCloud({ machines: 1 })
  cloud.servers[0]!['OS-EXT-SRV-ATTR:hypervisor_hostname'] = 'compute-1'
  cloud.lists['compute/v2.1/os-hypervisors/detail']![0]!['hypervisor_hostname'] = 'compute-1'
  Object.assign(cloud.ports[0]!, { mac_address: guestMac })
  cloud.ports[0]!['fixed_ips'][0].ip_address = guestAddress
  return cloud
}

function createController(): FakeController {
  const controller = new FakeController()
  Object.assign(controller.system, {
    Manufacturer: 'Dell Inc.',
    SKU: serviceTag,
    SerialNumber: 'CNIVC009',
    HostName: '',
  })
  return controller
}

const mibOf = (recording: string): Mib => new Mib(parseRecording(Buffer.from(recording)).values)

/** A controller of Dell, as it answers SNMP. */
const idrac = [
  '1.3.6.1.2.1.1.1.0|4|',
  '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.674.10892.5',
  '1.3.6.1.2.1.1.3.0|67|100000',
  '1.3.6.1.2.1.1.5.0|4|idrac-7BHG2F3',
  `1.3.6.1.4.1.674.10892.5.1.3.2.0|4|${serviceTag}`,
  '1.3.6.1.4.1.674.10892.5.1.3.12.0|4|PowerEdge R640',
  '1.3.6.1.4.1.674.10892.5.2.4.0|2|4',
].join('\n')

const guestMac = 'fa:16:3e:48:00:01'
const guestAddress = '127.0.0.9'

/** A switch whose port 1 has learned the address of the machine's interface, and port 2 two others. */
const learning = [
  '1.3.6.1.2.1.1.1.0|4|test switch',
  '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1',
  '1.3.6.1.2.1.1.3.0|67|1000',
  '1.3.6.1.2.1.1.5.0|4|edge-1',
  ...[1, 2].flatMap((port) => [
    `1.3.6.1.2.1.2.2.1.1.${port}|2|${port}`,
    `1.3.6.1.2.1.2.2.1.2.${port}|4|port${port}`,
    `1.3.6.1.2.1.2.2.1.3.${port}|2|6`,
    `1.3.6.1.2.1.2.2.1.6.${port}|4x|001b2100aa0${port}`,
    `1.3.6.1.2.1.2.2.1.8.${port}|2|1`,
    `1.3.6.1.2.1.17.1.4.1.2.${port}|2|${port}`,
  ]),
  ...[
    [guestMac, 1],
    ['00:1b:21:99:00:01', 2],
    ['00:1b:21:99:00:02', 2],
  ].flatMap(([mac, port]) => {
    const index = String(mac)
      .split(':')
      .map((byte) => parseInt(byte, 16))
      .join('.')
    return [`1.3.6.1.2.1.17.4.3.1.2.${index}|2|${port}`, `1.3.6.1.2.1.17.4.3.1.3.${index}|2|3`]
  }),
].join('\n')

/** The system in the machine, which knows nothing of its cloud. */
const inside = [
  '1.3.6.1.2.1.1.1.0|4|Linux vm1 6.1.0 x86_64',
  '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10',
  '1.3.6.1.2.1.1.3.0|67|1000',
  '1.3.6.1.2.1.1.5.0|4|vm1',
  '1.3.6.1.2.1.1.7.0|2|72',
].join('\n')

/** The system on a server that the inventory has: neither knows the other by more than its name. */
const mail = inside.replaceAll('vm1', 'mail-1')

beforeAll(async () => {
  netbox = await serveDump(parseDump(JSON.stringify(fixture(...intended()))))
  const cloud = createCloud()
  cloud.url = await serve(cloud.answer)
  const cluster = fill(new FakeCluster())
  const amazon = new FakeAws()
  cluster.put('api/v1/nodes', {
    metadata: { name: 'node-of-amazon' },
    spec: { providerID: 'aws:///eu-west-1a/i-0aaaaaaaaaaaaaaaa' },
    status: { nodeInfo: { systemUUID: 'ec2f0b50-1111-2222-3333-444455556666', osImage: 'Amazon Linux 2' } },
  })
  const controller = createController()
  responder = startResponder()
  const agent = await responder.add({
    mib: mibOf(idrac),
    community: 'public',
  })
  const edge = await responder.add({ mib: mibOf(learning), community: 'public' })
  const guest = await responder.add({ mib: mibOf(inside), community: 'public', address: guestAddress })
  const host = await responder.add({ mib: mibOf(mail), community: 'public' })
  Object.assign(process.env, {
    NETBOX_TOKEN: netbox.token,
    OS_PASSWORD: cloud.password,
    K8S_TOKEN: cluster.token,
    AWS_TEST_SECRET: amazon.secret,
    BMC_PASSWORD: controller.password,
    COMMUNITY: 'public',
  })
  const often = { perSecond: 10_000, interval: '1h' }
  const auth = {
    auth_url: `${cloud.url}/identity`,
    username: 'admin',
    password: 'env:OS_PASSWORD',
    project_name: 'admin',
  }
  app = await startTestApp({
    sources: {
      netbox: { driver: 'netbox', url: netbox.url, token: 'env:NETBOX_TOKEN', ...often },
      cloud: { driver: 'openstack', auth, ...often },
      cluster: { driver: 'kubernetes', url: await serve(cluster.answer), token: 'env:K8S_TOKEN', ...often },
      amazon: {
        driver: 'aws',
        endpoint: await serve(amazon.answer),
        accessKeyId: 'AKIA',
        secretAccessKey: 'env:AWS_TEST_SECRET',
        ...often,
      },
      bmc: {
        driver: 'redfish',
        targets: [await serve(controller.answer)],
        user: 'reader',
        password: 'env:BMC_PASSWORD',
        perSecond: 10_000,
      },
      snmp: {
        driver: 'snmp',
        seeds: [agent, edge, guest, host].map(({ address, port }) => ({ address, port })),
        credentials: { main: { community: 'env:COMMUNITY' } },
        interval: 1,
      },
    },
  })
})
afterAll(async () => {
  await app.close()
  await netbox.close()
  await responder.close()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const originsOf = async (ref: string): Promise<string[]> => {
  const { data } = await app.query<any>(`{ resource(ref: "${ref}") { origins { source { name } } } }`)
  return (data?.resource?.origins ?? []).map(({ source }: any) => source.name as string).sort()
}
const machine = `Server:serialNumber=${serviceTag}`

test('a server of NetBox, its controller by Redfish and by SNMP are one by its serial number', async () => {
  await until(async () => (await originsOf(machine)).length === 3)
  expect(await originsOf(machine)).toEqual(['bmc', 'netbox', 'snmp'])
  const { data } = await app.query<any>(
    `{ resource(ref: "${machine}") { ... on Server { name model powerState cpuCores memoryBytes systemUuid rack { name } position } } }`,
  )
  expect(data.resource).toMatchObject({
    name: 'compute-1',
    powerState: 'ON',
    cpuCores: 16,
    systemUuid: '38947555-7742-3448-3784-823347823834',
    rack: { name: 'r07' },
    position: 10,
  })
})

test('a node of Kubernetes is the machine of its cloud', async () => {
  const openstack = `VirtualMachine:instanceId=${uuid(1)}`
  await until(async () => (await originsOf(openstack)).length === 2)
  expect(await originsOf(openstack)).toEqual(['cloud', 'cluster'])
  const ofAmazon = 'VirtualMachine:instanceId=i-0aaaaaaaaaaaaaaaa'
  await until(async () => (await originsOf(ofAmazon)).length === 2)
  expect(await originsOf(ofAmazon)).toEqual(['amazon', 'cluster'])
})

/** The hypervisor as the cloud tells it, and the two servers that have its name. */
async function findHypervisor(): Promise<{ id: string; conflicts: string[]; others: string[] } | undefined> {
  const { data } = await app.query<any>(
    '{ servers(first: 50) { nodes { id name origins { source { name } } conflicts { other { id } } } } }',
  )
  const nodes = (data.servers.nodes as any[]).filter(({ name }) => name === 'compute-1')
  const isOfCloud = ({ origins }: any) => origins.length === 1 && origins[0].source.name === 'cloud'
  const hypervisor = nodes.find(isOfCloud)
  const others = nodes.filter((one) => one !== hypervisor).map(({ id }) => id as string)
  const conflicts = hypervisor?.conflicts.map(({ other }: any) => other.id as string)
  return conflicts?.length === 2 ? { id: hypervisor.id, conflicts, others } : undefined
}

let settling: Promise<void> | undefined
/** As people do, once. */
const settle = () =>
  (settling ??= (async () => {
    const { id } = await until(findHypervisor)
    await until(async () => (await originsOf(machine)).length === 3)
    const input = `{ refs: ["${id}"], into: "${machine}" }`
    const { errors } = await app.query<any>(`mutation { mergeResources(input: ${input}) { cursor } }`)
    expect(errors).toBeUndefined()
  })())

test('a hypervisor has a name only: that two servers have it is a conflict with both, and people settle it', async () => {
  if (settling === undefined) {
    const { conflicts, others } = await until(findHypervisor)
    expect(conflicts.sort()).toEqual(others.sort())
  }
  await settle()
  expect(await originsOf(machine)).toEqual(['bmc', 'cloud', 'netbox', 'snmp'])
})

test('one query walks from a container to its switch', async () => {
  await settle()
  const { data, errors } = await app.query<any>(`{
    resource(ref: "Container:name=web-abc-1") {
      ... on Container {
        host { ... on VirtualMachine { name host {
          name
          rack { name site { name } }
          origins { source { name } }
          interfaces(first: 20) { nodes { name peers { name device { ... on Switch { name } } } } }
        } } }
      }
    }
  }`)
  expect(errors).toBeUndefined()
  const { name, host } = data.resource.host
  expect(name).toBe('vm1')
  expect(host).toMatchObject({ name: 'compute-1', rack: { name: 'r07', site: { name: 'S1' } } })
  expect(new Set(host.origins.map(({ source }: any) => source.name)).size).toBe(4)
  const cabled = host.interfaces.nodes.find(({ peers }: any) => peers.length > 0)
  expect(cabled).toMatchObject({ name: 'eno1', peers: [{ name: 'Ethernet1', device: { name: 'leaf-1' } }] })
})

test('an interface of a machine of the cloud hangs on the port of the switch that has learned its address', async () => {
  const find = async () => {
    const { data } = await app.query<any>(
      `{ resource(ref: "VirtualMachine:instanceId=${uuid(1)}") { ... on VirtualMachine { interfaces(first: 5) { nodes { macAddress peers { name device { name } } } } } } }`,
    )
    return data.resource.interfaces.nodes.find(({ peers }: any) => peers.length > 0)
  }
  expect(await until(find)).toEqual({
    macAddress: guestMac,
    peers: [{ name: 'port1', device: { name: 'edge-1' } }],
  })
})

/** The machine as the cloud tells it, and the system in it as SNMP does. */
async function findGuest(): Promise<{ id: string; conflicts: string[] } | undefined> {
  const { data } = await app.query<any>(
    '{ virtualMachines(filter: { name: { eq: "vm1" } }) { nodes { id osName origins { source { name } } conflicts { other { id } } } } }',
  )
  const ofSnmp = data.virtualMachines.nodes.find(
    ({ origins }: any) => origins.length === 1 && origins[0].source.name === 'snmp',
  )
  const conflicts = ofSnmp?.conflicts.map(({ other }: any) => other.id as string)
  return conflicts?.length > 0 ? { id: ofSnmp.id, conflicts } : undefined
}

test('the system at the address of a machine is that of a machine, not a server; that they are one people say', async () => {
  const found = await until(findGuest)
  const machineRef = `VirtualMachine:instanceId=${uuid(1)}`
  const { data } = await app.query<any>(`{ resource(ref: "${machineRef}") { id } }`)
  expect(found.conflicts).toEqual([data.resource.id])
  const { errors } = await app.query<any>(
    `mutation { mergeResources(input: { refs: ["${found.id}"], into: "${machineRef}" }) { cursor } }`,
  )
  expect(errors).toBeUndefined()
  await until(async () => (await originsOf(machineRef)).length === 3)
  expect(await originsOf(machineRef)).toEqual(['cloud', 'cluster', 'snmp'])
})

test('a server of NetBox and the system on it have a name in common: a conflict of both, which people settle', async () => {
  const ask = async () => {
    const { data } = await app.query<any>(
      '{ servers(filter: { name: { eq: "mail-1" } }) { nodes { id serialNumber osName conflicts { other { id } } } } }',
    )
    const nodes = data.servers.nodes as any[]
    return nodes.length === 2 && nodes.every(({ conflicts }) => conflicts.length === 1) ? nodes : undefined
  }
  const [one, other] = (await until(ask)) as [any, any]
  expect([one.conflicts[0].other.id, other.conflicts[0].other.id]).toEqual([other.id, one.id])
  const intended = one.serialNumber === 'MAIL1' ? one : other
  const observed = intended === one ? other : one
  const { errors } = await app.query<any>(
    `mutation { mergeResources(input: { refs: ["${observed.id}"], into: "${intended.id}" }) { cursor } }`,
  )
  expect(errors).toBeUndefined()
  const { data } = await app.query<any>(
    '{ servers(filter: { name: { eq: "mail-1" } }) { nodes { serialNumber osName origins { source { name } } conflicts { type } } } }',
  )
  expect(data.servers.nodes).toMatchObject([{ serialNumber: 'MAIL1', osName: 'Linux', conflicts: [] }])
  expect(await originsOf('Server:serialNumber=MAIL1')).toEqual(['netbox', 'snmp'])
})
