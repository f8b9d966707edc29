/** What becomes of webhooks: the models that they name are asked for anew, and what is otherwise than it was is told. */
import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Observation } from '../../resource/resource.ts'
import { SourceError, type Told } from '../source.ts'
import { HookListener, type HookOptions } from './hook.ts'

/** Hooks come many at a time: whoever saves a device saves its interfaces. */
const gatherMs = 200
/** The whole is mapped anew each time: that takes no more than this share of the time. */
const mostShare = 0.2

type Look = (signal: AbortSignal, changed?: ReadonlySet<string>) => Promise<Observation[]>

/** One look at a time, and what the last one saw. */
export class Looking {
  readonly #look: Look
  readonly #isWatched: boolean
  #seen: Map<string, string> | undefined
  #before: Promise<unknown> = Promise.resolve()

  /** `isWatched`: what was seen is kept, for what changes later. */
  constructor(look: Look, isWatched: boolean) {
    this.#look = look
    this.#isWatched = isWatched
  }

  all(signal: AbortSignal): Promise<Observation[]> {
    return this.#next(async () => {
      const things = await this.#look(signal)
      if (this.#isWatched) this.#seen = seenOf(things)
      return things
    })
  }

  /** What is new, otherwise or gone since the last look; all of it when there was none. */
  changes(models: ReadonlySet<string>, signal: AbortSignal): Promise<Told[]> {
    return this.#next(async () => {
      const things = await this.#look(signal, models)
      const [before, now] = [this.#seen, seenOf(things)]
      this.#seen = now
      const gone = [...(before?.keys() ?? [])].filter((key) => !now.has(key))
      return [
        ...things.filter(({ key }) => before?.get(key) !== now.get(key)),
        ...gone.map((key) => ({ key, gone: true as const })),
      ]
    })
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#before.then(work)
    this.#before = next.catch(() => {})
    return next
  }
}

const seenOf = (things: readonly Observation[]): Map<string, string> =>
  new Map(things.map((thing) => [thing.key, hash('sha1', JSON.stringify(thing), 'base64')]))

export async function* followHooks(
  options: HookOptions,
  looking: Looking,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  const hooks = new HookListener(options)
  await hooks.open()
  try {
    for (;;) {
      const models = new Set(await hooks.next(signal))
      await delay(gatherMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) throw new SourceError('aborted', 'the watch was given up')
      for (const more of hooks.take()) models.add(more)
      const beganMs = performance.now()
      yield* await looking.changes(models, signal)
      const restMs = (performance.now() - beganMs) * (1 / mostShare - 1)
      await delay(restMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    await hooks.close()
  }
}
