/** Takes samples in, checks them, and writes them as one tick now and then. */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { ResourceId } from '../resource/resource.ts'
import type { Catalogue } from './catalogue.ts'
import type { Refusal, Sample, SeriesId, SeriesKey } from './metric.ts'
import { saveTick } from './store.ts'
import { encodeTick } from './tick.ts'

export interface CollectorOptions {
  db: Knex
  log: Logger
  catalogue: Catalogue
  now(): number
  mostSeries: number
  /** How old a sample may be. */
  lateMs: number
  /** A tick was written: the head is to take it. */
  onTick(): void
}

/** What arrives is written so soon, with what arrives beside it; under a steady stream a tick comes in so long. */
const soonMs = 5
const apartMs = 40
const aheadMs = 5 * 60_000
/** What may wait for the database: beyond that the oldest are dropped, and counted. */
const mostWaiting = 2_000_000
const mostInTick = 100_000
const name = /^[a-z][a-z0-9_.:]{0,127}$/i

interface Waiting {
  id: SeriesId
  at: number
  value: number
}

export class Collector {
  readonly refused: Record<Refusal, number> = { notFinite: 0, future: 0, past: 0, tooManySeries: 0, name: 0 }
  /** Samples that waited too long for a database that did not answer. */
  dropped = 0
  written = 0
  readonly #options: CollectorOptions
  readonly #unknown = new Map<string, { key: SeriesKey; samples: { at: number; value: number }[] }>()
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #toldTooMany = false
  #soon: NodeJS.Timeout | undefined
  #flushedAtMs = -Infinity
  #closed = false

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Never throws and never waits: what cannot be taken is counted by its reason. */
  record(sourceId: ResourceId, samples: readonly Sample[]): void {
    const { catalogue } = this.#options
    const now = this.#options.now()
    for (const { resourceId, metric, value, at } of samples) {
      const refusal = this.#refusalOf(value, at, now)
      if (refusal !== undefined) {
        this.refused[refusal]++
        continue
      }
      const id = catalogue.find(sourceId, metric, resourceId)
      if (id === undefined) this.#hold({ resourceId, metric, sourceId }, at, value)
      else this.#waiting.push({ id, at, value })
    }
    if (this.#waiting.length + this.#unknown.size > 0) this.#flushSoon()
  }

  #refusalOf(value: number, at: number, now: number): Refusal | undefined {
    if (!Number.isFinite(value) || !Number.isFinite(at)) return 'notFinite'
    if (at > now + aheadMs) return 'future'
    return at < now - this.#options.lateMs ? 'past' : undefined
  }

  /** A series that is new: it is made with the next tick. */
  #hold(key: SeriesKey, at: number, value: number): void {
    const called = `${key.sourceId} ${key.resourceId} ${key.metric}`
    const known = this.#unknown.get(called)
    if (known !== undefined) {
      known.samples.push({ at, value })
      return
    }
    if (!name.test(key.metric)) {
      this.refused.name++
      return
    }
    const { catalogue, mostSeries, log } = this.#options
    if (catalogue.size + this.#unknown.size >= mostSeries) {
      this.refused.tooManySeries++
      if (!this.#toldTooMany)
        log.warn(
          { limit: mostSeries, largest: catalogue.largestMetric(), refused: key },
          'limits.series is reached: new series are refused',
        )
      this.#toldTooMany = true
      return
    }
    this.#unknown.set(called, { key, samples: [{ at, value }] })
  }

  /** What cannot be written waits for the next flush. */
  #flushSoon(): void {
    if (this.#soon !== undefined || this.#closed) return
    const waitMs = Math.max(soonMs, this.#flushedAtMs + apartMs - performance.now())
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      void this.flush().catch(() => undefined)
    }, waitMs).unref()
  }

  /** Nothing is written by itself any more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#soon)
  }

  /** Writes what waits; one write at a time. What cannot be written now waits on. */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#waiting.length + this.#unknown.size === 0) return
    this.#flushedAtMs = performance.now()
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
    })
    await this.#writing
  }

  async #write(): Promise<void> {
    const unknown = [...this.#unknown.values()]
    if (unknown.length > 0) {
      await this.#options.catalogue.make(unknown.map(({ key }) => key))
      for (const [called, { key, samples }] of [...this.#unknown]) {
        const id = this.#options.catalogue.find(key.sourceId, key.metric, key.resourceId)
        if (id === undefined) continue
        this.#unknown.delete(called)
        for (const { at, value } of samples) this.#waiting.push({ id, at, value })
      }
    }
    while (this.#waiting.length > 0) {
      const some = this.#waiting.slice(0, mostInTick)
      await this.#writeSome(some)
      this.#waiting.splice(0, some.length)
      this.written += some.length
    }
  }

  async #writeSome(samples: readonly Waiting[]): Promise<void> {
    let [from, to] = [Infinity, -Infinity]
    for (const { at } of samples) {
      if (at < from) from = at
      if (at > to) to = at
    }
    try {
      await saveTick(this.#options.db, { from, to, samples: samples.length, payload: encodeTick(samples) })
    } catch (error) {
      const excess = this.#waiting.length - mostWaiting
      if (excess > 0) {
        this.#waiting.splice(0, excess)
        this.dropped += excess
      }
      throw error
    }
    this.#options.onTick()
  }
}
