/** Series and samples of times that are asked of the remote. */
import { PlenumError } from '../../errors.ts'
import type { Aggregate, Series, SeriesKey } from '../metric.ts'
import type { Samples } from '../chunk.ts'
import type { Range } from '../read.ts'
import { cut } from './batch.ts'
import { RemoteError, type Client, type MatrixSeries } from './client.ts'
import { keyOf, selectorOf, type StaticLabels } from './label.ts'

const functions: Record<Aggregate, string> = {
  AVG: 'avg_over_time',
  MIN: 'min_over_time',
  MAX: 'max_over_time',
  SUM: 'sum_over_time',
  COUNT: 'count_over_time',
  LAST: 'last_over_time',
}
/** Resources that one query names; steps that it may have. */
const resourcesAtOnce = 200
const mostSteps = 10_000

export interface ReaderOptions {
  client: Pick<Client, 'matrix'>
  labels: StaticLabels
}

export class Reader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** On the grid of [from, to), both multiples of the step. Those that have anything. */
  async series(
    keys: readonly SeriesKey[],
    { from, to, stepMs }: Range,
    aggregate: Aggregate,
    signal: AbortSignal,
  ): Promise<Series[]> {
    const steps = Math.round((to - from) / stepMs)
    const found = new Map<string, Series>()
    const wanted = byName(keys)
    for (const [metric, resourceIds] of queriesOf(keys))
      for (let first = 0; first < steps; first += mostSteps) {
        const past = Math.min(steps, first + mostSteps)
        // A step is what was measured from its begin until just before the next.
        const at = (step: number) => String((from + (step + 1) * stepMs - 1) / 1_000)
        const query = `${functions[aggregate]}(${selectorOf(metric, resourceIds, this.#options.labels)}[${stepMs}ms])`
        const form = { query, start: at(first), end: at(past - 1), step: String(stepMs / 1_000) }
        for (const one of await this.#ask('query_range', form, signal)) {
          const key = keyIn(one, wanted)
          if (key === undefined) continue
          const name = nameOf(key)
          const series = found.get(name) ?? {
            ...key,
            start: from,
            stepMs,
            values: Array<number | null>(steps).fill(null),
          }
          found.set(name, series)
          for (const [index, time] of one.times.entries())
            series.values[Math.round((time + 1 - from) / stepMs) - 1] = one.values[index]!
        }
      }
    return [...found.values()]
  }

  /** Of [from, to), ascending; those that have any. */
  async samples(
    keys: readonly SeriesKey[],
    { from, to }: { from: number; to: number },
    signal: AbortSignal,
  ): Promise<(SeriesKey & Samples)[]> {
    const wanted = byName(keys)
    const all: (SeriesKey & Samples)[] = []
    for (const [metric, resourceIds] of queriesOf(keys)) {
      const query = `${selectorOf(metric, resourceIds, this.#options.labels)}[${to - from}ms]`
      const found = await this.#ask('query', { query, time: String((to - 1) / 1_000) }, signal)
      for (const one of found) {
        const key = keyIn(one, wanted)
        if (key === undefined) continue
        const { times, values } = within(one, from, to)
        if (times.length > 0) all.push({ ...key, times, values })
      }
    }
    return all
  }

  async #ask(
    path: 'query' | 'query_range',
    form: Record<string, string>,
    signal: AbortSignal,
  ): Promise<MatrixSeries[]> {
    try {
      return await this.#options.client.matrix(path, form, signal)
    } catch (cause) {
      if (!(cause instanceof RemoteError)) throw cause
      throw new PlenumError(
        'SOURCE_UNAVAILABLE',
        `What was measured before is in the remote store, which does not tell it: ${cause.message}`,
        cause.retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(cause.retryAfterMs / 1_000) },
        { cause },
      )
    }
  }
}

const nameOf = ({ resourceId, sourceId, metric }: SeriesKey): string => `${resourceId} ${sourceId} ${metric}`
const byName = (keys: readonly SeriesKey[]): ReadonlySet<string> => new Set(keys.map(nameOf))

function* queriesOf(keys: readonly SeriesKey[]): Generator<[string, number[]]> {
  for (const [metric, own] of Map.groupBy(keys, (key) => key.metric))
    for (const ids of cut([...new Set(own.map(({ resourceId }) => resourceId))], resourcesAtOnce))
      yield [metric, ids]
}

function keyIn({ labels }: MatrixSeries, wanted: ReadonlySet<string>): SeriesKey | undefined {
  // Functions take the name of a metric away; its own label stays.
  const key = keyOf(labels)
  return key !== undefined && wanted.has(nameOf(key)) ? key : undefined
}

function within({ times, values }: MatrixSeries, from: number, to: number): Samples {
  const low = times.findIndex((time) => time >= from)
  const high = times.findLastIndex((time) => time < to)
  return low < 0 || high < low
    ? { times: times.slice(0, 0), values: values.slice(0, 0) }
    : { times: times.slice(low, high + 1), values: values.slice(low, high + 1) }
}
