/** Against a simulated cluster, changed by kubectl where it is installed: what becomes of it, watches that end, break and lose their place, five thousand pods. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseSources } from '../../../src/source/config.ts'
import { kubernetes } from '../../../src/source/kubernetes/index.ts'
import { probeSource } from '../../../src/source/probe.ts'
import { toQuantity } from '../../../src/source/kubernetes/text.ts'
import { certificate, certificateKey } from '../../support/certificate.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'
import { FakeCluster, fill, pod } from './simulator.ts'

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0
if (!hasKubectl) console.warn('skipped: kubectl is not installed (apt-get install kubernetes-client)')

let cluster: FakeCluster
let server: Server
let url: string
let database: TestDatabase
let own: Process | undefined
const pods = 'api/v1/pods'

beforeEach(async () => {
  cluster = fill(new FakeCluster())
  server = createServer(cluster.answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  process.env['K8S_TOKEN'] = cluster.token
  database = await createDatabase()
})
afterEach(async () => {
  await own?.close()
  own = undefined
  await database.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  delete process.env['K8S_TOKEN']
})

async function start(): Promise<void> {
  const east = {
    driver: 'kubernetes',
    url,
    token: 'env:K8S_TOKEN',
    interval: '10h',
    perSecond: 10_000,
    pageSize: 500,
  }
  own = await startProcess(database, kubernetes, { east }, {}, 30_000)
  await own!.until(
    async () => cluster.watchers === 10 && names('Container').length === cluster.list(pods).length,
  )
}
const of = (kind: any) => own!.holder.graph.ofType(kind)
const names = (kind: any) =>
  of(kind)
    .map(({ name }) => name)
    .sort()
const walk = (vertex: any, field: string): any[] =>
  !vertex ? [] : own!.holder.graph.walk(vertex, vertex.kind.fields[field].steps)
const find = (kind: any, name: string) => of(kind).find((one) => one.name === name)!

test('pods run on the machine that their node is, are of their workload, behind their service, with their volume', async () => {
  await start()
  const container = find('Container', 'web-abc-1')
  expect(container.fields).toMatchObject({
    containerId: 'c-web-abc-1',
    namespace: 'shop',
    pod: 'web-abc-1',
    imageTag: '1.2',
    state: 'RUNNING',
    restartCount: 2,
  })
  const [host] = walk(container, 'host')
  expect(host).toMatchObject({
    name: 'node1',
    fields: { instanceId: 'b8b09e42-bfe0-49c9-a1e7-000000000001', cpuCores: 4, memoryBytes: 16 * 2 ** 30 },
  })
  expect(host!.kind.name).toBe('VirtualMachine')
  const roles = of('Service').map((one) => [
    one.fields['role'],
    walk(one, 'instances')
      .map(({ name }: any) => name)
      .sort(),
  ])
  expect(roles.sort()).toEqual([
    ['deployment', ['web-abc-1', 'web-abc-2']],
    ['service', ['web-abc-1', 'web-abc-2']],
  ])
  expect(find('Endpoint', 'shop/web:http').fields).toMatchObject({
    url: 'tcp://web.shop.svc.east:80',
    address: '10.96.0.7',
  })
  expect(find('Volume', 'pv1').fields).toMatchObject({
    volumeId: '72fa0d46-bfe0-49c9-a1e7-000000000001',
    sizeBytes: 2 ** 30,
  })
  expect(names('Cluster')).toEqual(['east'])
  expect(names('Namespace')).toEqual(['shop'])
  await own!.until(async () => own!.samples.length >= 4)
  expect(own!.samples.find(({ metric }) => metric === 'container.cpu.usage')!.value).toBe(0.25)
})

test('what changes is there, also after watches end, are cut off, and lose their place', async () => {
  await start()
  cluster.put(pods, pod('new-1'))
  await own!.until(async () => names('Container').includes('new-1'))
  cluster.drop('end')
  cluster.put(pods, pod('new-2'))
  await own!.until(async () => names('Container').includes('new-2'))
  await own!.until(async () => cluster.watchers === 10)
  cluster.bookmark()
  cluster.drop('cut')
  cluster.remove(pods, 'new-1', 'shop')
  await own!.until(async () => !names('Container').includes('new-1'))
  await own!.until(async () => cluster.watchers === 10)
  // So much happens while nobody watches that the server has forgotten where that was.
  cluster.remembers = 3
  cluster.drop('end')
  for (let index = 0; index < 9; index++) cluster.put(pods, pod(`burst-${index}`))
  cluster.remove(pods, 'new-2', 'shop')
  cluster.remove(pods, 'web-abc-2', 'shop')
  await own!.until(async () => names('Container').filter((name) => name.startsWith('burst-')).length === 9)
  await own!.until(
    async () => !names('Container').includes('new-2') && !names('Container').includes('web-abc-2'),
  )
  expect(names('Container')).toEqual(
    cluster
      .list(pods)
      .map(({ metadata }) => metadata.name)
      .sort(),
  )
  const lists = cluster.requests.filter((line) => line.startsWith('GET /api/v1/pods?limit'))
  expect(lists.length).toBeGreaterThan(2)
})

test('what belongs together comes in any order', async () => {
  await start()
  const claims = [{ name: 'data', persistentVolumeClaim: { claimName: 'late' } }]
  const owner = (kind: string, name: string) => [{ kind, name, uid: 'u', controller: true }]
  const metadata = { ownerReferences: owner('ReplicaSet', 'api-1') }
  const slice = cluster.put('apis/discovery.k8s.io/v1/endpointslices', {
    metadata: { name: 'api-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } },
    endpoints: [{ targetRef: { kind: 'Pod', uid: 'uid-pods-shop/api-1-a' } }],
  })
  cluster.put('api/v1/services', { metadata: { name: 'api', namespace: 'shop' }, spec: {} })
  await own!.until(async () => names('Service').includes('shop/api'))
  cluster.put(pods, pod('api-1-a', { metadata, spec: { volumes: claims } }))
  const service = () => find('Service', 'shop/api')
  await own!.until(async () => walk(service(), 'instances').length === 1)
  cluster.put('apis/apps/v1/deployments', { metadata: { name: 'late', namespace: 'shop' } })
  cluster.put('apis/apps/v1/replicasets', {
    metadata: { name: 'api-1', namespace: 'shop', ownerReferences: owner('Deployment', 'late') },
  })
  cluster.put('api/v1/persistentvolumes', {
    metadata: { name: 'pv2' },
    spec: { claimRef: { namespace: 'shop', name: 'late' } },
  })
  await own!.until(async () => walk(find('Service', 'shop/late'), 'instances').length === 1)
  await own!.until(async () => walk(find('Volume', 'pv2'), 'attachedTo').length === 1)
  cluster.remove('apis/discovery.k8s.io/v1/endpointslices', slice.metadata.name, 'shop')
  await own!.until(async () => walk(service(), 'instances').length === 0)
})

test('five thousand pods, over pages', async () => {
  for (let index = 0; index < 5_000; index++)
    cluster.put(pods, pod(`many-${index}`, { status: { podIP: `10.244.${index >> 8}.${index & 255}` } }))
  await start()
  expect(names('Container')).toHaveLength(5_002)
  for (let index = 0; index < 100; index++) cluster.remove(pods, `many-${index}`, 'shop')
  await own!.until(async () => names('Container').length === 4_902)
})

const blue = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'blue' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', namespace: 'blue' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'api' } } },
  },
]

test.runIf(hasKubectl)('what kubectl makes, labels and deletes is there', async () => {
  await start()
  // It sends its token over TLS only.
  const tls = createTlsServer({ cert: certificate, key: certificateKey }, cluster.answer)
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  const at = [
    '--server',
    `https://127.0.0.1:${(tls.address() as AddressInfo).port}`,
    '--insecure-skip-tls-verify',
  ]
  const access = [...at, '--token', cluster.token, '--kubeconfig', '/dev/null']
  const env = { ...process.env, HOME: '/nonexistent' }
  const folder = mkdtempSync(join(tmpdir(), 'plenum-kubectl-'))
  const file = join(folder, 'blue.json')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: blue }))
  const kubectl = (...words: string[]) => promisify(execFile)('kubectl', [...access, ...words], { env })
  try {
    // From files it speaks JSON; for what it makes up itself newer ones speak protobuf.
    await kubectl('create', '--validate=false', '-f', file)
    await own!.until(async () => names('Namespace').includes('blue') && names('Service').includes('blue/api'))
    await kubectl('-n', 'blue', 'label', 'deployment', 'api', 'tier=front')
    await own!.until(async () => find('Service', 'blue/api').labels['tier'] === 'front')
    await kubectl('-n', 'blue', 'delete', 'deployment', 'api', '--wait=false')
    await own!.until(async () => !names('Service').includes('blue/api'))
  } finally {
    rmSync(folder, { recursive: true })
    tls.closeAllConnections()
    tls.close()
    await once(tls, 'close')
  }
})

test('doctor is told what the account may not list', async () => {
  const config = (token: string) =>
    parseSources({ east: { driver: 'kubernetes', url, token } }, [kubernetes]).sources[0]!
  const { answer } = cluster
  const refusing: string[] = []
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (refusing.some((path) => request.url!.startsWith(path))) return void response.writeHead(403).end()
    answer(request, response)
  })
  expect(await probeSource(config('env:K8S_TOKEN'))).toMatchObject({
    told: expect.stringContaining('v1.32.0'),
  })
  refusing.push('/api/v1/nodes', '/apis/apps')
  expect(await probeSource(config('env:K8S_TOKEN'))).toEqual({
    failure: 'denied',
    message: 'the account may not list nodes, deployments, statefulsets, daemonsets, replicasets',
  })
})

test('amounts', () => {
  expect(['500m', '16Gi', '1e3', '2', '128974848', '1.5k', '250000000n'].map(toQuantity)).toEqual([
    0.5,
    16 * 2 ** 30,
    1_000,
    2,
    128_974_848,
    1_500,
    0.25,
  ])
  expect(['', 'x', '5Zi', '1.2.3'].map(toQuantity)).toEqual([undefined, undefined, undefined, undefined])
})
