import {
  checkMetrics,
  graphOf,
  groupBy,
  join,
  matching,
  ofSamples,
  see,
  toGrid,
  toSeries,
  type Aggregate,
  type FilterInput,
  type GroupValue,
  type Metric,
  type Series,
  type SetAggregate,
  type TimeRangeInput,
  type Vertex,
  followReadings,
  type ReadingArguments,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface SeriesOfArguments {
  filter: FilterInput
  metric: string[]
  range: TimeRangeInput
  step?: number | null
  aggregate: SetAggregate
  by?: string[] | null
  top?: number | null
  rate?: boolean | null
}

const shown = ({ name, unit, type, help }: Metric) => ({
  name,
  unit: unit || null,
  type: type.toUpperCase(),
  help: help || null,
})

/** Values are of those that the viewer may see in full. */
async function measured(context: Context, filter: FilterInput): Promise<Vertex[]> {
  const vertices = await matching(context, context.graph, 'Resource', filter)
  return [...vertices].filter((vertex) => see(context, context.graph, vertex)?.access === 'FULL')
}

async function metrics(_: unknown, { filter }: { filter?: FilterInput | null }, context: Context) {
  const isAll = filter == null && context.viewer.tenants === undefined
  const ids = isAll ? undefined : (await measured(context, filter ?? {})).map(({ id }) => id)
  return context.metrics.metrics(ids).map(shown)
}

async function readSeries(
  { metric, range, step, aggregate, by, rate }: SeriesOfArguments,
  vertices: readonly Vertex[],
  context: Context,
): Promise<Series[]> {
  const grid = toGrid(range, step, '')
  const own = by == null ? ofSamples(aggregate) : ofOne(aggregate)
  const resourceIds = vertices.map(({ id }) => id)
  if (rate !== true)
    return context.metrics.series({ resourceIds, metrics: metric, range: grid, aggregate: own })
  // The first step rises from the one before.
  const earlier = { ...grid, from: grid.from - grid.stepMs }
  const totals = await context.metrics.series({
    ...{ resourceIds, metrics: metric, range: earlier, aggregate: 'LAST' },
  })
  return totals.map((one) => ({
    ...one,
    start: one.start + one.stepMs,
    values: risesOf(one.values, one.stepMs),
  }))
}

/** What a total rises by in a second, from step to step; a fall is a new begin. A step without samples has none, and what rose meanwhile is spread over the time. */
function risesOf(totals: readonly (number | null)[], stepMs: number): (number | null)[] {
  let before: { at: number; value: number } | undefined
  return totals
    .map((value, at) => {
      if (value === null) return null
      const from = before
      before = { at, value }
      if (from === undefined) return null
      return (value >= from.value ? value - from.value : value) / (((at - from.at) * stepMs) / 1_000)
    })
    .slice(1)
}

interface Grouped {
  group: GroupValue[]
  vertex: Vertex | undefined
  series: Omit<Series, 'resourceId'>[]
}

async function seriesOf(_: unknown, args: SeriesOfArguments, context: Context) {
  const { metric, aggregate, by, top } = args
  checkMetrics(metric, 'metric')
  if (top != null && top < 1) throw invalidInput('top must be 1 or more', 'top')
  const graph = await graphOf(context, null)
  const vertices = await measured(context, args.filter)
  const found = await readSeries(args, vertices, context)
  const byResource = Map.groupBy(found, ({ resourceId }) => resourceId)
  const groups =
    by == null ? eachResource(vertices, byResource) : eachGroup(context, vertices, by, byResource, aggregate)
  return topOf(groups, top).map(({ group, vertex, series }) => ({
    group: group.map(({ key, value, vertex: named }) => ({
      key,
      value,
      resource: see(context, graph, named),
    })),
    resource: see(context, graph, vertex),
    series: series.map((one) => toSeries(context, graph, one)),
  }))
}

function eachResource(vertices: readonly Vertex[], found: ReadonlyMap<number, Series[]>): Grouped[] {
  return vertices.flatMap((vertex) => {
    const series = found.get(vertex.id)
    return series === undefined ? [] : [{ group: [], vertex, series }]
  })
}

function eachGroup(
  context: Context,
  vertices: readonly Vertex[],
  by: readonly string[],
  found: ReadonlyMap<number, Series[]>,
  aggregate: SetAggregate,
): Grouped[] {
  return groupBy(context.graph, vertices, by).flatMap(({ group, vertices: members }) => {
    const all = members.flatMap(({ id }) => found.get(id) ?? [])
    if (all.length === 0) return []
    const series = [...Map.groupBy(all, ({ metric }) => metric)].map(([metric, some]) => ({
      metric,
      sourceId: 0,
      start: some[0]!.start,
      stepMs: some[0]!.stepMs,
      values: joined(
        some.map(({ values }) => values),
        aggregate,
      ),
    }))
    return [{ group, vertex: undefined, series }]
  })
}

/** What of each series goes into a group's value: the sum of a rack's power is the sum of averages, not of samples. */
const ofOne = (aggregate: SetAggregate): Aggregate =>
  aggregate === 'MIN' || aggregate === 'MAX' || aggregate === 'COUNT' || aggregate === 'LAST'
    ? aggregate
    : 'AVG'

/** Step by step, over those that have a value there. */
function joined(columns: readonly (number | null)[][], aggregate: SetAggregate): (number | null)[] {
  return columns[0]!.map((_, at) => {
    const values = columns.flatMap((column) => column[at] ?? [])
    return values.length === 0 ? null : join(values, aggregate === 'COUNT' ? 'SUM' : aggregate)
  })
}

/** By the latest value of their first series. */
function topOf(groups: Grouped[], top: number | null | undefined): Grouped[] {
  if (top == null) return groups
  const latest = ({ series }: Grouped): number =>
    series[0]?.values.findLast((value) => value !== null) ?? -Infinity
  return groups.sort((a, b) => latest(b) - latest(a)).slice(0, top)
}

export const metric = {
  Query: { metrics, seriesOf },
  Subscription: {
    readings: {
      subscribe: (_: unknown, args: ReadingArguments, context: Context) => followReadings(context, args),
    },
  },
}
