/** What others have made on a server takes its room too; machines are hosts of containers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

let app: TestApp
const blueprints = mkdtempSync(join(tmpdir(), 'plenum-blueprints-'))
beforeAll(async () => {
  writeFileSync(
    join(blueprints, 'cores.yaml'),
    'blueprint: cores\ndescription: Cores.\ncount: { default: 1, most: 20 }\nclaims: [{ class: VCPU, amount: 24 }]\n',
  )
  app = await startTestApp({
    allocation: {
      blueprints,
      pools: { ...pools, hosts: { kind: 'VirtualMachine', where: { labels: { pool: 'hosts' } } } },
    },
  })
  await fillEstate(app)
}, 120_000)
afterAll(async () => {
  await app.close()
  rmSync(blueprints, { recursive: true })
})

async function run(document: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await app.query<any>(document, variables)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
const machine = (name: string, host: string, labels: object[] = []) => ({
  kind: 'VirtualMachine',
  name,
  status: 'ACTIVE',
  labels,
  fields: { instanceId: name, cpuCores: 12, memoryBytes: String(32 * 2 ** 30) },
  links: [{ type: 'RUNS_ON', to: `Server:name=${host}` }],
})
const put = (...items: object[]) =>
  run('mutation ($items: [InventoryItemInput!]!) { importInventory(input: { items: $items }) { cursor } }', {
    items,
  })
/** What is left of cores: two for each of the sixteen cores of the four servers. */
async function freeOf(pool: string, name = 'VCPU'): Promise<{ used: number; free: number }> {
  const { pools: all } = await run('{ pools { name capacity { class used free } } }')
  const found = all.find((one: any) => one.name === pool).capacity.find((one: any) => one.class === name)
  return { used: Number(found.used), free: Number(found.free) }
}
const fits = async (rest: object): Promise<string[]> => {
  const plan = await asker(app).plan({
    blueprint: 'cores',
    pool: ['servers'],
    spread: { over: 'PROVIDER', atMost: 1 },
    ...rest,
  })
  return plan.placements.map(({ provider }: any) => provider.name).sort()
}

test('machines of others count where they run, from when they are there until they are gone', async () => {
  expect(await freeOf('servers')).toEqual({ used: 0, free: 128 })
  expect(await fits({ count: 4 })).toEqual(['srv-1', 'srv-2', 'srv-3', 'srv-4'])
  await put(machine('legacy-1', 'srv-1'))
  expect(await freeOf('servers')).toEqual({ used: 12, free: 116 })
  expect(await freeOf('servers', 'MEMORY_MB')).toMatchObject({ used: 32_768 })
  expect(await fits({ count: 3 })).toEqual(['srv-2', 'srv-3', 'srv-4'])
  const { error } = await asker(app).allocate({
    ...{ name: 'wide', blueprint: 'cores', pool: ['servers'] },
    ...{ count: 4, spread: { over: 'PROVIDER', atMost: 1 } },
  })
  expect(error).toMatchObject({ code: 'INSUFFICIENT_CAPACITY' })
  // It moves, and goes.
  await put(machine('legacy-1', 'srv-2'))
  expect(await fits({ count: 3 })).toEqual(['srv-1', 'srv-3', 'srv-4'])
  await run(
    'mutation { deleteResources(input: { items: [{ ref: "VirtualMachine:instanceId=legacy-1" }] }) { cursor } }',
  )
  expect(await freeOf('servers')).toEqual({ used: 0, free: 128 })
})

test('what Plenum made is covered by its claims, and counts once', async () => {
  await put(machine('plenum-0a1b2c3d-17-0-1', 'srv-3'))
  expect(await freeOf('servers')).toEqual({ used: 0, free: 128 })
})

test('a machine gives room to containers, in the rack of its server', async () => {
  const label = [{ key: 'pool', value: 'hosts' }]
  await put(
    machine('host-1', 'srv-1', label),
    machine('host-2', 'srv-2', label),
    machine('host-3', 'srv-4', label),
  )
  expect(await freeOf('hosts')).toEqual({ used: 0, free: 36 })
  const request = { name: 'edge', blueprint: 'cores', size: [{ class: 'VCPU', amount: 4 }], pool: ['hosts'] }
  const { allocation } = await asker(app).allocate({
    ...request,
    count: 2,
    spread: { over: 'RACK', atMost: 1 },
  })
  // The first two stand in one rack.
  expect(allocation.claims.map(({ provider }: any) => provider.name)).toContain('host-3')
  expect(await freeOf('hosts')).toEqual({ used: 8, free: 28 })
  await asker(app).release(allocation.id)
  expect(await freeOf('hosts')).toEqual({ used: 0, free: 36 })
})
