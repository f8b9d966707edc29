/**
 * Takes in what a source's watch tells, many at a time: things first, then the values and happenings that name them. What cannot be written now waits and is tried
 * again; meanwhile no more is taken from the source than fits.
 */
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Sample } from '../metric/metric.ts'
import type { Actor, Gone, Observation, ResourceId } from '../resource/resource.ts'
import type { Fence, Pushed, Resources } from '../resource/verbs.ts'
import type { KeyIds } from './key.ts'
import { shardOf, type Measured, type Notice, type Reading, type Told } from './source.ts'

export interface IntakeOptions {
  sourceId: ResourceId
  by: Actor
  resources: Pick<Resources, 'push'>
  keys: KeyIds
  /** The turns that this process has now; `undefined` for what belongs to none of them. */
  fenceOf(shard: number): Fence | undefined
  shards: number
  record(samples: readonly Sample[]): void
  collected(isUp: boolean, seconds: number): void
  /** Without the secrets of the source. */
  clean<T>(value: T): T
  tell(notices: readonly { resourceId: ResourceId; notice: Notice }[]): Promise<void>
  log: Logger
  /** How long what was told may wait for company. */
  gatherMs?: number
}

const mostWaiting = 10_000
const mostReadings = 100_000
const retryMs = [200, 1_000, 5_000]
const mostKeptReadings = 1_000_000

const keyOfChange = (change: Pushed): string =>
  'part' in change ? change.part : 'silent' in change ? change.silent : change.key
const sizeOf = (change: Pushed): number => ('part' in change ? change.things.length + 1 : 1)

export class Intake {
  readonly #options: IntakeOptions
  readonly #gatherMs: number
  /** What parts held when they were written last, so that one that is as it was costs nothing. */
  readonly #written = new Map<string, string>()
  #things: { change: Pushed; atMs: number }[] = []
  #size = 0
  #readings: Reading[] = []
  #notices: Notice[] = []
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #failed = 0
  /** What was told since a listing began, and until when nothing is written while that is. */
  #younger: Map<string, Observation | Gone> | undefined
  #listing: PromiseWithResolvers<void> | undefined
  #closed = false
  /** How long the slowest of the last flush waited until it was written. */
  lagSeconds: number | undefined
  /** Readings of keys that no resource has. */
  unknownReadings = 0
  dropped = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#gatherMs = options.gatherMs ?? 50
  }

  /** Resolves when there is room for more. */
  async add(said: Told): Promise<void> {
    if ('measured' in said) return this.#record(said.measured)
    if ('collected' in said) return this.#options.collected(said.collected, said.seconds)
    const told = 'readings' in said ? said : this.#options.clean(said)
    if ('readings' in told) this.#readings.push(...told.readings)
    else if ('notice' in told) this.#notices.push(told)
    else {
      this.#things.push({ change: told, atMs: performance.now() })
      if ('key' in told) this.#younger?.set(told.key, told)
      this.#size += sizeOf(told)
    }
    this.#timer ??= setTimeout(() => void this.flush(), this.#gatherMs)
    while (this.#isFull() && !this.#closed) await this.flush()
  }

  #record(measured: readonly Measured[]): void {
    const { record, sourceId } = this.#options
    record(measured.map(({ resourceId = sourceId, ...rest }) => ({ resourceId, ...rest })))
  }

  #isFull(): boolean {
    return this.#size >= mostWaiting || this.#readings.length >= mostReadings
  }

  /** A listing begins: what is told from now on is younger. `take` gives it, and holds up what comes then until `end`. */
  beginListing(): { take(): ReadonlyMap<string, Observation | Gone>; end(): void } {
    const younger = (this.#younger = new Map<string, Observation | Gone>())
    return {
      take: () => {
        this.#listing ??= Promise.withResolvers<void>()
        return younger
      },
      end: () => {
        this.#younger = undefined
        this.#listing?.resolve()
        this.#listing = undefined
      },
    }
  }

  /** Writes what is there; one at a time. */
  async flush(): Promise<void> {
    // Also while one is under way: what came meanwhile is taken up by its end.
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#flushing) return this.#flushing
    this.#flushing = this.#write().finally(() => {
      this.#flushing = undefined
      if (!this.#closed && this.#things.length + this.#readings.length + this.#notices.length > 0)
        this.#timer ??= setTimeout(() => void this.flush(), this.#gatherMs)
    })
    return this.#flushing
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#flushing
  }

  async #write(): Promise<void> {
    // What a listing writes now holds this already; what comes meanwhile goes over it.
    await this.#listing?.promise
    const things = this.#things
    this.#things = []
    this.#size = 0
    try {
      await this.#push(things)
      this.#failed = 0
    } catch (error) {
      // Nothing of it may be lost: it goes before what came since.
      this.#things = [...things, ...this.#things]
      this.#size = this.#things.reduce((sum, one) => sum + sizeOf(one.change), 0)
      this.#options.log.warn({ err: error }, 'what a source told cannot be written now; trying again')
      return this.#pause()
    }
    await this.#handOver()
  }

  async #pause(): Promise<void> {
    const waitMs = retryMs[Math.min(this.#failed++, retryMs.length - 1)]!
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, waitMs).unref()
    // Values of the past are not worth more than what comes.
    if (this.#readings.length > mostKeptReadings)
      this.#readings.splice(0, this.#readings.length - mostKeptReadings)
    await promise
  }

  async #push(things: readonly { change: Pushed; atMs: number }[]): Promise<void> {
    const news = things.filter(({ change }) => !this.#isAsWritten(change))
    const { shards } = this.#options
    const byShard = Map.groupBy(news, ({ change }) => shardOf(keyOfChange(change).split('/', 1)[0]!, shards))
    for (const [shard, changes] of byShard) {
      const fence = this.#options.fenceOf(shard)
      if (fence === undefined) this.dropped += changes.length
      else
        await this.#pushShard(
          changes.map(({ change }) => change),
          fence,
        )
    }
    const [first] = news
    if (first !== undefined) this.lagSeconds = (performance.now() - first.atMs) / 1_000
  }

  async #pushShard(changes: readonly Pushed[], fence: Fence): Promise<void> {
    const { resources, sourceId, by, keys, log } = this.#options
    let result
    try {
      result = await resources.push(sourceId, changes, by, { fence })
    } catch (error) {
      // Another process has this now and tells the same: it is not ours to write.
      if ((error as { code?: string }).code !== 'CONFLICT') throw error
      return log.warn({ err: error }, 'what a source told came too late')
    }
    if (result.refused.length > 0)
      log.warn(
        { refused: result.refused.slice(0, 10), count: result.refused.length },
        'faulty things were refused',
      )
    for (const change of changes) {
      if ('part' in change) {
        keys.forget(change.things.map((thing) => thing.key))
        if (result.missing === 0 && result.held === null)
          this.#written.set(change.part, digest(change.things))
        else this.#written.delete(change.part)
      } else if ('silent' in change) this.#written.delete(change.silent)
      else {
        keys.forget([change.key])
        this.#written.delete(change.key.split('/', 1)[0]!)
      }
    }
  }

  #isAsWritten(change: Pushed): boolean {
    return 'part' in change && this.#written.get(change.part) === digest(change.things)
  }

  /** Another process may have written since: nothing is taken as written any more. */
  forgetWritten(): void {
    this.#written.clear()
  }

  /** Values and happenings of what now is there. */
  async #handOver(): Promise<void> {
    const readings = this.#readings
    const notices = this.#notices
    this.#readings = []
    this.#notices = []
    if (readings.length + notices.length === 0) return
    const { keys, record, tell, sourceId, log } = this.#options
    try {
      const named = notices.flatMap((notice) => notice.key ?? [])
      const ids = await keys.find([...new Set([...readings.map((reading) => reading.key), ...named])])
      const samples: Sample[] = []
      for (const { key, metric, value, at } of readings) {
        const resourceId = ids.get(key)
        if (resourceId === undefined) this.unknownReadings += 1
        else samples.push({ resourceId, metric, value, at })
      }
      if (samples.length > 0) record(samples)
      if (notices.length > 0)
        await tell(notices.map((notice) => ({ notice, resourceId: ids.get(notice.key ?? '') ?? sourceId })))
    } catch (error) {
      log.warn(
        { err: error, readings: readings.length },
        'values of a source were lost: they cannot be kept now',
      )
      this.#notices = [...notices, ...this.#notices].slice(0, mostWaiting)
      await this.#pause()
    }
  }
}

const digest = (things: readonly unknown[]): string =>
  createHash('sha1').update(JSON.stringify(things)).digest('base64')
