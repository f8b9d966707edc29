/** What is measured how often is decided by what the graph knows: policies of the configuration, over sources as they run. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../src/resource/resource.ts'
import { Pace } from '../../src/source/pace.ts'
import { goRound } from '../../src/source/round.ts'
import { idlePolicies } from '../../src/source/collection.ts'
import { collectionShape } from '../../src/source/index.ts'
import type { Collecting, Collection, Told } from '../../src/source/source.ts'
import { Sketch } from '../support/graphql.ts'
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
const processes: Process[] = []

beforeEach(async () => {
  database = await createDatabase()
  script = new Script()
})
afterEach(async () => {
  for (const process of processes.splice(0)) await process.close()
  await database.close()
})

async function start(collection: unknown): Promise<Process> {
  const driver = createDriver(script, { isListed: false, isWatched: true })
  const process = await startProcess(
    database,
    driver,
    { cloud: { driver: 'scripted' } },
    { collection: collectionShape.parse(collection) },
  )
  processes.push(process)
  return process
}

const vm = (key: string, labels: Record<string, string> = {}): Observation => ({
  key,
  kind: 'VirtualMachine',
  name: key,
  fields: { instanceId: key },
  labels,
})
/** As many readings of each as there are metrics, a second apart from the others of its round. */
function measure(keys: readonly string[], metrics: readonly string[], round: number): Told {
  const at = Date.UTC(2026, 10, 23) + round * 10_000
  return { readings: keys.flatMap((key) => metrics.map((metric) => ({ key, metric, value: round, at }))) }
}
/** What was kept, as `name metric` with the values. */
function kept({ samples, holder }: Process): Record<string, number[]> {
  const all: Record<string, number[]> = {}
  for (const { resourceId, metric, value } of samples) {
    const { kind, name } = holder.graph.get(resourceId)!
    if (kind.name === 'VirtualMachine') (all[`${name} ${metric}`] ??= []).push(value)
  }
  return all
}
const there = (process: Process, count: number) =>
  process.until(async () => process.holder.graph.ofType('VirtualMachine').length === count)

test('the first policy that selects a thing decides: off, seldom, or some of what there is; the rest as it comes', async () => {
  const process = await start([
    { selector: { label: [{ key: 'monitoring', value: 'none' }] }, collect: false },
    { selector: { name: 'lab-*' }, every: '30s' },
    { selector: { kind: ['VirtualMachine'], name: 'few-*' }, metrics: ['vm.cpu.*'] },
    { selector: {}, sources: ['another'], collect: false },
  ])
  const keys = ['lab-1', 'few-1', 'all-1', 'off-1']
  script.say(...keys.map((key) => vm(key, key === 'off-1' ? { monitoring: 'none' } : {})))
  await there(process, 4)
  const metrics = ['up', 'vm.cpu.time', 'vm.memory.usage']
  for (const round of [0, 1, 2, 3, 4, 5, 6]) script.say(measure(keys, metrics, round))
  await process.until(async () => kept(process)['all-1 up']?.length === 7)
  const every = [0, 1, 2, 3, 4, 5, 6]
  expect(kept(process)).toEqual({
    'lab-1 up': [0, 3, 6],
    'lab-1 vm.cpu.time': [0, 3, 6],
    'lab-1 vm.memory.usage': [0, 3, 6],
    'few-1 up': every,
    'few-1 vm.cpu.time': every,
    'all-1 up': every,
    'all-1 vm.cpu.time': every,
    'all-1 vm.memory.usage': every,
  })
})

test('a label that changes counts without a restart', async () => {
  const process = await start([
    { selector: { label: [{ key: 'monitoring', value: 'none' }] }, collect: false },
  ])
  script.say(vm('one', { monitoring: 'none' }), vm('other'))
  await there(process, 2)
  script.say(measure(['one', 'other'], ['up'], 0))
  await process.until(async () => kept(process)['other up']?.length === 1)
  expect(kept(process)).toEqual({ 'other up': [0] })
  script.say(vm('one'), vm('other', { monitoring: 'none' }))
  for (let round = 1; kept(process)['one up'] === undefined; round++) {
    script.say(measure(['one', 'other'], ['up'], round))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  // Once it is so it stays so.
  const before = kept(process)['other up']!.length
  script.say(measure(['one', 'other'], ['up'], 1_000))
  await process.until(async () => kept(process)['one up']!.includes(1_000))
  expect(kept(process)['other up']).toHaveLength(before)
})

test('what is measured for other sources by the thing they speak of obeys too', async () => {
  const process = await start([{ selector: { name: 'off-*' }, collect: false }])
  script.say(vm('off-1'), vm('on-1'))
  await there(process, 2)
  const at = Date.now()
  const idOf = (name: string) =>
    process.holder.graph.ofType('VirtualMachine').find((one) => one.name === name)!.id
  script.say({
    measured: ['off-1', 'on-1'].map((name) => ({ resourceId: idOf(name), metric: 'up', value: 1, at })),
  })
  await process.until(async () => kept(process)['on-1 up'] !== undefined)
  expect(kept(process)).toEqual({ 'on-1 up': [1] })
})

const policies = (all: Record<string, Partial<Collecting>>): Collection => ({
  shortestMs: Math.min(...Object.values(all).flatMap(({ everyMs }) => everyMs ?? [])),
  of: async (keys) =>
    new Map(
      keys.flatMap((key) =>
        key in all ? [[key, { isOff: false, everyMs: undefined, accepts: () => true, ...all[key] }]] : [],
      ),
    ),
})

test('a look comes as often as the quickest policy asks; the others are due at their own times', async () => {
  let now = 0
  const all: Record<string, Partial<Collecting>> = {
    quick: { everyMs: 10_000 },
    slow: { everyMs: 60_000 },
    off: { isOff: true },
  }
  const pace = new Pace(policies(all), 30_000, () => now)
  expect(pace.tickMs).toBe(10_000)
  const times: Record<string, number[]> = {}
  const look = async () => {
    for (const key of await pace.due(['quick', 'slow', 'off', 'plain'])) (times[key] ??= []).push(now)
  }
  // Timers come a little late, or early.
  for (const jitter of [0, 40, -900, 900, 0, 0, -40, 40, 0, 0, 0, 0]) {
    await look()
    now = Math.round(now / 10_000) * 10_000 + 10_000 + jitter
  }
  expect(times['quick']).toHaveLength(12)
  expect(times['plain']!.map((at) => Math.round(at / 10_000))).toEqual([0, 3, 6, 9])
  expect(times['slow']!.map((at) => Math.round(at / 10_000))).toEqual([0, 6])
  expect(times['off']).toBeUndefined()
  // Policies that are lifted count at the next look.
  delete all['off']
  delete all['slow']
  now += 10_000
  expect(await pace.due(['slow', 'off'])).toEqual(['slow', 'off'])
})

test('without policies, and while they cannot be asked, everything is measured at every look', async () => {
  const keys = ['one', 'other']
  const none = new Pace(undefined, 30_000, () => 0)
  expect(none.tickMs).toBe(30_000)
  for (let look = 0; look < 3; look++) expect(await none.due(keys)).toEqual(keys)
  const failing: Collection = { shortestMs: undefined, of: () => Promise.reject(new Error('no database')) }
  const ill = new Pace(failing, 30_000, () => 0)
  for (let look = 0; look < 3; look++) expect(await ill.due(keys)).toEqual(keys)
})

test('a controller whose server a policy takes out is asked once, to learn whose it is, and no more', async () => {
  const asked: Record<string, number> = { bmc1: 0, bmc2: 0 }
  const stop = new AbortController()
  const told = goRound(
    {
      parts: ['bmc1', 'bmc2'],
      everyMs: 20,
      environment: {
        log: { debug: () => {}, warn: () => {} },
        shards: { count: 1, mine: () => [0], onChange: () => () => {} },
        collection: policies({ 'bmc1/system': { isOff: true } }),
      },
      keyOf: (part) => `${part}/bmc`,
      ask: async (part) => {
        asked[part]! += 1
        return { things: [{ key: `${part}/system`, kind: 'Server', name: part }], readings: [] }
      },
    },
    stop.signal,
  )
  for await (const one of told) if ('part' in one && asked['bmc2']! >= 5) break
  stop.abort()
  expect(asked['bmc1']).toBe(1)
})

test('policies that select nothing are found', () => {
  const sketch = new Sketch()
  sketch.add('Site', 'icn1')
  sketch.add('Switch', 'leaf1', { fields: { role: 'leaf' } })
  const policies = collectionShape.parse([
    { selector: { kind: ['Switch'] }, every: '10s' },
    { selector: { kind: ['Switch'], name: 'laef1' }, collect: false },
    { collect: true },
    { selector: { site: ['icn2'] } },
  ])
  expect(idlePolicies(policies, sketch.graph)).toEqual([1, 3])
})
