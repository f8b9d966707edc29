/** Lists one source in its process' turn: at its interval and when it is asked to, and answers those who ask. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { steadyNow } from '../clock.ts'
import type { Db } from '../db.ts'
import type { Actor, Observation, ResourceId } from '../resource/resource.ts'
import type { Resources, SyncResult } from '../resource/verbs.ts'
import type { Turn } from '../turn.ts'
import type { SourceConfig } from './config.ts'
import { inSpan } from '../telemetry/index.ts'
import { abortable, type Guard } from './guard.ts'
import { Timetable } from './listing.ts'
import { syncs, syncSeconds } from './meter.ts'
import { SourceError, type Source } from './source.ts'
import type { Intake } from './watch.ts'
import { answerSync, type Asked } from './store.ts'

export interface ListerOptions {
  db: Db
  config: SourceConfig
  sourceId: ResourceId
  resources: Resources
  by: Actor
  log: Logger
  guard: Guard
  /** What is listed, without secrets. */
  cleanThing(thing: Observation): Observation
  /** The error without secrets. */
  clean(error: unknown): SourceError
  /** What is wrong beside listings. */
  standing(): string | null
  onListed(): void
  beginListing: Intake['beginListing']
  onAsked(isUp: boolean, seconds: number): void
}

/** A time of the tables by the steady clock; what is said to be in the future was now. */
const steady = (at: number | null): number | null =>
  at === null ? null : steadyNow() - Math.max(0, Date.now() - at)

/** A listing that waits this long for its next thing has failed. */
const stallMs = 120_000

export class Lister {
  readonly #options: ListerOptions
  #timetable: Timetable | undefined
  #asked: Asked[] = []
  #taken: string | undefined
  #wake: () => void = () => {}
  /** Why the last listing failed. */
  failure: string | null = null

  constructor(options: ListerOptions) {
    this.#options = options
  }

  /** Resolves when it is taken up; `run` answers. */
  async answer(asked: Asked): Promise<void> {
    // Who looked may have looked before the answer was there.
    if (this.#taken === asked.at) return
    this.#taken = asked.at
    this.#asked.push(asked)
    this.#wake()
  }

  soon(): void {
    this.#timetable?.soon(steadyNow())
    this.#wake()
  }

  /** Until the signal aborts. */
  async run(source: Source, turn: Turn, signal: AbortSignal): Promise<void> {
    const { resources, sourceId, config } = this.#options
    const last = await resources.sourceStates().then(
      (states) => states.get(sourceId)?.lastSyncAt ?? null,
      () => null,
    )
    const timetable = (this.#timetable = new Timetable(
      config.intervalSeconds * 1_000,
      steady(last),
      steadyNow(),
    ))
    while (!signal.aborted) {
      await this.#untilDue(timetable, signal)
      if (!signal.aborted) await this.#listOnce(source, turn, timetable, signal)
    }
    this.#asked = []
    this.#taken = undefined
  }

  async #untilDue(timetable: Timetable, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#asked.length === 0 && timetable.dueAt > steadyNow()) {
      const waking = new AbortController()
      this.#wake = () => waking.abort()
      const waitMs = Math.max(0, Math.min(timetable.dueAt - steadyNow(), 2 ** 31 - 1))
      await delay(waitMs, undefined, { signal: AbortSignal.any([signal, waking.signal]), ref: false }).catch(
        () => {},
      )
    }
  }

  async #listOnce(source: Source, turn: Turn, timetable: Timetable, signal: AbortSignal): Promise<void> {
    const { guard, clean, log, config } = this.#options
    const asked = this.#asked
    this.#asked = []
    const began = steadyNow()
    const beganMs = performance.now()
    try {
      const result = await inSpan('source.list', 'internal', { 'plenum.source': config.name }, () =>
        this.#sync(source, turn, asked, signal),
      )
      syncs.add([config.name, result.held === null ? 'ok' : 'held'])
      this.failure = null
      guard.succeeded()
      timetable.succeeded(began, steadyNow())
      this.#options.onListed()
      await this.#tell(asked, { ...result, failure: null })
    } catch (error) {
      if (signal.aborted) return
      syncs.add([config.name, 'failed'])
      const told = clean(error)
      this.failure = told.message
      guard.failed(told)
      timetable.failed(told, steadyNow())
      log.warn({ failure: told.message }, 'a source could not be listed')
      await this.#tell(asked, { failure: told.message })
    } finally {
      const seconds = (performance.now() - beganMs) / 1_000
      syncSeconds.add([config.name], seconds)
      if (!signal.aborted) this.#options.onAsked(this.failure === null, seconds)
    }
  }

  async #sync(source: Source, turn: Turn, asked: readonly Asked[], signal: AbortSignal): Promise<SyncResult> {
    const { resources, sourceId, by, config, standing } = this.#options
    const name = asked.at(-1)?.by
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(config.timeoutSeconds * 1_000)])
    const pushed = this.#options.beginListing()
    try {
      return await resources.sync(
        {
          sourceId,
          listing: this.#listing(source, signal, deadline),
          younger: pushed.take,
          acceptVanished: asked.some(({ accept }) => accept),
          fence: turn,
          standing: standing(),
          signal,
        },
        name === undefined ? by : { name },
      )
    } finally {
      pushed.end()
    }
  }

  /** What the driver lists, with a deadline for all of it and for each thing, and without secrets in what it throws. */
  async *#listing(source: Source, signal: AbortSignal, deadline: AbortSignal): AsyncGenerator<Observation> {
    const { clean, config } = this.#options
    const things = source.list!(deadline)[Symbol.asyncIterator]()
    const stalled = new AbortController()
    const either = AbortSignal.any([deadline, stalled.signal])
    const watchdog = setTimeout(() => stalled.abort(), stallMs).unref()
    const abort = abortable(either)
    try {
      for (;;) {
        const step = await abort.run(things.next())
        if (step.done === true) return
        watchdog.refresh()
        yield this.#options.cleanThing(step.value)
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const late = deadline.aborted
        ? `not listed within ${config.timeoutSeconds} s`
        : `nothing came for ${stallMs / 1_000} s`
      throw (error as SourceError).failure === 'aborted' ? new SourceError('timeout', late) : clean(error)
    } finally {
      clearTimeout(watchdog)
      abort.end()
      void things.return?.(undefined).catch(() => {})
    }
  }

  async #tell(
    asked: readonly Asked[],
    { seen, failure, held, cursor, ...rest }: Partial<SyncResult> & { failure: string | null },
  ): Promise<void> {
    const changed = (rest.created ?? 0) + (rest.updated ?? 0) + (rest.deleted ?? 0)
    const answer = { seen: seen ?? 0, changed, held: held ?? null, failure, cursor: cursor ?? null }
    for (const one of asked)
      await answerSync(this.#options.db, one, answer).catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'a sync that was asked for cannot be answered'),
      )
  }
}
