/** Readings as they come in. Latest values: nothing is replayed, and a subscriber that is slow gets what is latest when it is ready. */
import type { Context } from '../../context.ts'
import { matching, type FilterInput } from '../schema/ask.ts'
import { checkMetrics } from '../schema/metric.ts'
import { see } from '../schema/view.ts'
import { everyOf } from './every.ts'

export interface ReadingArguments {
  filter: FilterInput
  metric: string[]
  every?: number | null
}

const mostResources = 1_000
const leastEveryMs = 1_000

/** First the latest of all that match, then each time those that have something new. */
export async function followReadings(
  context: Context,
  { filter, metric, every }: ReadingArguments,
): Promise<ReadingStream> {
  checkMetrics(metric, 'metric')
  const everyMs = Math.max(leastEveryMs, everyOf(every))
  const matched = async () =>
    new Set((await matching(context, context.graph, 'Resource', filter)).map(({ id }) => id))
  return new ReadingStream(context, { matched, metric, everyMs, first: await matched() })
}

interface Wanted {
  /** Who matches now. */
  matched(): Promise<ReadonlySet<number>>
  metric: readonly string[]
  everyMs: number
  /** Who matched when it began. */
  first: ReadonlySet<number>
}

interface Batch {
  readings: { resources: object[]; dropped: number }
}

/** A subscription to latest values. Iterated by itself it tells everything alone. */
export class ReadingStream implements AsyncIterable<Batch> {
  readonly #context: Context
  readonly #wanted: Wanted

  constructor(context: Context, wanted: Wanted) {
    this.#context = context
    this.#wanted = wanted
  }

  get everyMs(): number {
    return this.#wanted.everyMs
  }

  /** The latest of all that match now; undefined when nothing is known of any. */
  async latest(): Promise<Batch | undefined> {
    return batchOf(this.#context, await this.#wanted.matched(), this.#wanted.metric)
  }

  /** What is new from now on. */
  async *changes(signal: AbortSignal, first: Iterable<number> = []): AsyncGenerator<Batch> {
    const { matched, metric, everyMs } = this.#wanted
    const context = this.#context
    let touched = new Set<number>(first)
    let wake: (() => void) | undefined
    const stop = context.metrics.onTick((ids) => {
      for (const id of ids) touched.add(id)
      wake?.()
    })
    const end = () => wake?.()
    signal.addEventListener('abort', end)
    let wanted = this.#wanted.first
    let seen = -1
    try {
      while (!signal.aborted) {
        if (touched.size === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve
            if (signal.aborted || touched.size > 0) resolve()
          })
          wake = undefined
          continue
        }
        if (context.graph.cursor.seq !== seen) {
          seen = context.graph.cursor.seq
          wanted = await matched()
        }
        const fresh = [...touched].filter((id) => wanted.has(id))
        touched = new Set()
        const batch = batchOf(context, fresh, metric)
        if (batch !== undefined) yield batch
        await pause(everyMs, signal)
      }
    } finally {
      stop()
      signal.removeEventListener('abort', end)
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch> {
    return this.changes(this.#context.signal, this.#wanted.first)
  }
}

/** Values are of those that the viewer may see in full; that others were measured is not told either. */
function batchOf(context: Context, ids: Iterable<number>, metric: readonly string[]): Batch | undefined {
  const { graph, metrics } = context
  const views = [...ids]
    .filter((id) => metrics.readings(id, metric).length > 0)
    .flatMap((id) => see(context, graph, graph.get(id)) ?? [])
    .filter(({ access }) => access === 'FULL')
  if (views.length === 0) return undefined
  const dropped = Math.max(0, views.length - mostResources)
  return { readings: { resources: views.slice(0, mostResources), dropped } }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
