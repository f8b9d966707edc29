/** The values of many resources made one. */
import type { Context } from '../../context.ts'
import { checkTime } from '../../deadline.ts'
import { invalidInput } from '../../errors.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { access } from '../../graph/scope.ts'
import type { Aggregate } from '../../metric/metric.ts'
import { presentOnly } from './instant.ts'

const percentiles = { P50: 0.5, P90: 0.9, P95: 0.95, P99: 0.99 } as const
type Percentile = keyof typeof percentiles
/** Percentiles are of the values of several resources. */
export type SetAggregate = Aggregate | Percentile

const isPercentile = (aggregate: SetAggregate): aggregate is Percentile => aggregate in percentiles

/** INVALID_INPUT for one that samples of a step are not kept for. */
export function ofSamples(aggregate: SetAggregate): Aggregate {
  if (isPercentile(aggregate))
    throw invalidInput(
      `${aggregate} is of the values of several resources: seriesOf with \`by\`, or stat`,
      'aggregate',
    )
  return aggregate
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** One of at least one value; LAST: the last of the list. */
export function join(values: readonly number[], aggregate: SetAggregate): number {
  if (isPercentile(aggregate)) return quantile(values, percentiles[aggregate])
  switch (aggregate) {
    case 'AVG':
      return sum(values) / values.length
    case 'MIN':
      return values.reduce((least, value) => Math.min(least, value))
    case 'MAX':
      return values.reduce((most, value) => Math.max(most, value))
    case 'SUM':
      return sum(values)
    case 'COUNT':
      return values.length
    case 'LAST':
      return values.at(-1)!
  }
}

/** Between the two nearest in proportion, as Prometheus and numpy do. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const place = share * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return below + (above - below) * (place - Math.floor(place))
}

export interface StatArguments {
  metric: string
  aggregate: SetAggregate
}

/** What was measured longer ago says nothing of now, unless it is measured as seldom. */
const oldMs = 15 * 60_000
const timeEvery = 4_096

/** Of the latest values; null when none of them has any, 0 when they are counted. */
export function statOf(
  context: Context,
  graph: Graph,
  vertices: Iterable<Vertex>,
  { metric, aggregate }: StatArguments,
): number | null {
  presentOnly(graph, 'stat')
  const now = Date.now()
  const values: number[] = []
  let latest = { at: 0, value: 0 }
  let looked = 0
  for (const vertex of vertices) {
    if (++looked % timeEvery === 0) checkTime(context.signal)
    if (access(context.viewer, vertex) !== 'FULL') continue
    const [reading] = context.metrics.readings(vertex.id, [metric])
    if (reading === undefined || now > Math.max(reading.at + oldMs, reading.staleAt ?? 0)) continue
    values.push(reading.value)
    if (reading.at > latest.at) latest = reading
  }
  if (values.length === 0) return aggregate === 'COUNT' ? 0 : null
  return aggregate === 'LAST' ? latest.value : join(values, aggregate)
}
