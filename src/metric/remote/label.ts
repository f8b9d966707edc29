/** What series are called on the remote: by ids, which stay when things are renamed, and by the metric's own name beside the one that Prometheus allows. Pure. */
import type { SeriesKey } from '../metric.ts'

export type StaticLabels = Readonly<Record<string, string>>

export const remoteName = (metric: string): string =>
  metric.replace(/[^A-Za-z0-9_:]/g, '_').replace(/^(?=\d)/, '_')

/** In the order of their names. */
export function labelsOf(
  { resourceId, sourceId, metric }: SeriesKey,
  more: StaticLabels,
): [string, string][] {
  const labels: [string, string][] = [
    ...Object.entries(more),
    ['__name__', remoteName(metric)],
    ['metric', metric],
    ['resource', String(resourceId)],
    ['source', String(sourceId)],
  ]
  return labels.sort(([one], [other]) => (one < other ? -1 : 1))
}

/** Undefined for what is not of this form. */
export function keyOf(labels: Readonly<Record<string, string>>): SeriesKey | undefined {
  const { metric, resource = '', source = '' } = labels
  if (metric === undefined || !/^\d+$/.test(resource) || !/^\d+$/.test(source)) return undefined
  return { metric, resourceId: Number(resource), sourceId: Number(source) }
}

/** A selector of one metric of these resources. */
export function selectorOf(metric: string, resourceIds: readonly number[], more: StaticLabels): string {
  const equal = Object.entries({ ...more, metric }).map(
    ([label, value]) => `${label}=${JSON.stringify(value)}`,
  )
  return `${remoteName(metric)}{${[...equal, `resource=~"${resourceIds.join('|')}"`].join(',')}}`
}
