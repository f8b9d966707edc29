/** The sample's cloud and engine the whole way: HTTP, their drivers, the graph; and what stays of them when they are gone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toSources } from '../../src/command/demo-source.ts'
import { doorPath, knock, sampleInventory, startDemo, type Demo } from '../../src/demo/index.ts'
import { startResources } from '../../src/resource/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const patienceMs = 60_000
let folder: string
let demo: Demo
let database: TestDatabase
let app: TestApp

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-face-'))
  // Far from where others start theirs, who look whether they get back what they had.
  writeFileSync(join(folder, 'demo.port'), '17500')
  demo = await startDemo({ dataFolder: folder })
  database = await createDatabase()
  await startResources({ db: database.db }).importInventory(
    {
      source: 'sample',
      mode: 'merge',
      dryRun: false,
      items: sampleInventory(),
      signal: AbortSignal.timeout(patienceMs),
    },
    { name: 'sample' },
  )
  const { openstack, docker } = toSources(demo)
  app = await startTestApp({ database, sources: { openstack, docker } })
  await until('{ sources { name state { seen } } }', ({ sources }) =>
    ['openstack', 'docker'].every((name) => stateOf(sources, name).seen > 0),
  )
}, 120_000)
afterAll(async () => {
  await app?.close()
  await database?.close()
  await demo?.close()
  rmSync(folder, { recursive: true, force: true })
  delete process.env['PLENUM_DEMO_COMMUNITY']
  delete process.env['PLENUM_DEMO_PASSWORD']
})

const stateOf = (sources: any[], name: string) => sources.find((one) => one.name === name)?.state ?? {}
const say = (request: unknown) => knock(doorPath(folder), request, AbortSignal.timeout(10_000))

async function ask(query: string): Promise<any> {
  const { data, errors } = await app.query<any>(query)
  expect(errors).toBeUndefined()
  return data
}

async function until(query: string, isSo: (data: any) => boolean): Promise<any> {
  const signal = AbortSignal.timeout(patienceMs)
  for (;;) {
    const data = await ask(query)
    if (isSo(data)) return data
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('one query walks from a container to its machine, the server below and the switches that it is cabled to', async () => {
  const { containers } = await ask(`{
    containers(filter: { name: { eq: "web-shop-nginx-1" } }) { nodes { name state host { ... on VirtualMachine {
      name origins { source { name } }
      host { name rack { name } interfaces { nodes { name peers { name device { name } } } } }
    } } } }
  }`)
  const [{ state, host: machine }] = containers.nodes
  expect(state).toBe('RUNNING')
  expect(machine.name).toBe('web-shop-01')
  expect(machine.origins.map(({ source }: any) => source.name).sort()).toEqual(['openstack', 'sample'])
  const cabled = machine.host.interfaces.nodes.flatMap(({ peers }: any) => peers)
  expect(cabled).toHaveLength(2)
  for (const { device } of cabled) expect(device.name).toMatch(/^\w+-leaf\d\d$/)
})

test('what the cloud says is what the inventory says: no machine twice, nothing to decide, nothing that differs', async () => {
  const data = await ask(`{
    virtualMachines(first: 500) { totalCount nodes { name powerState origins { source { name } } } }
    tenants { totalCount }
    conflicts: resources(filter: { hasConflict: true }) { totalCount }
    drift: resources(filter: { hasDrift: true }, first: 3) { totalCount nodes { kind name drift { path intended observed } } }
  }`)
  expect(data.virtualMachines.totalCount).toBe(201)
  for (const { powerState, origins } of data.virtualMachines.nodes) {
    expect(powerState).toBe('ON')
    expect(origins).toHaveLength(2)
  }
  expect(data.tenants.totalCount).toBe(12)
  expect(data.conflicts.totalCount).toBe(0)
  expect(data.drift).toEqual({ totalCount: 0, nodes: [] })
})

test('containers are measured', async () => {
  const { containers } = await until(
    '{ containers(filter: { name: { glob: "web-shop-*" } }) { nodes { name readings { metric value } } } }',
    (data) => data.containers.nodes.every(({ readings }: any) => readings.length > 0),
  )
  expect(containers.nodes).toHaveLength(6)
})

test('a cloud that is gone leaves its machines with the time when they were seen last, and comes back', async () => {
  const { said } = (await say({ do: 'begin', fault: 'openstack-gone' })) as { said: string }
  expect(said).toContain('openstack')
  const query = `{
    sources { name state { lastSyncAt failure } }
    virtualMachines(first: 1) { totalCount nodes { observedAt host { name } } }
  }`
  const sync = 'mutation { syncSource(input: { source: "openstack" }) { cursor } }'
  await app.query(sync)
  const gone = await until(query, ({ sources }) => stateOf(sources, 'openstack').failure !== null)
  expect(gone.virtualMachines.totalCount).toBe(201)
  expect(gone.virtualMachines.nodes[0]).toEqual({
    observedAt: expect.any(String),
    host: { name: expect.any(String) },
  })
  expect(stateOf(gone.sources, 'docker').failure).toBeNull()
  await say({ do: 'end', fault: 'openstack-gone' })
  await app.query(sync)
  const { lastSyncAt } = stateOf(gone.sources, 'openstack')
  await until(query, ({ sources }) => {
    const state = stateOf(sources, 'openstack')
    return state.failure === null && state.lastSyncAt > lastSyncAt
  })
})
