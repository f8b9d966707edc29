import {
  checkMetrics,
  graphOf,
  groupBy,
  matching,
  see,
  toGrid,
  toSeries,
  type Aggregate,
  type FilterInput,
  type GroupValue,
  type Metric,
  type Series,
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
  aggregate: Aggregate
  by?: string[] | null
  top?: number | null
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

interface Grouped {
  group: GroupValue[]
  vertex: Vertex | undefined
  series: Omit<Series, 'resourceId'>[]
}

async function seriesOf(_: unknown, args: SeriesOfArguments, context: Context) {
  const { metric, range, step, aggregate, by, top } = args
  checkMetrics(metric, 'metric')
  if (top != null && top < 1) throw invalidInput('top must be 1 or more', 'top')
  const graph = await graphOf(context, null)
  const vertices = await measured(context, args.filter)
  const found = await context.metrics.series({
    resourceIds: vertices.map(({ id }) => id),
    metrics: metric,
    range: toGrid(range, step, ''),
    aggregate: by == null ? aggregate : ofOne[aggregate],
  })
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
  aggregate: Aggregate,
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
const ofOne: Readonly<Record<Aggregate, Aggregate>> = {
  AVG: 'AVG',
  MIN: 'MIN',
  MAX: 'MAX',
  SUM: 'AVG',
  COUNT: 'COUNT',
  LAST: 'LAST',
}

const join: Readonly<Record<Aggregate, (values: number[]) => number>> = {
  AVG: (values) => sum(values) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  SUM: (values) => sum(values),
  COUNT: (values) => sum(values),
  LAST: (values) => values.at(-1)!,
}
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Step by step, over those that have a value there. */
function joined(columns: readonly (number | null)[][], aggregate: Aggregate): (number | null)[] {
  return columns[0]!.map((_, at) => {
    const values = columns.flatMap((column) => column[at] ?? [])
    return values.length === 0 ? null : join[aggregate](values)
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
