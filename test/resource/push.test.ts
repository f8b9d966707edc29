/** What sources tell as it happens: parts that are listed anew, parts that are silent, what is faulty, what comes too late. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../src/resource/resource.ts'
import type { Pushed } from '../../src/resource/verbs.ts'
import { by, openWorld, stampOf, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.end())

const chassis = (part: string): Observation => ({
  key: part,
  kind: 'Switch',
  name: part,
  fields: { manufacturer: 'Dell', serialNumber: `S-${part}` },
})
const port = (part: string, name: string, rest: Partial<Observation> = {}): Observation => ({
  key: `${part}/${name}`,
  kind: 'NetworkInterface',
  name,
  links: [{ type: 'PART_OF', to: { key: part } }],
  ...rest,
})
const listed = (part: string, ports: readonly string[]): Pushed => ({
  part,
  things: [chassis(part), ...ports.map((name) => port(part, name))],
})
const snmp = () => world.source('snmp', { authoritative: false })
const push = (source: number, ...changes: Pushed[]) => world.resources.push(source, changes, by)

async function states(source: number): Promise<Record<string, string>> {
  const images = await world.images()
  const origins = await world.resources.originsOf(images.map((image) => image.id))
  return Object.fromEntries(
    [...origins.values()]
      .flat()
      .filter((origin) => origin.sourceId === source)
      .map((origin) => [origin.key, origin.stale ? 'stale' : 'well'])
      .sort(),
  )
}

test('a part that is listed anew makes stale what it left out, and nothing of other parts', async () => {
  const source = await snmp()
  await push(source, listed('a', ['1', '2']), listed('b', ['1']))
  const result = await push(source, listed('a', ['1']))
  expect(result).toMatchObject({ missing: 1, held: null, refused: [], deleted: 0 })
  await push(source, listed('a', ['1']))
  await push(source, listed('a', ['1']))
  expect(await states(source)).toEqual({ a: 'well', 'a/1': 'well', 'a/2': 'stale', b: 'well', 'b/1': 'well' })
  await push(source, listed('a', ['1', '2']))
  expect(await states(source)).toMatchObject({ 'a/2': 'well' })
})

test('an unchanged part writes no rows', async () => {
  const source = await snmp()
  await push(source, listed('a', ['1', '2']))
  await push(source, listed('a', ['1']))
  await push(source, listed('a', ['1']))
  const tables = ['observation', 'resource', 'event', 'log_head', 'link', 'source']
  const before = await stampOf(world, tables)
  await push(source, listed('a', ['1']))
  expect(await stampOf(world, tables)).toEqual(before)
})

test('hearsay ends with the second listing without it; what an authority leaves out of a part ends too', async () => {
  const neighbour = port('a', 'neighbour', { kind: 'Switch', name: 'n1', links: [], hearsay: true })
  for (const [name, authoritative, left] of [
    ['snmp', false, ['a', 'a/1']],
    ['nova', true, ['a']],
  ] as const) {
    const source = await world.source(name, { authoritative })
    await push(source, { part: 'a', things: [chassis('a'), port('a', '1'), neighbour] })
    await push(source, { part: 'a', things: [chassis('a')] })
    expect(Object.keys(await states(source))).toEqual(['a', 'a/1', 'a/neighbour'])
    await push(source, { part: 'a', things: [chassis('a')] })
    expect(Object.keys(await states(source))).toEqual(left)
  }
})

test('a silent part is stale as a whole, nothing of it is counted as missed, and it is well when it is listed again', async () => {
  const source = await snmp()
  const neighbour = port('a', 'neighbour', { kind: 'Switch', name: 'n1', links: [], hearsay: true })
  const whole: Pushed = { part: 'a', things: [chassis('a'), port('a', '1'), neighbour] }
  await push(source, whole, listed('b', ['1']))
  for (let times = 0; times < 3; times++) await push(source, { silent: 'a' })
  expect(await states(source)).toEqual({
    a: 'stale',
    'a/1': 'stale',
    'a/neighbour': 'stale',
    b: 'well',
    'b/1': 'well',
  })
  await push(source, whole)
  expect(new Set(Object.values(await states(source)))).toEqual(new Set(['well']))
})

test('too much gone from a part of an authority is held, and told once a listing', async () => {
  const cloud = await world.source('cloud')
  const names = Array.from({ length: 40 }, (_, index) => String(index))
  await push(cloud, listed('a', names))
  const result = await push(cloud, listed('a', []))
  expect(result.held).toMatch(/40 of 41/)
  await push(cloud, listed('a', []))
  expect(Object.keys(await states(cloud))).toHaveLength(41)
  const held = await world.database.db('event').where({ type: 'SyncHeld' })
  expect(held).toHaveLength(2)
})

test('what is faulty is refused by itself and is not missing either', async () => {
  const source = await snmp()
  await push(source, listed('a', ['1', '2']))
  const bad = port('a', '1', { fields: { mtu: 'large' } })
  const result = await push(
    source,
    { part: 'a', things: [chassis('a'), bad, port('a', '2')] },
    listed('b', []),
  )
  expect(result.refused).toEqual([{ key: 'a/1', message: expect.stringContaining('mtu') }])
  expect(await states(source)).toEqual({ a: 'well', 'a/1': 'well', 'a/2': 'well', b: 'well' })
})

test('the last word counts: of parts, of things, of what is gone', async () => {
  const source = await snmp()
  await push(
    source,
    listed('a', ['1', '2']),
    { key: 'a/2', gone: true },
    { silent: 'a' },
    listed('a', ['1', '3']),
    { key: 'a/3', gone: true },
    port('a', '4'),
  )
  expect(await states(source)).toEqual({ a: 'well', 'a/1': 'well', 'a/4': 'well' })
})

test('whoever slept past the turn changes nothing', async () => {
  const source = await snmp()
  await world.database.db('turn').insert({ name: 'source/snmp', holder: 'other', epoch: 2 })
  const late = { fence: { turn: 'source/snmp', epoch: 1 } }
  await expect(world.resources.push(source, [listed('a', ['1'])], by, late)).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'STATE' },
  })
  await expect(world.sync(source, [chassis('a')], late)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await states(source)).toEqual({})
  await world.resources.push(source, [listed('a', ['1'])], by, { fence: { turn: 'source/snmp', epoch: 2 } })
  expect(Object.keys(await states(source))).toEqual(['a', 'a/1'])
})

test('a failure is told when it begins and when it ends, not each time', async () => {
  const source = await snmp()
  for (const failure of ['no route', 'no route', 'no route after 17 ms', null, null])
    await world.resources.noteFailure(source, failure, by)
  await world.resources.noteFailure(source, 'refused', by)
  await world.sync(source, [chassis('a')])
  const told = await world.database.db('event').whereLike('type', 'Source%').orderBy('seq')
  expect(told.map((event: any) => [event.type, event.body.detail.failure])).toEqual([
    ['SourceFailed', 'no route'],
    ['SourceRecovered', 'no route after 17 ms'],
    ['SourceFailed', 'refused'],
    ['SourceRecovered', 'refused'],
  ])
  expect((await world.resources.sourceStates()).get(source)?.failure).toBe(null)
})
