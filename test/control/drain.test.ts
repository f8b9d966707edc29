/** Machines that are moved, and hosts that are emptied, through GraphQL, in a cloud that answers over HTTP as Nova does; what is looked at is the cloud. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ControlCloud } from '../source/openstack/control.ts'
import { recordedServer } from '../source/openstack/fake.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let cloud: ControlCloud
let server: Server
let app: TestApp
let headers: Record<string, string> = {}
beforeEach(async () => {
  cloud = new ControlCloud({ machines: 6 })
  server = createServer(cloud.answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  process.env['OS_DRAIN_TEST'] = cloud.password
  const login = { username: 'admin', password: 'env:OS_DRAIN_TEST', project_name: 'admin' }
  const auth = { auth_url: `${cloud.url}/identity`, ...login }
  app = await startTestApp({
    allocation: {
      pools: { hosts: { kind: 'Server', where: { status: ['ACTIVE', 'NONE'], name: ['node1'] } } },
    },
    sources: { cloud: { driver: 'openstack', auth, control: true, interval: 0.5, perSecond: 10_000 } },
  })
  await found('virtualMachines', 'vm6')
}, 120_000)
afterEach(async () => {
  headers = {}
  await app?.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  delete process.env['OS_DRAIN_TEST']
})

async function ask(text: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await app.query<any>(text, variables, headers)
  return errors === undefined ? data : { error: { message: errors[0]!.message, ...errors[0]!.extensions } }
}
async function found(field: string, name: string): Promise<string> {
  for (;;) {
    const { [field]: all } = await ask(`{ ${field}(filter: { name: { eq: "${name}" } }) { nodes { id } } }`)
    if (all.nodes.length > 0) return all.nodes[0].id
  }
}
const run = async (field: 'migrate' | 'drain' | 'resize', resource: string, rest: object = {}) => {
  const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`
  const answer = await ask(
    `mutation ($input: ${type}!) { ${field}(input: $input) { impact { kind name } operation {
      id state error { code message } progress steps { kind state error { message } } } } }`,
    { input: { resource, wait: 'PT60S', ...rest } },
  )
  return answer.error === undefined ? answer[field] : answer
}
const node = (name: string) => found('servers', name)
const vm = (name: string) => found('virtualMachines', name)
const statusOf = async (name: string) =>
  (await ask(`{ servers(filter: { name: { eq: "${name}" } }) { nodes { status } } }`)).servers.nodes[0].status
const settled = async (id: string) =>
  (await ask(`{ operation(id: "${id}", wait: "PT60S") { state error { message } steps { kind state } } }`))
    .operation

test('a host is emptied: told before, marked, closed, each machine a step; taken back', async () => {
  await ask(
    `mutation { importInventory(input: { items: [{ kind: Service, name: "shop", links: [{ type: RUNS_ON, to: "${await vm('vm2')}" }] }] }) { cursor } }`,
  )
  // What runs is moved live, what is off is not started for that.
  cloud.server('vm3')['status'] = 'SHUTOFF'
  const host = await node('node1')
  const dry = await run('drain', host, { dryRun: true })
  expect(dry.operation).toBe(null)
  for (const one of [
    { kind: 'VirtualMachine', name: 'vm6' },
    { kind: 'Service', name: 'shop' },
    { kind: 'Tenant', name: 'admin' },
  ])
    expect(dry.impact).toContainEqual(one)
  expect([cloud.told, await statusOf('node1')]).toEqual([[], null])

  const key = { idempotencyKey: 'drain' }
  const { operation } = await run('drain', host, key)
  expect(operation).toMatchObject({ state: 'SUCCEEDED', error: null, progress: 1 })
  expect(operation.steps.map((one: any) => one.kind)).toEqual([
    ...['mark', 'host.close'],
    ...Array.from({ length: 6 }, () => 'move'),
    'host.empty',
  ])
  expect([cloud.on('node1'), await statusOf('node1')]).toEqual([[], 'MAINTENANCE'])
  expect(cloud.hosts[0]).toMatchObject({
    status: 'disabled',
    service: { disabled_reason: expect.stringContaining('plenum-') },
  })
  expect(cloud.told[0]).toBe('node1 disabled')
  expect(cloud.told).toEqual(
    expect.arrayContaining(['vm1 os-migrateLive', 'vm3 migrate', 'vm3 confirmResize']),
  )
  expect(cloud.server('vm3')['status']).toBe('SHUTOFF')
  expect((await run('drain', host, key)).operation.id).toBe(operation.id)
  const before = cloud.told.length
  // Again: nothing is left to do.
  expect((await run('drain', host)).operation).toMatchObject({ state: 'SUCCEEDED' })
  expect(cloud.told.length).toBe(before)

  const back = await run('drain', host, { end: true })
  expect(back).toMatchObject({ impact: [], operation: { state: 'SUCCEEDED' } })
  expect([cloud.hosts[0]!['status'], await statusOf('node1'), cloud.on('node1')]).toEqual([
    'enabled',
    'ACTIVE',
    [],
  ])
}, 120_000)

test('a plan gives nothing of a host that is emptied, and of it again when that is over', async () => {
  await ask(
    'mutation { importInventory(input: { items: [{ kind: Tenant, name: "red", status: ACTIVE }] }) { cursor } }',
  )
  const planned = () =>
    ask(
      `{ plan(request: { tenant: "Tenant:name=red", name: "n", blueprint: "server" }) { feasible rejected { reason count } } }`,
    )
  expect((await planned()).plan.rejected).toMatchObject([{ reason: 'has too little CUSTOM_SERVER free' }])
  const host = await node('node1')
  expect((await run('drain', host)).operation.state).toBe('SUCCEEDED')
  const { plan } = await planned()
  expect(plan.feasible).toBe(false)
  expect(JSON.stringify(plan.rejected)).toContain('MAINTENANCE')
  expect((await run('drain', host, { end: true })).operation.state).toBe('SUCCEEDED')
  // It has no machines any more, as soon as that is listed.
  while (!(await planned()).plan.feasible);
}, 120_000)

test('what cannot be moved is told by its name, what was moved stays, and the host is open again', async () => {
  for (const name of ['vm1', 'vm2', 'vm3', 'vm4', 'vm5']) cloud.stuck.add(name)
  const { operation } = await run('drain', await node('node1'))
  expect(operation).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_UNAVAILABLE' } })
  expect(operation.error.message).toMatch(
    /^5 of 6 failed: vm1: .*vm1 stays on node1.*; vm5: .*vm5 stays on node1/,
  )
  expect(cloud.on('node1').sort()).toEqual(['vm1', 'vm2', 'vm3', 'vm4', 'vm5'])
  expect([cloud.hosts[0]!['status'], await statusOf('node1')]).toEqual(['enabled', null])
}, 120_000)

test('cancelled: what is under way is given up, what has moved stays, the host is open again', async () => {
  // So that it is still under way when it is cancelled.
  cloud.looks = 1e9
  const { operation } = await run('drain', await node('node1'), { wait: 'PT0S' })
  while (cloud.told.filter((what) => what.includes('os-migrateLive')).length < 4)
    await ask(`{ operation(id: "${operation.id}") { state } }`)
  // Four at a time.
  expect(cloud.told.filter((what) => what.includes('os-migrateLive'))).toHaveLength(4)
  expect((await run('drain', await node('node1'))).error).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
  await ask(`mutation { cancelOperation(input: { id: "${operation.id}" }) { cursor } }`)
  cloud.looks = 1
  cloud.hurry()
  const ended = await settled(operation.id)
  expect(ended).toMatchObject({ state: 'CANCELLED', error: null })
  expect(ended.steps.filter((one: any) => one.kind === 'move' && one.state === 'PENDING')).toHaveLength(2)
  expect(cloud.on('node1').sort()).toEqual(['vm5', 'vm6'])
  expect([cloud.hosts[0]!['status'], await statusOf('node1')]).toEqual(['enabled', null])
}, 120_000)

test('what came before the host was closed, and is not known here, goes too', async () => {
  const seen = { done: false }
  const before = cloud.intercept!
  cloud.intercept = (request, response) => {
    if (request.method === 'PUT' && !seen.done) {
      seen.done = true
      cloud.servers.push(recordedServer(77, { name: 'late', 'OS-EXT-SRV-ATTR:hypervisor_hostname': 'node1' }))
    }
    return before(request, response)
  }
  const { operation } = await run('drain', await node('node1'))
  expect([operation.state, seen.done, cloud.on('node1')]).toEqual(['SUCCEEDED', true, []])
  expect(cloud.told).toContain('late os-migrateLive')
}, 120_000)

test('a machine is moved live, turned off meanwhile, or to a host that is named; what is so already is refused', async () => {
  const live = await run('migrate', await vm('vm1'))
  expect(live.operation).toMatchObject({ state: 'SUCCEEDED', steps: [{ kind: 'move', state: 'DONE' }] })
  expect(cloud.on('node2')).toEqual(['vm1'])
  const named = await run('migrate', await vm('vm2'), { to: await node('node3'), live: false })
  expect(named.operation).toMatchObject({ state: 'SUCCEEDED' })
  expect([cloud.on('node3'), cloud.server('vm2')['status']]).toEqual([['vm2'], 'ACTIVE'])
  expect(cloud.told).toEqual(['vm1 os-migrateLive', 'vm2 migrate compute3', 'vm2 confirmResize'])
  const to = await node('node1')
  for (const [resource, rest, code, path] of [
    [await vm('vm3'), { to }, 'CONFLICT', 'input.to'],
    [await vm('vm3'), { to: await vm('vm4') }, 'INVALID_INPUT', 'input.to'],
    [await vm('vm3'), { to: 'Server:name=none' }, 'NOT_FOUND', 'input.to'],
    [to, {}, 'INVALID_INPUT', 'input.resource'],
    ['VirtualMachine:name=none', {}, 'NOT_FOUND', 'input.resource'],
  ] as const)
    for (const dryRun of [true, false])
      expect((await run('migrate', resource, { ...rest, dryRun })).error).toMatchObject({ code, path })
  for (const [resource, code] of [
    [await vm('vm3'), 'INVALID_INPUT'],
    [await found('servers', 'bm-1'), 'FORBIDDEN'],
  ] as const)
    expect((await run('drain', resource)).error).toMatchObject({ code, path: 'input.resource' })
  expect(cloud.told).toHaveLength(3)
}, 120_000)

test('a machine gets another flavor, confirmed; what cannot be is refused before', async () => {
  const machine = await vm('vm1')
  const dry = await run('resize', machine, { flavor: 'm1.big', dryRun: true })
  expect([dry.operation, cloud.told]).toEqual([null, []])
  const { operation } = await run('resize', machine, { flavor: 'm1.big' })
  expect(operation).toMatchObject({
    state: 'SUCCEEDED',
    steps: [
      { kind: 'resize', state: 'DONE' },
      { kind: 'resize.confirm', state: 'DONE' },
    ],
  })
  expect(cloud.server('vm1')).toMatchObject({ status: 'ACTIVE', flavor: { original_name: 'm1.big' } })
  expect(cloud.told).toEqual(['vm1 resize', 'vm1 confirmResize'])
  for (const [rest, code, path] of [
    [{}, 'INVALID_INPUT', 'input'],
    [{ flavor: 'm1.big' }, 'CONFLICT', 'input'],
    [{ flavor: 'none' }, 'INVALID_INPUT', 'input'],
    [{ flavor: '' }, 'INVALID_INPUT', 'input.flavor'],
    [{ cpuCores: 2 }, 'INVALID_INPUT', 'input'],
    [{ cpuCores: -1 }, 'INVALID_INPUT', 'input.cpuCores'],
    [{ cpuCores: 1e9 }, 'INVALID_INPUT', 'input.cpuCores'],
    [{ memoryBytes: '0' }, 'INVALID_INPUT', 'input.memoryBytes'],
  ] as const)
    for (const dryRun of [true, false])
      expect((await run('resize', machine, { ...rest, dryRun })).error).toMatchObject({ code, path })
  expect((await run('resize', await node('node1'), { flavor: 'm1.big' })).error).toMatchObject({
    code: 'INVALID_INPUT',
    path: 'input.resource',
  })
  expect(cloud.told).toHaveLength(2)
}, 120_000)

test('who may not is refused before anything is done', async () => {
  await ask('mutation { importInventory(input: { items: [{ kind: Tenant, name: "red" }] }) { cursor } }')
  const [machine, host] = [await vm('vm1'), await node('node1')]
  let count = 0
  for (const [input, code] of [
    ['role: VIEWER', 'FORBIDDEN'],
    ['role: OPERATOR, scopes: { verbs: [ALLOCATE] }', 'FORBIDDEN'],
    ['role: OPERATOR, scopes: { kinds: [Container] }', 'FORBIDDEN'],
    // The host, but not the machines that it has; the machine, but not the host that it is to go to.
    ['role: OPERATOR, scopes: { kinds: [Server] }', 'FORBIDDEN'],
    ['role: OPERATOR, scopes: { tenants: ["Tenant:name=red"] }', 'NOT_FOUND'],
  ] as const) {
    const { createToken } = await ask(
      `mutation { createToken(input: { name: "t${count++}", ${input} }) { secret } }`,
    )
    headers = { authorization: `Bearer ${createToken.secret}` }
    for (const dryRun of [true, false]) {
      expect([input, (await run('migrate', machine, { dryRun })).error.code]).toEqual([input, code])
      expect([input, (await run('resize', machine, { flavor: 'm1.big', dryRun })).error.code]).toEqual([
        input,
        code,
      ])
      expect([input, (await run('drain', host, { dryRun })).error.code]).toEqual([input, code])
    }
    headers = {}
  }
  expect(cloud.told).toEqual([])
}, 120_000)
