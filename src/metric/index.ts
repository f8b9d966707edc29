/**
 * Measuring: samples come in by `record`, are written as ticks, and every process follows the ticks: the latest of every series and the last hours are in memory.
 * Hours that are over become chunks and rollups, by the process whose turn it is.
 */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { listen } from '../db.ts'
import { startLoop } from '../loop.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Turn, Turns } from '../turn.ts'
import { Catalogue } from './catalogue.ts'
import { Collector } from './collect.ts'
import { compact, dayMs } from './compact.ts'
import { Follow, type TickListener } from './follow.ts'
import { Head, hourMs } from './head.ts'
import { dropPartitions } from './kept/store.ts'
import type { Samples } from './chunk.ts'
import type {
  Aggregate,
  Metric,
  MetricSeries,
  Reading,
  Refusal,
  Sample,
  Series,
  SeriesKey,
} from './metric.ts'
import { readSamples } from './raw.ts'
import { checkSize, readGrids, toSeries, type Range } from './read.ts'
import { Remote, type RemoteOptions } from './remote/index.ts'
import { noteCompacted, tickChannel } from './store.ts'

export { remoteShape, type RemoteConfig } from './remote/index.ts'

export interface Metrics {
  /** Takes samples in; never throws, never waits. `sourceId` 0: Plenum itself. */
  record(sourceId: ResourceId, samples: readonly Sample[]): void
  /** Says what metrics mean. */
  define(metrics: readonly Metric[]): Promise<void>
  /** What is measured, by name; of these resources when given. */
  metrics(resourceIds?: Iterable<ResourceId>): Metric[]
  metric(name: string): Metric | undefined
  /** The latest of each series of a resource; of several sources the newest first. */
  readings(resourceId: ResourceId, metrics?: readonly string[]): Reading[]
  /** Series on a grid, of those that have anything in the range. LIMIT_EXCEEDED when they would be too many values. */
  series(request: {
    resourceIds: readonly ResourceId[]
    metrics: readonly string[]
    range: Range
    aggregate: Aggregate
  }): Promise<Series[]>
  /** Every series of a metric, whichever resource and source. */
  seriesOf(metric: string): MetricSeries[]
  readonly head: Pick<Head, 'latest' | 'recent'>
  /** Samples of [from, to], ascending by time, of those that have any; of older times the last of each minute, then of each hour. LIMIT_EXCEEDED when they are too many. */
  samples(keys: readonly SeriesKey[], range: { from: number; to: number }): Promise<(SeriesKey & Samples)[]>
  /** Called after each tick that was applied, with the ids of the resources that have new samples. */
  onTick(listener: TickListener): () => void
  /** Writes what waits and applies it. */
  flush(): Promise<void>
  /** Makes chunks of all hours that are over; what the loop does by itself. */
  compact(): Promise<number>
  counters(): {
    refused: Readonly<Record<Refusal, number>>
    dropped: number
    written: number
    series: number
    inMemory: number
    /** How far the remote store is behind, where this process writes to it. */
    remoteLagSeconds: number | undefined
  }
  close(): Promise<void>
}

export interface MetricsOptions {
  db: Knex
  /** Of the database, to hear at once of what other processes measured; absent: they are asked once a second. */
  url?: string
  /** How often ticks are looked for even when nothing was heard, and what waits is written at the latest. */
  pollMs?: number
  log: Logger
  /** Who compacts, among several processes; absent: this process. */
  turns?: Turns
  now?: () => number
  limits: { series: number; seriesValues: number }
  keep: { fineSampleDays: number; sampleDays: number; sampleHourDays: number }
  /** A second store; absent: there is none. */
  remote?: Pick<RemoteOptions, 'config' | 'headers' | 'everyMs'> | undefined
}

const compactEveryMs = 5 * 60_000
/** An hour is over for good so long after its end. */
const graceMs = 10 * 60_000
const lateMs = dayMs

export async function startMetrics(options: MetricsOptions): Promise<Metrics> {
  const metrics = new Measuring(options)
  await metrics.start()
  return metrics
}

class Measuring implements Metrics {
  readonly #options: MetricsOptions
  readonly #now: () => number
  readonly #catalogue: Catalogue
  readonly #collector: Collector
  readonly head = new Head()
  readonly #stop = new AbortController()
  readonly #closing: (() => Promise<void>)[] = []
  readonly #follow: Follow
  #remote: Remote | undefined
  #compacting: Promise<number> = Promise.resolve(0)
  #turn: Turn | undefined

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#catalogue = new Catalogue(options.db)
    this.#collector = new Collector({
      db: options.db,
      log: options.log,
      catalogue: this.#catalogue,
      now: this.#now,
      mostSeries: options.limits.series,
      lateMs,
      onTick: () => this.#hear(),
    })
    this.#follow = new Follow(options.db, this.#catalogue, this.head)
  }

  async start(): Promise<void> {
    const { url, pollMs = 1_000, log, turns } = this.#options
    await this.#catalogue.load(this.#stop.signal)
    await this.#follow.start()
    const ticking = startLoop({ name: 'metric', everyMs: pollMs, log, run: () => this.#tick() })
    this.#closing.push(() => ticking.close())
    if (url !== undefined) {
      const listener = listen(url, tickChannel, () => this.#hear())
      this.#closing.push(() => listener.close())
    }
    const group = turns?.share('metric', ['metric/compact'], (held) => (this.#turn = held[0]))
    const compacting = startLoop({
      name: 'compact metrics',
      everyMs: compactEveryMs,
      log,
      run: async () => {
        if (turns === undefined || this.#turn !== undefined) await this.compact()
      },
    })
    this.#closing.push(() => compacting.close())
    if (group !== undefined) this.#closing.push(() => group.close())
    this.#startRemote()
  }

  #startRemote(): void {
    const { db, log, turns, remote } = this.#options
    if (remote === undefined) return
    const own = new Remote({ ...remote, db, log, turns, now: this.#now, catalogue: this.#catalogue })
    this.#remote = own
    this.#closing.push(() => own.close())
  }

  async #tick(): Promise<void> {
    await this.#collector.flush()
    await this.#follow.pull()
  }

  /** There is a tick. What cannot be read now the loop reads, or says why. */
  #hear(): void {
    void this.#follow.pull().catch(() => undefined)
  }

  /** One run at a time. */
  compact(): Promise<number> {
    const run = this.#compacting.catch(() => 0).then(() => this.#compactNow())
    this.#compacting = run
    return run
  }

  async #compactNow(): Promise<number> {
    const { db, keep, log } = this.#options
    const now = this.#now()
    const until = Math.floor((now - graceMs) / hourMs) * hourMs
    const seq = this.#follow.applied
    const signal =
      this.#turn === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, this.#turn.signal])
    const samples = await compact({ db, head: this.head, compacted: this.#follow.compacted, until, signal })
    await noteCompacted(db, { seq, until }, this.#remote?.waitsSince)
    await this.#follow.forget({ seq, until })
    const over = [
      ...(await dropPartitions(db, 'fine', now - keep.fineSampleDays * dayMs)),
      ...(await dropPartitions(db, 'chunk', now - keep.sampleDays * dayMs)),
      ...(await dropPartitions(db, 'day', now - keep.sampleHourDays * dayMs)),
    ]
    if (over.length > 0) log.info({ partitions: over }, 'samples whose time is over were dropped')
    return samples
  }

  record(sourceId: ResourceId, samples: readonly Sample[]): void {
    this.#collector.record(sourceId, samples)
  }

  define(metrics: readonly Metric[]): Promise<void> {
    return this.#catalogue.define(metrics)
  }

  metrics(resourceIds?: Iterable<ResourceId>): Metric[] {
    const byName = (a: Metric, b: Metric) => (a.name < b.name ? -1 : 1)
    if (resourceIds === undefined) return [...this.#catalogue.metrics].sort(byName)
    const names = new Set<string>()
    for (const id of resourceIds)
      for (const series of this.#catalogue.of(id)) names.add(this.#catalogue.key(series)!.metric)
    return [...names].map((name) => this.#catalogue.metric(name)!).sort(byName)
  }

  metric(name: string): Metric | undefined {
    return this.#catalogue.metric(name)
  }

  readings(resourceId: ResourceId, metrics?: readonly string[]): Reading[] {
    const wanted = metrics === undefined ? undefined : new Set(metrics)
    return this.#catalogue
      .of(resourceId, wanted)
      .flatMap((id) => {
        const latest = this.head.latest(id)
        return latest === undefined ? [] : [{ ...this.#catalogue.key(id)!, ...latest }]
      })
      .sort((a, b) => (a.metric === b.metric ? b.at - a.at : a.metric < b.metric ? -1 : 1))
  }

  async series({
    resourceIds,
    metrics,
    range,
    aggregate,
  }: Parameters<Metrics['series']>[0]): Promise<Series[]> {
    const wanted = new Set(metrics)
    const ids = resourceIds.flatMap((id) => this.#catalogue.of(id, wanted))
    const reading = {
      db: this.#options.db,
      catalogue: this.#catalogue,
      head: this.head,
      mostValues: this.#options.limits.seriesValues,
    }
    const local = async (own: Range) =>
      toSeries(this.#catalogue, await readGrids(reading, ids, own, aggregate), aggregate)
    if (this.#remote === undefined) return local(range)
    checkSize(ids.length, range, reading.mostValues)
    return this.#remote.series(this.#keysOf(ids), range, aggregate, local)
  }

  seriesOf(metric: string): MetricSeries[] {
    return [...this.#catalogue.ofMetric(metric)].map((id) => ({ ...this.#catalogue.key(id)!, id }))
  }

  async samples(keys: readonly SeriesKey[], range: { from: number; to: number }) {
    const { db, limits, keep } = this.#options
    const ids = keys.flatMap((key) => this.#catalogue.find(key.sourceId, key.metric, key.resourceId) ?? [])
    const reading = { db, head: this.head, mostValues: limits.seriesValues }
    const hoursBefore = this.#now() - keep.sampleDays * dayMs
    const local = async (own: typeof range) => {
      const found = await readSamples(reading, ids, { ...own, hoursBefore })
      return [...found].map(([id, samples]) => ({ ...this.#catalogue.key(id)!, ...samples }))
    }
    return this.#remote === undefined ? local(range) : this.#remote.samples(this.#keysOf(ids), range, local)
  }

  #keysOf(ids: readonly number[]): SeriesKey[] {
    return ids.map((id) => this.#catalogue.key(id)!)
  }

  onTick(listener: TickListener): () => void {
    this.#follow.listeners.add(listener)
    return () => void this.#follow.listeners.delete(listener)
  }

  flush(): Promise<void> {
    return this.#tick()
  }

  counters() {
    const { refused, dropped, written } = this.#collector
    return {
      ...{ refused, dropped, written, series: this.#catalogue.size, inMemory: this.head.samples },
      remoteLagSeconds: this.#remote?.lagSeconds,
    }
  }

  async close(): Promise<void> {
    for (const end of this.#closing.reverse()) await end()
    await this.#collector
      .flush()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'the last samples could not be written'),
      )
    this.#collector.close()
    this.#stop.abort()
    await this.#follow.close()
  }
}
