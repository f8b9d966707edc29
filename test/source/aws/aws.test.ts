/** An account in the shapes of EC2: what becomes of it, over pages and regions, slowed down, and with a role. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { aws } from '../../../src/source/aws/index.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'
import { FakeAws } from './fake.ts'

const forever = new AbortController().signal
let cloud: FakeAws
let server: Server
let endpoint: string
let own: Process | undefined
let database: TestDatabase | undefined

beforeEach(async () => {
  cloud = new FakeAws()
  server = createServer(cloud.answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await own?.close()
  await database?.close()
  own = database = undefined
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  delete process.env['AWS_TEST_SECRET']
})

async function list(rest: object = {}): Promise<Observation[]> {
  const settings = aws.parseSettings({
    endpoint,
    accessKeyId: 'AKIA',
    secretAccessKey: 'env:AWS_TEST_SECRET',
    tenantTag: 'team',
    ...rest,
  })
  const source = await aws.open(settings, {
    name: 'amazon',
    log: { debug: () => {}, warn: () => {} },
    secret: async () => cloud.secret,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
  const things: Observation[] = []
  try {
    for await (const thing of source.list!(forever)) things.push(thing)
  } finally {
    await source.close()
  }
  return things
}

test('machines of all regions, over pages, with what they have and whose they are', async () => {
  cloud.instances['us-east-1'] = [{ id: 'i-0ffffffffffffffff', state: 'terminated', tags: {} }]
  const things = await list()
  const machines = things.filter(({ kind }) => kind === 'VirtualMachine')
  expect(machines.map(({ name }) => name)).toEqual(['web-a', 'web-b', 'web-c'])
  expect(machines[0]).toMatchObject({
    fields: {
      instanceId: 'i-0aaaaaaaaaaaaaaaa',
      cpuCores: 2,
      memoryBytes: 2 ** 30,
      powerState: 'ON',
      flavor: 't3.micro',
    },
    attributes: { priceClass: 'spot' },
    links: [
      { type: 'MEMBER_OF', to: { key: 'account/123456789012' } },
      { type: 'MEMBER_OF', to: { key: 'region/eu-west-1' } },
      { type: 'OWNED_BY', to: { ref: 'Tenant:name=retail' } },
    ],
  })
  expect(things.find(({ kind }) => kind === 'CloudAccount')!.fields).toEqual({
    provider: 'aws',
    accountId: '123456789012',
    regions: ['eu-west-1', 'us-east-1'],
  })
  expect(cloud.asked.filter((line) => line === 'eu-west-1 DescribeInstances')).toHaveLength(2)
  expect(cloud.changes).toEqual([])
})

test('what is slowed down is asked again; a role is taken on', async () => {
  cloud.throttle = 2
  const things = await list({ regions: ['eu-west-1'], roleArn: 'arn:aws:iam::1:role/plenum' })
  expect(things.filter(({ kind }) => kind === 'VirtualMachine')).toHaveLength(3)
  expect(cloud.roles).toContain('arn:aws:iam::1:role/plenum')
})

test('in the graph a machine is of its account and region, with its volume and addresses', async () => {
  process.env['AWS_TEST_SECRET'] = cloud.secret
  database = await createDatabase()
  const amazon = {
    driver: 'aws',
    endpoint,
    accessKeyId: 'AKIA',
    secretAccessKey: 'env:AWS_TEST_SECRET',
    interval: 0.3,
    perSecond: 10_000,
  }
  own = await startProcess(database, aws, { amazon }, {}, 30_000)
  await own.until(async () => own!.holder.graph.ofType('VirtualMachine').length === 3)
  const [machine] = own.holder.graph.ofType('VirtualMachine')
  const walk = (field: string) =>
    own!.holder.graph
      .walk(machine!, (machine!.kind.fields[field] as unknown as { steps: never }).steps)
      .map(({ name }) => name)
  expect(walk('cloudAccount')).toEqual(['amazon'])
  expect(walk('volumes')).toHaveLength(1)
  expect(walk('ipAddresses').sort()).toEqual(['172.31.0.10', '54.0.0.10'])
  cloud.instances['eu-west-1']!.pop()
  await own.until(async () => own!.holder.graph.ofType('VirtualMachine').length === 2)
})

test('databases and load balancers are services with endpoints, on the machines that carry them', async () => {
  cloud.overlaps = true
  const things = await list({ regions: ['eu-west-1'] })
  const find = (key: string) => things.find((one) => one.key === key)!
  const services = things.filter(({ kind }) => kind === 'Service').map(({ name }) => name)
  expect(services.sort()).toEqual(['db-one', 'db-three', 'db-two', 'lb-one', 'lb-three', 'lb-two'])
  expect(find('database/eu-west-1/db-one')).toMatchObject({
    fields: { role: 'postgres', version: '16.3' },
    attributes: { state: 'available', flavor: 'db.m6g.large', sizeBytes: 100 * 2 ** 30, multiZone: true },
    links: [
      { type: 'MEMBER_OF', to: { key: 'account/123456789012' } },
      { type: 'MEMBER_OF', to: { key: 'region/eu-west-1' } },
      { type: 'MEMBER_OF', to: { key: 'vpc/vpc-eu-west-1' } },
      { type: 'EXPOSES', to: { key: 'database/eu-west-1/db-one/endpoint' } },
      { type: 'OWNED_BY', to: { ref: 'Tenant:name=retail' } },
    ],
  })
  expect(find('database/eu-west-1/db-one/endpoint').fields).toEqual({
    url: 'tcp://db-one.abc.eu-west-1.rds.amazonaws.com:5432',
    protocol: 'tcp',
    port: 5432,
  })
  const balancer = find('balancer/eu-west-1/lb-two')
  expect(balancer.attributes).toMatchObject({ state: 'active', type: 'application', unhealthyTargets: 1 })
  const linked = (type: string) =>
    balancer.links!.filter((one) => one.type === type).map(({ to }) => (to as { key: string }).key)
  // By its id, and by the address of its interface in its own network; an address that nobody there has is left out.
  expect(linked('RUNS_ON')).toEqual(['instance/i-0aaaaaaaaaaaaaaaa', 'instance/i-0bbbbbbbbbbbbbbbb'])
  expect(linked('EXPOSES').map((key) => find(key).fields!['url'])).toEqual([
    'https://lb-two.eu-west-1.elb.amazonaws.com:443',
    'http://lb-two.eu-west-1.elb.amazonaws.com:80',
  ])
  expect(linked('MEMBER_OF')).toContain('vpc/vpc-eu-west-1')
  expect(cloud.changes).toEqual([])
})

test('an account that may not see services is listed all the same; one that may no longer loses none of them', async () => {
  cloud.denied.add('rds').add('elasticloadbalancing')
  const things = await list({ regions: ['eu-west-1'] })
  expect(things.filter(({ kind }) => kind === 'VirtualMachine')).toHaveLength(3)
  expect(things.filter(({ kind }) => kind === 'Service')).toEqual([])
  cloud.denied.clear()

  process.env['AWS_TEST_SECRET'] = cloud.secret
  database = await createDatabase()
  const amazon = { driver: 'aws', endpoint, accessKeyId: 'AKIA', secretAccessKey: 'env:AWS_TEST_SECRET' }
  own = await startProcess(
    database,
    aws,
    { amazon: { ...amazon, interval: 0.1, perSecond: 10_000 } },
    {},
    30_000,
  )
  const services = () => own!.holder.graph.ofType('Service').length
  await own.until(async () => services() === 6)
  cloud.denied.add('rds')
  cloud.instances['eu-west-1']!.pop()
  await own.until(async () => own!.holder.graph.ofType('VirtualMachine').length === 2)
  expect(services()).toBe(6)
})

test('a load balancer that ends while it is listed loses its parts, and nothing else is lost', async () => {
  cloud.gone.add('DescribeTargetHealth').add('DescribeListeners').add('DescribeTags')
  const things = await list({ regions: ['eu-west-1'] })
  expect(things.filter(({ kind }) => kind === 'VirtualMachine')).toHaveLength(3)
  const balancer = things.find(({ key }) => key === 'balancer/eu-west-1/lb-one')!
  expect(balancer.links!.map(({ type }) => type)).toEqual(['MEMBER_OF', 'MEMBER_OF', 'MEMBER_OF'])
})
