/** Readings as they come in. Latest values: nothing is replayed, and a subscriber that is slow gets what is latest when it is ready. */
import type { Context } from '../../context.ts'
import { matching, type FilterInput } from '../schema/ask.ts'
import { checkMetrics } from '../schema/metric.ts'
import { see, type View } from '../schema/view.ts'
import { everyOf } from './gather.ts'

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
): Promise<AsyncGenerator<{ readings: { resources: object[]; dropped: number } }>> {
  checkMetrics(metric, 'metric')
  const everyMs = Math.max(leastEveryMs, everyOf(every))
  const matched = async () =>
    new Set((await matching(context, context.graph, 'Resource', filter)).map(({ id }) => id))
  const first = await matched()
  return follow(context, first, matched, metric, everyMs)
}

async function* follow(
  context: Context,
  first: ReadonlySet<number>,
  matched: () => Promise<ReadonlySet<number>>,
  metric: readonly string[],
  everyMs: number,
): AsyncGenerator<{ readings: { resources: object[]; dropped: number } }> {
  const { signal, metrics } = context
  let touched = new Set<number>(first)
  let wake: (() => void) | undefined
  const stop = metrics.onTick((ids) => {
    for (const id of ids) touched.add(id)
    wake?.()
  })
  const end = () => wake?.()
  signal.addEventListener('abort', end)
  let wanted = first
  let seen = context.graph.cursor.seq
  try {
    while (!signal.aborted) {
      if (context.graph.cursor.seq !== seen) {
        seen = context.graph.cursor.seq
        wanted = await matched()
      }
      const fresh = [...touched].filter((id) => wanted.has(id) && metrics.readings(id, metric).length > 0)
      touched = new Set()
      const views = viewsOf(context, fresh)
      if (views.length > 0) yield { readings: batchOf(views) }
      await pause(everyMs, signal)
      if (touched.size > 0) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        if (signal.aborted || touched.size > 0) resolve()
      })
      wake = undefined
    }
  } finally {
    stop()
    signal.removeEventListener('abort', end)
  }
}

/** Values are of those that the viewer may see in full; that others were measured is not told either. */
function viewsOf(context: Context, ids: readonly number[]): View[] {
  const { graph } = context
  return ids
    .flatMap((id) => see(context, graph, graph.get(id)) ?? [])
    .filter(({ access }) => access === 'FULL')
}

function batchOf(views: readonly View[]): { resources: object[]; dropped: number } {
  return {
    resources: views.slice(0, mostResources),
    dropped: Math.max(0, views.length - mostResources),
  }
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
