/** Every source tells whether it answers and how long that takes, whatever its driver: by listings, collections and watches. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { goRound } from '../../src/source/round.ts'
import { scrape } from '../../src/source/scrape.ts'
import { SourceError, type Reading, type Told } from '../../src/source/source.ts'
import { Uptime } from '../../src/source/uptime.ts'
import {
  createDatabase,
  createDriver,
  Script,
  startProcess,
  type Process,
  type TestDatabase,
} from './scripted.ts'

let database: TestDatabase
let script: Script
let process: Process | undefined

beforeEach(async () => {
  database = await createDatabase()
  script = new Script()
})
afterEach(async () => {
  await process?.close()
  process = undefined
  await database.close()
})

const start = async (options: Parameters<typeof createDriver>[1], settings: object = {}): Promise<Process> =>
  (process = await startProcess(database, createDriver(script, options), {
    cloud: { driver: 'scripted', ...settings },
  }))
/** The values of a metric of the source itself, one after the other, without repetitions. */
function valuesOf({ samples, holder }: Process, metric: string): number[] {
  // The graph learns of it a moment after it runs.
  const id = holder.graph.ofType('Source').find(({ name }) => name === 'cloud')?.id
  const all = samples
    .filter((one) => one.resourceId === id && one.metric === metric)
    .map(({ value }) => value)
  return all.filter((value, at) => value !== all[at - 1])
}

test('a listing that fails is a 0, the next that does not is a 1, and each says how long it took', async () => {
  const running = await start({}, { interval: 0.05 })
  await running.until(async () => valuesOf(running, 'up').length === 1)
  script.failing = new SourceError('unreachable', 'nobody listens')
  await running.until(async () => valuesOf(running, 'up').length === 2)
  script.failing = undefined
  await running.until(async () => valuesOf(running, 'up').length === 3)
  expect(valuesOf(running, 'up')).toEqual([1, 0, 1])
  expect(valuesOf(running, 'scrape.duration').every((seconds) => seconds > 0 && seconds < 60)).toBe(true)
})

test('a source that only watches is up as long as its watch is well', async () => {
  const running = await start({ isListed: false, isWatched: true })
  await running.until(async () => valuesOf(running, 'up').length === 1)
  script.breakWatch(new SourceError('unreachable', 'cut off'))
  await running.until(async () => valuesOf(running, 'up').at(-1) === 0)
  script.say({ collected: true, seconds: 2 })
  await running.until(async () => valuesOf(running, 'up').at(-1) === 1)
  expect(valuesOf(running, 'scrape.duration')).toEqual([2])
})

test('what cannot be opened is not up', async () => {
  script.openFailing = new SourceError('denied', 'no')
  const running = await start({})
  script.openFailing = undefined
  await running.until(async () => valuesOf(running, 'up').at(-1) === 1)
})

async function told(
  measure: () => Promise<Reading[]>,
  signal = new AbortController().signal,
): Promise<Told[]> {
  const all: Told[] = []
  for await (const one of scrape(measure, signal)) all.push(one)
  return all
}

test('a collection that nobody answers is told as such; one that is refused for now is no absence', async () => {
  const reading = { key: 'a', metric: 'container.cpu.time', value: 1, at: 1 }
  expect(await told(async () => [reading])).toMatchObject([{ readings: [reading] }, { collected: true }])
  for (const [failure, collected] of [
    ['unreachable', false],
    ['timeout', false],
    ['denied', false],
    ['failed', true],
    ['busy', true],
  ] as const)
    expect(await told(() => Promise.reject(new SourceError(failure, 'x')))).toMatchObject([{ collected }])
  const stop = new AbortController()
  stop.abort()
  await expect(told(() => Promise.reject(new Error('aborted')), stop.signal)).rejects.toThrow('aborted')
})

test('what was so is told again only as long as it is not overdue; a listing leaves the time of collections alone', () => {
  let now = 0
  const values: string[] = []
  const uptime = new Uptime({
    sourceId: 7,
    now: () => now,
    record: (samples) => values.push(...samples.map(({ metric, value }) => `${metric} ${value}`)),
  })
  uptime.again(60_000)
  expect(values).toEqual([])
  uptime.collected(true, 3)
  uptime.listed(false, 9)
  expect(values.splice(0)).toEqual(['up 1', 'scrape.duration 3', 'up 0'])
  // It still cannot be listed, whatever else it answers.
  uptime.collected(true, 4)
  expect(values.splice(0)).toEqual(['up 0', 'scrape.duration 4'])
  uptime.listed(true, 9)
  uptime.collected(true, 5)
  uptime.listed(false, 9)
  expect(values.splice(0)).toEqual(['up 1', 'up 1', 'scrape.duration 5', 'up 0'])
  now = 60_000
  uptime.again(60_000)
  now = 60_001
  uptime.again(60_000)
  expect(values).toEqual(['up 0'])
})

test('a controller that falls silent is down by itself; nothing is said of the machine', async () => {
  let isThere = true
  const stop = new AbortController()
  const environment = {
    log: { debug: () => {}, warn: () => {} },
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
  }
  const ask = async () => {
    if (!isThere) throw new SourceError('timeout', 'no answer')
    isThere = false
    return {
      things: [{ key: 'bmc1/system', kind: 'Server' as const, name: 'a' }],
      readings: [],
    }
  }
  const keyOf = (part: string) => `${part}/bmc`
  const values: string[] = []
  for await (const one of goRound({ parts: ['bmc1'], everyMs: 5, environment, keyOf, ask }, stop.signal)) {
    if ('readings' in one)
      values.push(
        ...one.readings.map(({ key, metric, value }) => `${key} ${metric} ${metric === 'up' ? value : ''}`),
      )
    if (values.length >= 4) break
  }
  expect(values.slice(0, 4)).toEqual([
    ...['bmc1/bmc up 1', 'bmc1/bmc scrape.duration '],
    ...['bmc1/bmc up 0', 'bmc1/bmc scrape.duration '],
  ])
})

test('a controller that has not answered since the start is down as well', async () => {
  const environment = {
    log: { debug: () => {}, warn: () => {} },
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
  }
  const ask = () => Promise.reject(new SourceError('unreachable', 'nobody listens'))
  const stop = new AbortController()
  const options = { parts: ['bmc1'], everyMs: 5, environment, keyOf: (part: string) => `${part}/bmc`, ask }
  for await (const one of goRound(options, stop.signal)) {
    if (!('readings' in one)) continue
    expect(one.readings).toMatchObject([
      { key: 'bmc1/bmc', metric: 'up', value: 0 },
      { key: 'bmc1/bmc', metric: 'scrape.duration' },
    ])
    break
  }
  stop.abort()
})
