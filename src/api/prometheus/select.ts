/** Series by labels: of what the viewer may see in full, with the names and labels that Prometheus' clients know them by. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import { access, scopeGraph } from '../../graph/scope.ts'
import type { Metrics } from '../../metric/index.ts'
import type { Metric, SeriesKey } from '../../metric/metric.ts'
import {
  isMatched,
  nameLabel,
  signature,
  toLabels,
  type Labels,
  type Matcher,
  type SelectSeries,
} from '../../promql/index.ts'
import type { Viewer } from '../../context.ts'
import { labelsOf } from './label.ts'
import { prometheusName } from './name.ts'

interface Selecting {
  graph: Graph
  metrics: Metrics
  viewer: Viewer
}

export interface LabelledSeries {
  key: SeriesKey
  labels: Labels
}

/** All series that the matchers want, in no particular order. */
export function findSeries(
  { graph: whole, metrics, viewer }: Selecting,
  matchers: readonly Matcher[],
): LabelledSeries[] {
  const graph = scopeGraph(viewer, whole)
  const labelsKnown = new Map<Vertex, [string, string][]>()
  const entriesOf = (vertex: Vertex) => {
    let entries = labelsKnown.get(vertex)
    if (entries === undefined) labelsKnown.set(vertex, (entries = labelsOf(graph, vertex)))
    return entries
  }
  return wantedMetrics(metrics, matchers).flatMap((metric) => {
    const name = prometheusName(metric)
    return metrics.seriesOf(metric.name).flatMap((key) => {
      const vertex = graph.get(key.resourceId)
      if (vertex === undefined || access(viewer, vertex) !== 'FULL') return []
      const source = key.sourceId === 0 ? '' : (graph.get(key.sourceId)?.name ?? '')
      const entries = [[nameLabel, name], ...entriesOf(vertex), ['source', source]] as [string, string][]
      const values = new Map(entries)
      return isMatched(matchers, (label) => values.get(label) ?? '')
        ? [{ key, labels: toLabels(entries) }]
        : []
    })
  })
}

function wantedMetrics(metrics: Metrics, matchers: readonly Matcher[]): Metric[] {
  const named = matchers.filter(({ label }) => label === nameLabel)
  return metrics.metrics().filter((metric) => {
    const name = prometheusName(metric)
    return named.every(({ test }) => test(name))
  })
}

/** Samples for the evaluation of a query. Of series that share all labels the first counts. */
export const selecting =
  (options: Selecting): SelectSeries =>
  async ({ matchers, from, to }) => {
    const found = findSeries(options, matchers)
    const nameOf = ({ resourceId, metric, sourceId }: SeriesKey) => `${resourceId} ${sourceId} ${metric}`
    const labels = new Map(found.map((one) => [nameOf(one.key), one.labels]))
    const samples = await options.metrics.samples(
      found.map(({ key }) => key),
      { from, to },
    )
    const series = samples.map((one) => ({
      labels: labels.get(nameOf(one))!,
      times: one.times,
      values: one.values,
    }))
    return [...new Map(series.reverse().map((one) => [signature(one.labels), one])).values()].reverse()
  }
