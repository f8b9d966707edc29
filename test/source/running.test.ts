/** Sources as they run: listed, watched, failing, recovering, shared between processes, asked for. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../src/resource/resource.ts'
import { timed } from '../support/pause.ts'
import { shardOf, SourceError, type Driver } from '../../src/source/source.ts'
import {
  createDatabase,
  createDriver,
  Script,
  startProcess,
  type Process,
  type TestDatabase,
} from './scripted.ts'

const by = { name: 'kim' }
const forever = new AbortController().signal

let database: TestDatabase
let script: Script
const processes: Process[] = []

beforeEach(async () => {
  database = await createDatabase()
  script = new Script()
})
afterEach(async () => {
  for (const process of processes.splice(0).reverse()) await process.close()
  await database.close()
})

async function start(driver: Driver, settings: Record<string, unknown> = {}): Promise<Process> {
  const process = await startProcess(database, driver, { cloud: { driver: 'scripted', ...settings } })
  processes.push(process)
  return process
}

const vm = (key: string): Observation => ({
  key,
  kind: 'VirtualMachine',
  name: key,
  fields: { instanceId: key },
})
const many = (count: number) => Array.from({ length: count }, (_, index) => vm(String(index)))
const names = ({ holder }: Process) =>
  holder.graph
    .ofType('VirtualMachine')
    .map((vertex) => vertex.name)
    .sort()
const sourceOf = ({ holder }: Process) => holder.graph.ofType('Source').find(({ name }) => name === 'cloud')!
const stateOf = async (process: Process) =>
  (await process.resources.sourceStates()).get(sourceOf(process).id)!
const eventsOf = async (type: string) =>
  (await database.db('event').where({ type }).orderBy('seq')).map((event: any) => event.body.detail)

test('a source is listed at its interval, its resource says how it does', async () => {
  script.things = many(3)
  const process = await start(createDriver(script), { interval: 0.2 })
  await process.until(async () => names(process).length === 3)
  expect(sourceOf(process).fields).toMatchObject({ driver: 'scripted', control: false })
  script.things = [...many(3), vm('9')]
  await process.until(async () => names(process).includes('9'))
  expect(await stateOf(process)).toMatchObject({ failure: null, held: null })
  expect(script.lists).toBeGreaterThan(1)
})

test('a failing listing is told once, changes nothing, and heals by itself', async () => {
  script.things = many(3)
  const process = await start(createDriver(script), { interval: 0.1 })
  await process.until(async () => names(process).length === 3)
  script.things = many(1)
  script.failing = new SourceError('failed', 'page 2 of the servers: 500')
  await process.until(async () => (await stateOf(process)).failure)
  const failed = script.lists
  await process.until(async () => script.lists > failed + 2)
  expect(names(process)).toHaveLength(3)
  script.things = many(4)
  script.failing = undefined
  await process.until(async () => names(process).length === 4)
  expect(await eventsOf('SourceFailed')).toEqual([{ failure: 'page 2 of the servers: 500' }])
  expect(await eventsOf('SourceRecovered')).toHaveLength(1)
})

test('what is pushed is there, values find their resources, notices become events', async () => {
  const process = await start(createDriver(script, { isWatched: true, isListed: false }))
  // Beside those of the source itself.
  const measured = () => process.samples.filter(({ metric }) => metric === 'test.load')
  script.say(vm('1'), vm('2'))
  script.say({ readings: [{ key: '1', metric: 'test.load', value: 7, at: 1_000 }] })
  script.say({ readings: [{ key: 'nobody', metric: 'test.load', value: 8, at: 1_000 }] })
  script.say({ notice: 'linkDown', key: '2', detail: { ifIndex: 4 } }, { notice: 'coldStart', detail: {} })
  await process.until(async () => measured().length > 0 && (await eventsOf('Notice')).length === 2)
  const id = (name: string) =>
    process.holder.graph.ofType('VirtualMachine').find((one) => one.name === name)!.id
  expect(measured()).toEqual([{ resourceId: id('1'), metric: 'test.load', value: 7, at: 1_000 }])
  const told = await database.db('event').where({ type: 'Notice' }).orderBy('seq')
  expect(told.map((event: any) => Number(event.resource_id))).toEqual([id('2'), sourceOf(process).id])
  expect(told[0].body.detail).toMatchObject({ notice: 'linkDown', key: '2', ifIndex: 4 })
  script.say({ key: '1', gone: true })
  await process.until(async () => names(process).length === 1)
})

test('what is pushed while a listing is read is younger than what it lists', async () => {
  script.things = many(3)
  const process = await start(createDriver(script, { isWatched: true }), { interval: '1h' })
  await process.until(async () => names(process).length === 3)
  const pause = Promise.withResolvers<void>()
  script.pausing = pause.promise
  const { lists } = script
  const syncing = process.sources.sync(sourceOf(process).id, { acceptVanished: false }, by, forever)
  await process.until(async () => script.lists > lists)
  script.say({ key: '0', gone: true }, { ...vm('1'), name: 'renamed' }, vm('7'))
  await process.until(async () => names(process).join() === '2,7,renamed')
  pause.resolve()
  expect(await syncing).toMatchObject({ seen: 3 })
  expect(names(process)).toEqual(['2', '7', 'renamed'])
  script.say({ key: '7', gone: true })
  await process.until(async () => names(process).join() === '2,renamed')
})

test('a watch that breaks is told, followed again, and what was missed meanwhile is listed', async () => {
  script.things = many(2)
  const process = await start(createDriver(script, { isWatched: true }), { interval: '1h' })
  await process.until(async () => names(process).length === 2)
  script.things = many(3)
  script.breakWatch(new SourceError('unreachable', 'the bus is away'))
  await process.until(async () => names(process).length === 3)
  await process.until(async () => (await eventsOf('SourceFailed')).length === 1)
  script.say(vm('7'))
  await process.until(async () => names(process).includes('7'))
  await process.until(async () => (await stateOf(process)).failure === null)
})

test('what cannot be opened is tried again', async () => {
  script.things = many(1)
  script.openFailing = new SourceError('denied', 'the password is refused')
  const process = await start(createDriver(script))
  await process.until(async () => (await stateOf(process)).failure?.includes('the password is refused'))
  script.openFailing = undefined
  await process.until(async () => names(process).length === 1)
  await process.until(async () => (await stateOf(process)).failure === null)
})

test('a listing that loses too much is held until somebody accepts it by a sync', async () => {
  script.things = many(40)
  const process = await start(createDriver(script), { interval: '1h' })
  await process.until(async () => names(process).length === 40)
  script.things = many(2)
  const { id } = sourceOf(process)
  const held = await process.sources.sync(id, { acceptVanished: false }, by, forever)
  expect(held).toMatchObject({ seen: 2, held: expect.stringContaining('38 of 40') })
  expect((await stateOf(process)).held).toMatch(/38 of 40/)
  const accepted = await process.sources.sync(id, { acceptVanished: true }, by, forever)
  expect(accepted).toMatchObject({ seen: 2, held: null, changed: 38 })
  await process.until(async () => names(process).length === 2)
  script.failing = new SourceError('timeout', 'no answer')
  await expect(process.sources.sync(id, { acceptVanished: false }, by, forever)).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('no answer'),
  })
})

test('of two processes one lists; the other one is asked, answers all the same, and takes over', async () => {
  script.things = many(2)
  const others = new Script()
  others.things = many(2)
  const first = await start(createDriver(script), { interval: '1h' })
  await first.until(async () => script.lists === 1)
  const second = await start(createDriver(others), { interval: '1h' })
  const { id } = sourceOf(first)
  script.things = many(3)
  others.things = many(4)
  expect(await second.sources.sync(id, { acceptVanished: false }, by, forever)).toMatchObject({ seen: 3 })
  expect(others.lists).toBe(0)
  await first.sources.close()
  expect(await second.sources.sync(id, { acceptVanished: false }, by, forever)).toMatchObject({ seen: 4 })
  await second.until(async () => names(second).length === 4)
})

test('a divided source is watched by every process, each in its shards; none is told twice and none is lost', async () => {
  const others = new Script()
  const options = { isWatched: true, isListed: false, shards: 8, authoritative: false }
  const first = await start(createDriver(script, options))
  const second = await start(createDriver(others, options))
  const mine = (one: Script) => one.opened[0]!.shards.mine()
  await first.until(async () => mine(script).length === 4 && mine(others).length === 4)
  expect([...mine(script), ...mine(others)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  const parts = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}`)
  // Both tell of all: what is not theirs is dropped.
  for (const one of [script, others])
    for (const part of parts)
      one.say({ part, things: [{ ...vm(part.split('.')[3]!), key: part, name: part }] })
  await first.until(async () => names(first).length === 40)
  expect(new Set(parts.map((part) => shardOf(part, 8))).size).toBe(8)
  await second.close()
  processes.splice(processes.indexOf(second), 1)
  await first.until(async () => mine(script).length === 8)
})

test('what is no longer configured keeps its claims and says so', async () => {
  script.things = many(2)
  const first = await start(createDriver(script))
  await first.until(async () => names(first).length === 2)
  await first.close()
  processes.splice(0)
  const second = await startProcess(database, createDriver(script), {})
  processes.push(second)
  expect(names(second)).toHaveLength(2)
  expect((await stateOf(second)).failure).toMatch(/no longer in the configuration/)
  await expect(
    second.sources.sync(sourceOf(second).id, { acceptVanished: false }, by, forever),
  ).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
})

const read = (process: Process, keys: readonly string[], maxAgeMs = 0, deadlineMs = 300) => {
  const sourceId = sourceOf(process).id
  const targets = keys.map((key, index) => ({ key, sourceId, resourceId: index + 1 }))
  return process.sources.read({ targets, metrics: ['test.load', 'other'], maxAgeMs, deadlineMs }, forever)
}

test('live values: one call for all things, none for what is young enough, one flight for who asks the same', async () => {
  const process = await start(createDriver(script))
  await process.until(async () => script.lists > 0 && sourceOf(process) !== undefined)
  const keys = Array.from({ length: 1_000 }, (_, index) => String(index))
  for (const key of keys) script.values.set(key, Number(key))
  const [one, other] = await Promise.all([read(process, keys), read(process, keys.slice(10, 20))])
  expect(one.readings).toHaveLength(1_000)
  expect(other.readings.map(({ value }) => value)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  expect(one.touched.get('cloud')).toMatchObject({ status: 'OK' })
  expect(script.reads).toEqual([{ keys, metrics: ['test.load'] }])
  await read(process, keys, 60_000)
  await read(process, [], 0)
  expect(script.reads).toHaveLength(1)
  await read(process, ['1'])
  expect(script.reads).toHaveLength(2)
})

test('live values: what is known is told when the source fails, and it is left alone after some failures', async () => {
  script.things = [vm('1')]
  const process = await start(createDriver(script))
  await process.until(async () => names(process).length === 1)
  script.values.set('1', 5)
  expect((await read(process, ['1'])).touched.get('cloud')).toMatchObject({ status: 'OK' })
  await process.until(async () => process.samples.some(({ value }) => value === 5))
  script.failing = new SourceError('failed', 'it says 500')
  const { readings, touched } = await read(process, ['1'])
  expect(readings).toMatchObject([{ value: 5, metric: 'test.load', resourceId: 1 }])
  expect(touched.get('cloud')).toMatchObject({ status: 'STALE', reason: 'failed: it says 500' })
  expect((await read(process, ['2'])).touched.get('cloud')).toMatchObject({
    status: 'ERROR',
    ageSeconds: null,
  })
  await read(process, ['1'])
  const asked = script.reads.length
  expect((await read(process, ['1'])).touched.get('cloud')?.reason).toMatch(/failed too often/)
  expect(script.reads).toHaveLength(asked)
  await process.until(async () => (await stateOf(process)).breaker === 'OPEN')
  // A listing that succeeds shows that it is well again.
  script.failing = undefined
  await process.sources.sync(sourceOf(process).id, { acceptVanished: false }, by, forever)
  expect((await read(process, ['1'])).touched.get('cloud')).toMatchObject({ status: 'OK' })
  await process.until(async () => (await stateOf(process)).breaker === 'CLOSED')
})

test('live values: a source that hangs and obeys nothing costs its deadline and no more', async () => {
  const process = await start(createDriver(script))
  await process.until(async () => sourceOf(process) !== undefined && script.opened.length > 0)
  script.hanging = true
  const reading = read(process, ['1'], 0, 200)
  const { tookMs, heldMs } = await timed(() => reading)
  expect(tookMs).toBeLessThan(300 + heldMs)
  const { readings, touched } = await reading
  expect(readings).toEqual([])
  expect(touched.get('cloud')).toMatchObject({
    status: 'TIMEOUT',
    reason: 'timeout: no answer within 200 ms',
  })
})

test('a source that is as it was writes nothing when a process starts', async () => {
  script.things = many(1)
  const first = await start(createDriver(script), { interval: '1h' })
  await first.until(async () => names(first).length === 1)
  await first.close()
  processes.splice(0)
  const count = async () => Number((await database.db('event').count({ count: '*' }))[0]!['count'])
  const before = await count()
  const { revision, generation } = sourceOf(first)
  const second = await start(createDriver(script), { interval: '1h' })
  expect(await count()).toBe(before)
  expect(sourceOf(second)).toMatchObject({ revision, generation })
})
