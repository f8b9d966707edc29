/**
 * The steps of containers in a real dockerd, which fails before and after each effect, serves late, and is asked twice; and with the process killed between any two rows of
 * the log. What is looked at is what `docker ps` shows, not the tables.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nameOf } from '../../src/allocation/step/name.ts'
import type { NewStep } from '../../src/operation/index.ts'
import { docker } from '../../src/source/docker/index.ts'
import { hasDockerd, startDockerd, type Dockerd } from '../source/docker/dockerd.ts'
import { startFaulty, type Faulty } from '../source/docker/faulty.ts'
import type { Fault } from '../source/openstack/tenant.ts'
import { Lives, Reaper, type Run, type World } from './lives.ts'

interface EngineWorld extends World {
  faulty: Faulty
}

const step = (member: number, image = 'box:1'): NewStep => ({
  kind: 'container',
  name: nameOf({ member, index: 0 }),
  parameters: { source: 'box', image, command: ['sleep', '3000'], network: 'none' },
})
const steps = [step(1), step(2)]
/** The second is of an image that nobody has. */
const broken = [step(1), step(2, 'nothing:1')]
const ends = [
  ['SUCCEEDED', ['running', 'running']],
  ['FAILED', []],
] as const
const [whole, nothing] = ends

describe.runIf(hasDockerd)('in the engine is all of it, or nothing', () => {
  let engine: Dockerd
  let lives: Lives<EngineWorld>
  beforeAll(async () => {
    engine = await startDockerd()
    lives = await Lives.open(start)
  })
  afterAll(async () => {
    await lives?.close()
    await engine?.close()
  })
  afterEach(() => engine.clear())

  async function start(): Promise<EngineWorld> {
    const faulty = await startFaulty(engine.url.slice('unix://'.length))
    const source = await docker.open(docker.parseSettings({ url: faulty.url }), {
      name: 'box',
      control: true,
      log: { debug: () => {}, warn: () => {} },
      secret: async () => '',
      shards: { count: 1, mine: () => [0], onChange: () => () => {} },
      addresses: async () => [],
    })
    return {
      ...{ source, faulty },
      fault: (what, how) => void faulty.faults.set(what, how),
      async close() {
        await source.close()
        await faulty.close()
      },
    }
  }
  const shown = async () => (await engine.ps()).map((line) => line.split(' ')[2])
  async function run(given: Run<EngineWorld>) {
    const { state } = await lives.run(given)
    return [state, await shown()]
  }

  const making = ['POST create', 'POST create 2', 'POST start', 'POST start 2']
  const cases = (faults: readonly Fault[], all = making): [string, Fault][] =>
    all.flatMap((what) => faults.map((fault): [string, Fault] => [what, fault]))

  test.each(cases(['before', 'after']))('%s fails %s its effect, each time', async (what, fault) => {
    // An engine that never answers has it perhaps; what is told FAILED has left nothing there.
    expect(await run({ steps, faults: { [what]: fault } })).toEqual(nothing)
  })

  test.each(cases(['before, once', 'after, once']))(
    '%s fails %s: the next try makes it',
    async (what, fault) => {
      expect(await run({ steps, faults: { [what]: fault } })).toEqual(whole)
    },
  )

  test.each(cases(['before, once', 'after, once', 'after'], ['DELETE', 'DELETE 2']))(
    'while it is undone %s fails %s: the next try ends it',
    async (what, fault) => {
      expect(await run({ steps: [...steps, step(3, 'nothing:1')], faults: { [what]: fault } })).toEqual(
        nothing,
      )
    },
  )

  test('what cannot be ended is stuck, and is not said to be gone', async () => {
    const [state, left] = await run({ steps: broken, faults: { DELETE: 'before' } })
    expect([state, left]).toEqual(['STUCK', ['running']])
  })

  test.each(making)('%s is served after its undo: it is found by its name, and ended', async (what) => {
    const told = await run({
      steps,
      faults: { [what]: 'late' },
      async then(world) {
        expect(await shown()).toEqual([])
        await world.faulty.deliver()
        // A start of what is gone the engine refuses by itself.
        expect((await shown()).length > 0).toBe(what.startsWith('POST create'))
        world.faulty.faults.clear()
        await lives.sweep(world)
      },
    })
    expect(told).toEqual(nothing)
  })

  test('every step twice, and every undo', async () => {
    expect(await run({ steps, repeats: 2 })).toEqual(whole)
    await engine.clear()
    expect(await run({ steps: broken, repeats: 2 })).toEqual(nothing)
  })

  test.each([
    ['made', steps, whole],
    ['undone', broken, nothing],
  ] as const)(
    'killed between any two rows of the log while it is %s',
    async (_, given, expected) => {
      for (let at = 0; ; at++) {
        const reaper = new Reaper(at)
        expect([at, ...(await run({ steps: given, reaper }))]).toEqual([at, ...expected])
        await engine.clear()
        if (!reaper.signal.aborted) break
      }
    },
    180_000,
  )
})
