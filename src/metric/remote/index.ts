/**
 * A second store for those who outgrow Postgres: what is measured is written there too (Prometheus' remote write), and ranges that reach back further than what is kept here are asked of it
 * (its query API). The latest values, rules and the last hours stay here.
 */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { startLoop, type Loop } from '../../loop.ts'
import type { Turn, Turns } from '../../turn.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Samples } from '../chunk.ts'
import { hourMs } from '../head.ts'
import type { Aggregate, Series, SeriesKey } from '../metric.ts'
import type { Range } from '../read.ts'
import { Client } from './client.ts'
import type { RemoteConfig } from './config.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export { remoteShape, type RemoteConfig } from './config.ts'

export interface RemoteOptions {
  db: Knex
  catalogue: Catalogue
  config: RemoteConfig & { write: string }
  /** With the secrets that the configuration refers to. */
  headers(): Promise<Record<string, string>>
  log: Logger
  turns: Turns | undefined
  now: () => number
  /** How often it is looked for what is to be sent. */
  everyMs?: number
}

export class Remote {
  readonly #options: RemoteOptions
  readonly #client: Client
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #stop = new AbortController()
  readonly #loop: Loop
  #turn: Turn | undefined
  readonly #leave: (() => Promise<void>) | undefined

  constructor(options: RemoteOptions) {
    const { config, turns, log, everyMs = 1_000 } = options
    this.#options = options
    this.#client = new Client({
      write: config.write,
      query: config.query,
      headers: () => options.headers(),
      requestMs: config.requestSeconds * 1_000,
    })
    this.#writer = new Writer({ ...options, client: this.#client, labels: config.labels })
    this.#reader = new Reader({ client: this.#client, labels: config.labels })
    const group = turns?.share('metric/remote', ['metric/remote'], (held) => (this.#turn = held[0]))
    this.#leave = group && (() => group.close())
    this.#loop = startLoop({ name: 'remote store', everyMs, log, run: () => this.send() })
  }

  /** Sends what waits, when it is this process' turn. */
  async send(): Promise<void> {
    if (this.#options.turns !== undefined && this.#turn === undefined) return this.#writer.rest()
    const signal = AbortSignal.any([
      this.#stop.signal,
      ...(this.#turn === undefined ? [] : [this.#turn.signal]),
    ])
    await this.#writer.run(signal)
  }

  /** How far the remote is behind, where this process sends. */
  get lagSeconds(): number | undefined {
    return this.#writer.lagSeconds
  }

  /** Ticks from before this wait no longer. */
  get waitsSince(): number {
    return this.#options.now() - this.#options.config.bufferHours * hourMs
  }

  async series(
    keys: readonly SeriesKey[],
    range: Range,
    aggregate: Aggregate,
    local: (range: Range) => Promise<Series[]>,
  ): Promise<Series[]> {
    const { stepMs } = range
    const from = Math.floor(range.from / stepMs) * stepMs
    const to = Math.ceil(range.to / stepMs) * stepMs
    const split = this.#splitOf(from, to, stepMs)
    if (split === undefined) return local(range)
    const [before, after] = await Promise.all([
      this.#reader.series(keys, { from, to: split, stepMs }, aggregate, this.#stop.signal),
      split < to ? local({ from: split, to, stepMs }) : [],
    ])
    return joinSeries(before, after, { from, to, stepMs })
  }

  async samples(
    keys: readonly SeriesKey[],
    { from, to }: { from: number; to: number },
    local: (range: { from: number; to: number }) => Promise<(SeriesKey & Samples)[]>,
  ): Promise<(SeriesKey & Samples)[]> {
    const split = this.#splitOf(from, to + 1, 1)
    if (split === undefined) return local({ from, to })
    const [before, after] = await Promise.all([
      this.#reader.samples(keys, { from, to: split }, this.#stop.signal),
      split <= to ? local({ from: split, to }) : [],
    ])
    return joinSamples(before, after)
  }

  /** Before it the remote is asked; undefined where that is not needed or not possible. */
  #splitOf(from: number, to: number, stepMs: number): number | undefined {
    if (!this.#client.answers) return undefined
    const { now, config } = this.#options
    const split = Math.ceil((now() - config.localHours * hourMs) / stepMs) * stepMs
    return from < split ? Math.min(split, to) : undefined
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop.close()
    await this.#leave?.()
  }
}

const nameOf = ({ resourceId, sourceId, metric }: SeriesKey): string => `${resourceId} ${sourceId} ${metric}`

function joinSeries(
  before: readonly Series[],
  after: readonly Series[],
  { from, to, stepMs }: Range,
): Series[] {
  const steps = Math.round((to - from) / stepMs)
  const joined = new Map<string, Series>()
  for (const { start, values, ...one } of [...before, ...after]) {
    const name = nameOf(one)
    const series = joined.get(name) ?? { ...one, start: from, values: Array<number | null>(steps).fill(null) }
    joined.set(name, series)
    const first = Math.round((start - from) / stepMs)
    for (const [index, value] of values.entries()) if (value !== null) series.values[first + index] = value
  }
  return [...joined.values()]
}

function joinSamples(
  before: readonly (SeriesKey & Samples)[],
  after: readonly (SeriesKey & Samples)[],
): (SeriesKey & Samples)[] {
  const joined = new Map(before.map((one) => [nameOf(one), one]))
  for (const one of after) {
    const old = joined.get(nameOf(one))
    joined.set(
      nameOf(one),
      old === undefined
        ? one
        : {
            ...one,
            times: Float64Array.from([...old.times, ...one.times]),
            values: Float64Array.from([...old.values, ...one.values]),
          },
    )
  }
  return [...joined.values()]
}
