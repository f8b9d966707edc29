/** Things that a source no longer lists: when they end, when they only go stale, when nobody believes it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../src/resource/resource.ts'
import { openWorld, stampOf, by, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.end())

const server = (key: string): Observation => ({
  key,
  kind: 'Server',
  name: key,
  fields: { manufacturer: 'Dell', serialNumber: `S-${key}` },
})
const many = (count: number) => Array.from({ length: count }, (_, index) => server(`s${index}`))
const servers = async () =>
  (await world.images())
    .filter((image) => image.kind === 'Server')
    .map((image) => image.name)
    .sort()

test('a listing that fails midway changes nothing, whatever came before', async () => {
  const cloud = await world.source('cloud')
  await world.sync(cloud, many(3))
  const before = await stampOf(world, ['source', 'event', 'log_head'])

  async function* failing(): AsyncGenerator<Observation> {
    yield server('s0')
    yield server('new')
    throw new Error('page 2: connection reset')
  }
  await expect(world.sync(cloud, [], { listing: failing() })).rejects.toThrow('connection reset')
  expect(await stampOf(world, ['source', 'event', 'log_head'])).toEqual(before)
  expect((await world.resources.sourceStates()).get(cloud)?.failure).toMatch(/connection reset/)
})

test('what two complete listings of an authority lack ends; once is not enough, and coming back starts anew', async () => {
  const cloud = await world.source('cloud')
  await world.sync(cloud, many(3))
  await world.sync(cloud, many(2))
  expect(await servers()).toEqual(['s0', 's1', 's2'])
  await world.sync(cloud, many(3))
  await world.sync(cloud, many(2))
  expect(await servers()).toEqual(['s0', 's1', 's2'])
  await world.sync(cloud, many(2))
  expect(await servers()).toEqual(['s0', 's1'])
})

test('what is pushed as gone ends at once, and its id is told as gone', async () => {
  const cloud = await world.source('cloud')
  await world.sync(cloud, many(2))
  const { id } = await world.named('s1')
  await world.resources.push(cloud, [{ key: 's1', gone: true }], by)
  expect(await servers()).toEqual(['s0'])
  expect((await world.resources.goneOf([id])).get(id)).toMatchObject({
    kind: 'Server',
    name: 's1',
    into: null,
  })
  await world.resources.push(cloud, [server('s1')], by)
  expect((await world.named('s1')).id).toBeGreaterThan(id)
})

test('without authority things only go stale', async () => {
  const snmp = await world.source('snmp', { authoritative: false })
  await world.sync(snmp, many(2))
  for (let round = 0; round < 4; round++) await world.sync(snmp, many(1))
  expect(await servers()).toEqual(['s0', 's1'])
  const { id } = await world.named('s1')
  expect((await world.resources.originsOf([id])).get(id)).toMatchObject([{ key: 's1', stale: true }])
})

test('hearsay expires, also where nothing else does', async () => {
  const snmp = await world.source('snmp', { authoritative: false })
  const heard = { ...server('neighbour'), hearsay: true }
  await world.sync(snmp, [server('s0'), heard])
  await world.sync(snmp, [server('s0')])
  expect(await servers()).toEqual(['neighbour', 's0'])
  await world.sync(snmp, [server('s0')])
  expect(await servers()).toEqual(['s0'])
})

test('a resource lives while anybody speaks of it', async () => {
  const cloud = await world.source('cloud')
  await world.say([{ kind: 'Server', name: 'mine', fields: { manufacturer: 'Dell', serialNumber: 'S-s0' } }])
  await world.sync(cloud, many(2))
  const { id } = await world.named('mine')
  await world.resources.push(cloud, [{ key: 's0', gone: true }], by)
  expect((await world.named('mine')).sources).toHaveLength(1)
  await world.resources.push(cloud, [server('s0')], by)
  await world.resources.delete({ ids: [{ id }], cascade: false, dryRun: false }, by)
  expect((await world.named('s0')).id).toBe(id)
  await world.resources.push(cloud, [{ key: 's0', gone: true }], by)
  expect(await servers()).toEqual(['s1'])
})

test('too much gone at once is held and told, until somebody accepts it', async () => {
  const cloud = await world.source('cloud')
  await world.sync(cloud, many(100))
  for (let round = 0; round < 3; round++) {
    const { held } = await world.sync(cloud, many(70))
    expect(held).toMatch(/30/)
  }
  expect(await servers()).toHaveLength(100)
  expect((await world.resources.sourceStates()).get(cloud)?.held).toMatch(/30/)
  const told = (await world.database.db('event').where('type', 'SyncHeld')) as unknown[]
  expect(told.length).toBeGreaterThan(0)
  await world.sync(cloud, many(70), { acceptVanished: true })
  const after = await world.sync(cloud, many(70), { acceptVanished: true })
  expect(after.held).toBeNull()
  expect(await servers()).toHaveLength(70)
  expect((await world.resources.sourceStates()).get(cloud)?.held).toBeNull()
})

test('an unchanged sync writes nothing but the state of its source; an unchanged import nothing at all', async () => {
  const cloud = await world.source('cloud')
  const items = [
    { kind: 'Rack' as const, name: 'r1' },
    {
      kind: 'Server' as const,
      name: 'own',
      links: [{ type: 'LOCATED_IN' as const, to: { ref: 'Rack:name=r1' } }],
    },
  ]
  await world.sync(cloud, many(50))
  await world.say(items)
  const stated = ['source', 'event', 'log_head']
  const before = await stampOf(world, stated)
  const synced = await world.sync(cloud, many(50))
  expect(await stampOf(world, stated)).toEqual(before)
  expect([synced.unchanged, synced.created, synced.updated, synced.deleted]).toEqual([50, 0, 0, 0])
  const all = await stampOf(world)
  const said = await world.say(items)
  expect(await stampOf(world)).toEqual(all)
  expect(said.unchanged).toBe(2)
})

test('replace ends what is not mentioned; too much of it needs to be meant', async () => {
  const items = (count: number) => many(count).map(({ key: _, ...item }) => item)
  await world.say(items(100), { mode: 'replace' })
  await expect(world.say(items(50), { mode: 'replace' })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await servers()).toHaveLength(100)
  await world.say(items(95), { mode: 'replace' })
  expect(await servers()).toHaveLength(95)
  await world.say(items(50), { mode: 'replace', acceptVanished: true })
  expect(await servers()).toHaveLength(50)
})

test('what still holds others is not deleted, unless all of it', async () => {
  await world.say([
    { kind: 'Rack', name: 'r1' },
    { kind: 'Server', name: 's', links: [{ type: 'LOCATED_IN', to: { ref: 'Rack:name=r1' } }] },
  ])
  const { id } = await world.named('r1')
  const remove = (cascade: boolean, dryRun = false) =>
    world.resources.delete({ ids: [{ id }], cascade, dryRun }, by)
  await expect(remove(false)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'STATE' } })
  const plan = await remove(true, true)
  expect(plan.planned.map(({ action, name }) => `${action} ${name}`).sort()).toEqual([
    'DELETE r1',
    'DELETE s',
  ])
  expect(await servers()).toEqual(['s'])
  await remove(true)
  expect(await servers()).toEqual([])
})
