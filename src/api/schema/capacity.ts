/** What is left, by what holds it, and when that will be used up. */
import { addUp, fullAt, sumCapacity, usedMetric } from '../../allocation/index.ts'
import type { Capacity, ProviderState } from '../../allocation/allocation.ts'
import type { Context } from '../../context.ts'
import { groupBy, type GroupValue } from '../../graph/count.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { Series } from '../../metric/metric.ts'
import { see } from './view.ts'

interface Members {
  group: GroupValue[]
  states: ProviderState[]
}

/** One for each class of each group, the largest group first. */
export function toCapacities(
  context: Context,
  graph: Graph,
  {
    states,
    by,
    classes,
  }: { states: readonly ProviderState[]; by: readonly string[]; classes?: readonly string[] },
): object[] {
  const isAsked = ({ class: name }: Capacity) => classes === undefined || classes.includes(name)
  const asked = states.map((one) => ({ ...one, capacity: one.capacity.filter(isAsked) }))
  const told = asked.filter(({ capacity }) => capacity.length > 0)
  const forecast = new Forecast(context, told)
  return setsOf(graph, told, by).flatMap(({ group, states: members }) =>
    sumCapacity(members.flatMap(({ capacity }) => capacity)).map((sum) => ({
      ...sum,
      group: group.map(({ key, value, vertex }) => ({ key, value, resource: see(context, graph, vertex) })),
      fullAt: () => forecast.of(members, sum),
    })),
  )
}

/** A provider of several pools counts once, unless pools are what is asked by. */
function setsOf(graph: Graph, states: readonly ProviderState[], by: readonly string[]): Members[] {
  const byPool = by.includes('pool')
  const parts = byPool
    ? [...Map.groupBy(states, ({ pool }) => pool).values()]
    : [[...new Map(states.toReversed().map((one) => [one.key, one])).values()]]
  const sets = parts.flatMap((part) => setsIn(graph, part, by))
  return sets.sort((one, other) => other.states.length - one.states.length)
}

/** What has no place of its own, as a range of VLANs, is where nothing is said. */
function setsIn(graph: Graph, part: readonly ProviderState[], by: readonly string[]): Members[] {
  const keys = by.filter((key) => key !== 'pool')
  const ofVertex = new Map<Vertex, ProviderState>()
  const others: ProviderState[] = []
  for (const one of part) {
    const vertex = one.resourceId === null ? undefined : graph.get(one.resourceId)
    if (vertex === undefined) others.push(one)
    else ofVertex.set(vertex, one)
  }
  const pool: GroupValue = { key: 'pool', value: part[0]?.pool ?? '', vertex: undefined }
  const inOrder = (values: readonly GroupValue[]) =>
    by.map((key) => (key === 'pool' ? pool : values[keys.indexOf(key)]!))
  const sets = groupBy(graph, ofVertex.keys(), keys).map(({ group, vertices }) => ({
    group: inOrder(group),
    states: vertices.map((vertex) => ofVertex.get(vertex)!),
  }))
  if (others.length === 0) return sets
  const nowhere = sets.find(({ group }) => group.every(({ key, value }) => key === 'pool' || value === ''))
  if (nowhere !== undefined) nowhere.states.push(...others)
  else
    sets.push({ group: inOrder(keys.map((key) => ({ key, value: '', vertex: undefined }))), states: others })
  return sets
}

const hourMs = 3_600_000
/** Two weeks, or, where it was measured for less than three days, six hours. */
const windows = [
  { lastMs: 14 * 24 * hourMs, stepMs: 12 * hourMs },
  { lastMs: 6 * hourMs, stepMs: hourMs / 6 },
] as const
const fewest = 5

/** Reads what was used by all providers at once, when the first forecast is asked for. */
class Forecast {
  readonly #context: Context
  readonly #states: readonly ProviderState[]
  readonly #known: (Promise<Map<string, Series>> | undefined)[] = []
  readonly #now = Date.now()

  constructor(context: Context, states: readonly ProviderState[]) {
    this.#context = context
    this.#states = states
  }

  async of(members: readonly ProviderState[], { class: name, total, reserved, used }: Capacity) {
    const limit = total - reserved
    if (used >= limit) return limit > 0 ? this.#now : null
    for (const [index, { stepMs }] of windows.entries()) {
      const known = await (this.#known[index] ??= this.#read(index))
      const series = members.flatMap(({ resourceId }) => known.get(`${resourceId} ${usedMetric(name)}`) ?? [])
      if (series.length === 0) continue
      const sum = addUp(
        series.map(({ values }) => values),
        series[0]!.start,
        stepMs,
      )
      if (sum.times.length >= fewest) return fullAt({ ...sum, limit }, this.#now)
    }
    return null
  }

  async #read(index: number): Promise<Map<string, Series>> {
    const { lastMs, stepMs } = windows[index]!
    const resourceIds = [...new Set(this.#states.flatMap(({ resourceId }) => resourceId ?? []))]
    const classes = new Set(this.#states.flatMap(({ capacity }) => capacity.map((one) => one.class)))
    const found = await this.#context.metrics.series({
      resourceIds,
      metrics: [...classes].map(usedMetric),
      range: { from: this.#now - lastMs, to: this.#now, stepMs },
      aggregate: 'LAST',
    })
    return new Map(found.map((one) => [`${one.resourceId} ${one.metric}`, one]))
  }
}
