/** Readings and series of resources: the latest from memory, series by one read a level. */
import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Reading, Series } from '../../metric/metric.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { presentOnly } from './instant.ts'
import { ofSamples, type SetAggregate } from './stat.ts'
import { seeId, type View } from './view.ts'

export interface TimeRangeInput {
  last?: number | null
  from?: number | null
  to?: number | null
}

export interface SeriesArguments {
  metric: string[]
  range: TimeRangeInput
  step?: number | null
  aggregate?: SetAggregate | null
}

const steps = 100
const leastStepMs = 1_000
const mostMetrics = 50

export interface ReadingsArguments {
  metric?: string[] | null
  maxAge?: number | null
}

export function readings(
  { graph, vertex }: View,
  { metric, maxAge }: ReadingsArguments,
  context: Context,
): object[] | Promise<object[]> {
  presentOnly(graph, 'readings')
  const show = () => {
    const now = Date.now()
    return context.metrics
      .readings(vertex.id, metric ?? undefined)
      .map((reading) => toReading(context, graph, reading, now))
  }
  if (maxAge == null) return show()
  return readLive(vertex.id, metric ?? [], maxAge, context).then((live) => {
    const now = Date.now()
    const fresh = live.map((reading) => ({
      ...toReading(context, graph, reading, now),
      status: now - reading.at <= maxAge + graceMs ? 'LIVE' : 'STALE',
    }))
    const told = new Set(live.map(({ sourceId, metric: name }) => `${sourceId} ${name}`))
    const known = context.metrics
      .readings(vertex.id, metric ?? undefined)
      .filter((reading) => !told.has(`${reading.sourceId} ${reading.metric}`))
    return [
      ...fresh,
      ...known.map((reading) => ({
        ...toReading(context, graph, reading, now),
        status: ageOf(reading.at, now, maxAge),
      })),
    ]
  })
}

/** A value that was fresh when it was asked for may be a little older when it is told. */
const graceMs = 5_000
const ageOf = (at: number, now: number, maxAge: number): string =>
  now - at > maxAge ? 'STALE' : 'LAST_KNOWN'

type LiveLoader = DataLoader<ResourceId, Reading[]>
const liveLoaders = new WeakMap<Context, Map<string, LiveLoader>>()

/** One call a source for all rows of a level; how each source did is told in `extensions.sources`. */
function readLive(
  id: ResourceId,
  metrics: readonly string[],
  maxAgeMs: number,
  context: Context,
): Promise<Reading[]> {
  const known = liveLoaders.get(context) ?? new Map<string, LiveLoader>()
  liveLoaders.set(context, known)
  const name = JSON.stringify([metrics, maxAgeMs])
  let loader = known.get(name)
  if (loader === undefined)
    known.set(name, (loader = new DataLoader((ids) => readAll(ids, metrics, maxAgeMs, context))))
  return loader.load(id)
}

async function readAll(
  ids: readonly ResourceId[],
  metrics: readonly string[],
  maxAgeMs: number,
  context: Context,
): Promise<Reading[][]> {
  const origins = await context.resources.originsOf(ids)
  const targets = ids.flatMap((resourceId) =>
    (origins.get(resourceId) ?? []).map(({ sourceId, key }) => ({ resourceId, sourceId, key })),
  )
  const { readings: live, touched } = await context.sources.read(
    { targets, metrics, maxAgeMs },
    context.signal,
  )
  const sources = (context.extensions['sources'] ?? {}) as Record<string, unknown>
  context.extensions['sources'] = Object.assign(sources, Object.fromEntries(touched))
  const byResource = Map.groupBy(live, ({ resourceId }) => resourceId)
  return ids.map((id) => byResource.get(id) ?? [])
}

export function toReading(context: Context, graph: Graph, reading: Reading, now: number): object {
  const { staleAt = Infinity, ...rest } = reading
  return {
    ...rest,
    unit: context.metrics.metric(reading.metric)?.unit || null,
    status: now > staleAt ? 'STALE' : 'LAST_KNOWN',
    source: seeId(context, graph, reading.sourceId),
  }
}

export interface Grid {
  from: number
  to: number
  stepMs: number
}

/** INVALID_INPUT when the range or the step cannot be. */
export function toGrid(
  { last, from, to }: TimeRangeInput,
  step: number | null | undefined,
  path: string,
): Grid {
  const now = Date.now()
  if ((last == null) === (from == null))
    throw invalidInput('Give either last, or from with an optional to', `${path}range`)
  if (last != null && to != null) throw invalidInput('`to` belongs to `from`', `${path}range.to`)
  const end = to ?? now
  const start = from ?? end - last!
  if (start >= end) throw invalidInput('The range ends before it begins', `${path}range`)
  if (step != null && step < leastStepMs) throw invalidInput('The step must be PT1S or more', `${path}step`)
  return {
    from: start,
    to: end,
    stepMs: step ?? Math.max(10_000, Math.ceil((end - start) / steps / 1_000) * 1_000),
  }
}

export function checkMetrics(metrics: readonly string[], path: string): void {
  if (metrics.length === 0) throw invalidInput('Name at least one metric: `metrics` lists them', path)
  if (metrics.length > mostMetrics)
    throw invalidInput(`At most ${mostMetrics} metrics at a time; these are ${metrics.length}`, path)
}

type SeriesLoader = DataLoader<ResourceId, Series[]>
const loaders = new WeakMap<Context, Map<string, { grid: Grid; loader: SeriesLoader }>>()

/** One read for all rows of a level that ask with the same arguments. */
export async function series(view: View, args: SeriesArguments, context: Context): Promise<object[]> {
  checkMetrics(args.metric, 'metric')
  const known = loaders.get(context) ?? new Map<string, { grid: Grid; loader: SeriesLoader }>()
  loaders.set(context, known)
  const name = JSON.stringify(args)
  let found = known.get(name)
  if (found === undefined) known.set(name, (found = loaderOf(args, context)))
  return (await found.loader.load(view.vertex.id)).map((one) => toSeries(context, view.graph, one))
}

function loaderOf({ metric, range, step, aggregate }: SeriesArguments, context: Context) {
  const grid = toGrid(range, step, '')
  const own = ofSamples(aggregate ?? 'AVG')
  const loader: SeriesLoader = new DataLoader(async (resourceIds) => {
    const all = await context.metrics.series({
      resourceIds,
      metrics: metric,
      range: grid,
      aggregate: own,
    })
    const byResource = Map.groupBy(all, ({ resourceId }) => resourceId)
    return resourceIds.map((id) => byResource.get(id) ?? [])
  })
  return { grid, loader }
}

export function toSeries(context: Context, graph: Graph, one: Omit<Series, 'resourceId'>): object {
  return {
    metric: one.metric,
    unit: context.metrics.metric(one.metric)?.unit || null,
    source: one.sourceId === 0 ? null : seeId(context, graph, one.sourceId),
    start: one.start,
    step: one.stepMs,
    values: one.values,
  }
}
