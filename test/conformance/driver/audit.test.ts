/**
 * The same numbered audits over every driver of the list, each with its twin: what docs/adding-a-source.md promises of all of them. A driver without a twin fails here.
 */
import { afterEach, describe, expect, test } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { drivers } from '../../../src/source/index.ts'
import { Guard } from '../../../src/source/guard.ts'
import {
  SourceError,
  sourceFailures,
  type Source,
  type SourceEnvironment,
  type Told,
} from '../../../src/source/source.ts'
import { illnesses, type Illness, type Neighbour, type Twin } from './twin.ts'
import { twins } from './twins.ts'
import { unaudited } from './unaudited.ts'
import { timed } from '../../support/pause.ts'

const forever = new AbortController().signal
const obeyMs = 50
/** An ill neighbour may cost its deadline, of half a second, as often as the driver asks again. */
const endMs = 4_000

test('every driver of the list has its twin', () => {
  const audited = [...twins.map(({ driver }) => driver.name), ...Object.keys(unaudited)]
  expect(audited.sort()).toEqual(drivers.map(({ name }) => name).sort())
})

describe.each(twins.map((twin): [string, Twin] => [twin.driver.name, twin]))('%s', (_, twin) => {
  const opened: { neighbour: Neighbour; source: Source }[] = []
  const said: string[] = []

  afterEach(async () => {
    for (const { neighbour, source } of opened.splice(0)) {
      await source.close()
      await neighbour.close()
    }
    said.length = 0
  })

  /** Opened while well, unless another address belongs to the illness. */
  async function start(
    illness: Illness | 'well' = 'well',
    after = 0,
  ): Promise<{ neighbour: Neighbour; source: Source }> {
    const neighbour = await twin.start()
    neighbour.be(illness, after)
    const source = await twin.driver.open(
      twin.driver.parseSettings(neighbour.settings),
      environmentOf(neighbour),
    )
    opened.push({ neighbour, source })
    return { neighbour, source }
  }

  function environmentOf({ secrets }: Neighbour): SourceEnvironment {
    const shards = twin.driver.shards ?? 1
    const guard = new Guard({ atOnce: 8, perSecond: 10_000 })
    const note = (detail: object, message: string) =>
      void said.push(message, JSON.stringify(detail, withErrors))
    return {
      name: 'audited',
      control: false,
      log: { debug: note, warn: note },
      secret: async (reference) =>
        secrets[reference] ?? Promise.reject(new SourceError('denied', 'no such secret')),
      admit: (signal) => guard.admit(signal),
      shards: {
        count: shards,
        mine: () => Array.from({ length: shards }, (_, shard) => shard),
        onChange: () => () => {},
      },
      addresses: async () => [],
    }
  }

  async function list(source: Source, signal = forever): Promise<Observation[]> {
    const things: Observation[] = []
    for await (const thing of source.list!(signal)) things.push(thing)
    return things
  }

  /** What became of asking it all that it can be asked. */
  async function ask(
    { neighbour, source }: { neighbour: Neighbour; source: Source },
    signal = forever,
  ): Promise<unknown[]> {
    const asked: Promise<unknown>[] = []
    if (neighbour.things !== undefined) asked.push(list(source, signal))
    if (neighbour.live) asked.push(source.read!(neighbour.live.keys, neighbour.live.metrics, signal))
    return (await Promise.allSettled(asked)).map((end) =>
      end.status === 'fulfilled' ? end.value : end.reason,
    )
  }

  /** The first thing that its watch tells and that satisfies. */
  async function watchUntil<T>(source: Source, find: (told: Told) => T | undefined): Promise<T> {
    const stop = new AbortController()
    const late = setTimeout(() => stop.abort(), endMs)
    try {
      for await (const told of source.watch!(stop.signal)) {
        const found = find(told)
        if (found !== undefined) return found
      }
      throw new Error('nothing of that was told in time')
    } finally {
      clearTimeout(late)
      stop.abort()
    }
  }
  /** All that its watch tells in that time, as text. */
  async function watchFor(source: Source, ms: number): Promise<string[]> {
    const stop = new AbortController()
    const texts: string[] = []
    const late = setTimeout(() => stop.abort(), ms)
    try {
      for await (const told of source.watch!(stop.signal)) texts.push(JSON.stringify(told, withErrors))
    } catch (error) {
      texts.push(JSON.stringify(error, withErrors))
    }
    clearTimeout(late)
    return texts
  }
  const firstPart = (source: Source): Promise<Observation[]> =>
    watchUntil(source, (told) => ('part' in told ? told.things : undefined))

  const possible = illnesses.filter((illness) => twin.immune?.[illness] === undefined)

  test('1 refuses unknown keys of its configuration, with their path', async () => {
    const neighbour = await twin.start()
    await neighbour.close()
    const parse = () => twin.driver.parseSettings({ ...neighbour.settings, toaster: 1 })
    expect(parse).toThrow(/toaster/)
  })

  test('2 gives the same key to the same thing, and each key once', async () => {
    const { neighbour, source } = await start()
    const whole = neighbour.things === undefined ? firstPart : list
    const [one, other] = [await whole(source), await whole(source)]
    expect(new Set(one.map(({ key }) => key)).size).toBe(one.length)
    expect(other).toEqual(one)
  })

  test('3 pages to the end', async () => {
    const { neighbour, source } = await start()
    if (neighbour.things !== undefined) expect(await list(source)).toHaveLength(neighbour.things)
    else expect((await firstPart(source)).length).toBeGreaterThanOrEqual(neighbour.watched!.things)
  })

  test('4 stops within 50 ms when it is told to, also while its neighbour hangs or drips', async () => {
    for (const illness of ['hang', 'drip'] as const) {
      const { neighbour, source } = await start(illness)
      const stop = new AbortController()
      const asking = ask({ neighbour, source }, stop.signal)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const ends = await obeys(stop, asking)
      for (const end of ends)
        if (end instanceof Error) expect(end).toMatchObject({ name: 'SourceError', failure: 'aborted' })
      if (source.watch) await stopsWatching(source)
    }
  })

  /** What came of it, which must not take longer; beyond what the machine was busy with elsewhere. */
  async function obeys<T>(stop: AbortController, running: Promise<T>): Promise<T> {
    const { tookMs, heldMs } = await timed(() => {
      stop.abort()
      return running
    })
    expect(tookMs).toBeLessThan(obeyMs + heldMs)
    return running
  }

  async function stopsWatching(source: Source): Promise<void> {
    const stop = new AbortController()
    const watching = (async () => {
      for await (const _ of source.watch!(stop.signal));
    })().catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const end = await obeys(stop, watching)
    if (end !== undefined) expect(end).toMatchObject({ name: 'SourceError' })
  }

  test('5 throws rather than ends early, wherever its neighbour fails', async () => {
    const well = await start()
    if (well.neighbour.things === undefined || twin.measuresFailure) return
    await list(well.source)
    const answers = well.neighbour.answered()
    for (const after of new Set([0, 1, 2, Math.floor(answers / 2), answers - 1])) {
      const { source } = await start('midway', after)
      await expect(list(source)).rejects.toMatchObject({ name: 'SourceError' })
    }
  })

  test.each(possible)(
    '6 survives a neighbour that is ill: %s; says so by a SourceError, in time',
    async (illness) => {
      const both = await start(illness)
      const began = performance.now()
      const before = process.memoryUsage().rss
      const ends = await ask(both)
      expect(performance.now() - began).toBeLessThan(endMs)
      expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1_048_576)
      expect(both.neighbour.strayed?.() ?? 0).toBe(0)
      const { watched } = both.neighbour
      if (watched)
        return void (await watchUntil(both.source, (told) => (watched.isDown(told) ? true : undefined)))
      if (twin.measuresFailure) return expect(ends.at(-1)).toMatchObject([{ value: 0 }])
      for (const end of ends) {
        expect(end).toBeInstanceOf(SourceError)
        expect(sourceFailures).toContain((end as SourceError).failure)
      }
    },
  )

  test('7 tells no secret: in things, errors, their causes, logs', async () => {
    const texts: string[] = []
    for (const illness of ['well', ...possible.filter((one) => one !== 'hang' && one !== 'drip')] as const) {
      const both = await start(illness)
      texts.push(...(await ask(both)).map((end) => JSON.stringify(end, withErrors)))
      if (both.neighbour.watched) texts.push(...(await watchFor(both.source, illness === 'well' ? 500 : 250)))
      for (const secret of Object.values(both.neighbour.secrets))
        expect([...texts, ...said].join('\n')).not.toContain(secret)
    }
  })

  test('8 closes every socket', async () => {
    for (const illness of ['well', 'midway', 'hang'] as const) {
      const both = await start(illness)
      await ask(both)
      if (both.neighbour.watched) await watchFor(both.source, 200)
      await both.source.close()
      const until = performance.now() + 1_000
      while ((await both.neighbour.connections()) > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 10))
      expect(await both.neighbour.connections()).toBe(0)
    }
  })

  test('9 sends nothing but reads and logins without control, and makes no actor', async () => {
    const both = await start()
    await ask(both)
    if (both.neighbour.watched) await firstPart(both.source)
    expect(both.neighbour.answered()).toBeGreaterThan(0)
    expect(both.neighbour.writes()).toEqual([])
    expect(both.source.actor).toBeUndefined()
  })

  test('10 is well again when its neighbour is', async () => {
    const both = await start('midway')
    await ask(both)
    both.neighbour.be('well')
    for (const end of await ask(both)) expect(end).not.toBeInstanceOf(Error)
    if (both.neighbour.watched) expect(await firstPart(both.source)).not.toEqual([])
  })
})

/** Errors have nothing that JSON shows of itself. */
function withErrors(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { ...value, message: value.message, stack: value.stack, cause: value.cause }
}
