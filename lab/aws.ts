/**
 * Against moto (PyPI), which answers as EC2 and STS do: another client makes machines, networks and volumes in two regions, tags, stops and ends them; what the AWS driver lists is compared with
 * what that client lists.
 *   npm run lab aws [-- --home FOLDER]
 * Writes lab/results/aws-DATE.json.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import type { Observation } from '../src/resource/resource.ts'
import { aws } from '../src/source/aws/index.ts'

const { values } = parseArgs({ options: { home: { type: 'string', default: '/tmp/plenum-aws' } } })
const bin = join(values.home, 'venv', 'bin')
if (!existsSync(join(bin, 'moto_server'))) {
  mkdirSync(values.home, { recursive: true })
  spawnSync('python3', ['-m', 'venv', join(values.home, 'venv')], { stdio: 'inherit' })
  spawnSync(join(bin, 'pip'), ['-q', 'install', 'moto[server,ec2]'], { stdio: 'inherit' })
}
const regions = ['eu-west-1', 'ap-northeast-2']
const port = await freePort()
const moto = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
const endpoint = `http://127.0.0.1:${port}`
const failed: string[] = []
const result: Record<string, unknown> = {}
const expect = (what: string, one: unknown, other: unknown) => {
  if (JSON.stringify(one) !== JSON.stringify(other))
    failed.push(`${what}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`)
}
const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' }
const clients = regions.map((region) => new EC2Client({ region, endpoint, credentials }))

try {
  await untilAnswers()
  for (const client of clients) await fill(client, 60)
  await compare('filled')
  for (const client of clients) await change(client)
  await compare('changed')
} finally {
  for (const client of clients) client.destroy()
  moto.kill()
}
result['failed'] = failed
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
const file = join(import.meta.dirname, 'results', `aws-${new Date().toISOString().slice(0, 10)}.json`)
writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
process.exitCode = failed.length === 0 ? 0 : 1

async function fill(client: EC2Client, machines: number): Promise<void> {
  const { Images } = await client.send(new DescribeImagesCommand({}))
  const Tags = [{ Key: 'Name', Value: 'web' }]
  const { Instances } = await client.send(
    new RunInstancesCommand({
      ImageId: Images![0]!.ImageId!,
      InstanceType: 't3.micro',
      MinCount: machines,
      MaxCount: machines,
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  )
  const { AvailabilityZone } = Instances![0]!.Placement!
  const { VolumeId } = await client.send(new CreateVolumeCommand({ Size: 10, AvailabilityZone }))
  await client.send(
    new AttachVolumeCommand({ VolumeId, InstanceId: Instances![0]!.InstanceId!, Device: '/dev/sdh' }),
  )
}

async function change(client: EC2Client): Promise<void> {
  const { Reservations } = await client.send(new DescribeInstancesCommand({}))
  const ids = Reservations!.flatMap(({ Instances }) => Instances!.map(({ InstanceId }) => InstanceId!))
  await client.send(new StopInstancesCommand({ InstanceIds: ids.slice(0, 5) }))
  await client.send(new TerminateInstancesCommand({ InstanceIds: ids.slice(5, 10) }))
}

async function compare(when: string): Promise<void> {
  const settings = aws.parseSettings({
    endpoint,
    regions,
    accessKeyId: 'lab',
    secretAccessKey: 'env:NONE',
    pageSize: 7,
  })
  const source = await aws.open(settings, {
    name: 'amazon',
    log: { debug: () => {}, warn: () => {} },
    secret: async () => 'lab',
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
  const ours: Observation[] = []
  const began = performance.now()
  for await (const thing of source.list!(new AbortController().signal)) ours.push(thing)
  await source.close()
  const keys = (kind: string) =>
    ours
      .filter((one) => one.kind === kind)
      .map(({ key }) => key.split('/')[1]!)
      .sort()
  const theirs = await list()
  expect(`${when}: machines`, keys('VirtualMachine'), theirs.machines)
  expect(`${when}: networks`, keys('Network'), theirs.networks)
  expect(`${when}: subnets`, keys('Prefix'), theirs.subnets)
  expect(`${when}: interfaces`, keys('NetworkInterface'), theirs.interfaces)
  expect(`${when}: volumes`, keys('Volume'), theirs.volumes)
  const off = ours.filter(({ fields }) => fields?.['powerState'] === 'OFF').length
  result[when] = {
    seconds: Math.round(performance.now() - began) / 1_000,
    off,
    ...Object.fromEntries(Object.entries(theirs).map(([name, all]) => [name, all.length])),
  }
}

async function list() {
  const all = await Promise.all(
    clients.map(async (client) => {
      const { Reservations } = await client.send(new DescribeInstancesCommand({}))
      const { Vpcs } = await client.send(new DescribeVpcsCommand({}))
      const { Subnets } = await client.send(new DescribeSubnetsCommand({}))
      const { NetworkInterfaces } = await client.send(new DescribeNetworkInterfacesCommand({}))
      const { Volumes } = await client.send(new DescribeVolumesCommand({}))
      const machines = Reservations!.flatMap(({ Instances }) => Instances!)
      return {
        machines: machines.flatMap(({ InstanceId, State }) =>
          State?.Name === 'terminated' ? [] : InstanceId!,
        ),
        networks: Vpcs!.map(({ VpcId }) => VpcId!),
        subnets: Subnets!.map(({ SubnetId }) => SubnetId!),
        interfaces: NetworkInterfaces!.map(({ NetworkInterfaceId }) => NetworkInterfaceId!),
        volumes: Volumes!.map(({ VolumeId }) => VolumeId!),
      }
    }),
  )
  const names = Object.keys(all[0]!) as (keyof (typeof all)[0])[]
  return Object.fromEntries(
    names.map((name) => [name, all.flatMap((one) => one[name]).sort()]),
  ) as (typeof all)[0]
}

async function untilAnswers(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const isThere = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await delay(100)
  }
  throw new Error('moto does not answer')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
