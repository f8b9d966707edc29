/** What a query gave, as values of resources. Pure. */
import type { Measured, MetricDefinition } from '../source.ts'
import type { Point } from './client.ts'

export const ownMetrics: readonly MetricDefinition[] = [
  { name: 'up', unit: '1', type: 'state', help: 'Whether the source answered: 1 or 0.' },
  { name: 'scrape.duration', unit: 's', type: 'gauge', help: 'How long a collection took.' },
  {
    name: 'scrape.series',
    unit: '{series}',
    type: 'gauge',
    help: 'Series that were asked for and came.',
  },
  {
    name: 'scrape.series.unmatched',
    unit: '{series}',
    type: 'gauge',
    help: 'Series among them that belong to no resource, or to one that another has already.',
  },
]

export interface Unmatched {
  metric: string
  labels: Readonly<Record<string, string>>
  /** `none`: no resource, or more than one, has these labels. `twice`: several series of the query are of the same resource. */
  why: 'none' | 'twice'
}

export interface Mapped {
  measured: Measured[]
  unmatched: Unmatched[]
}

/** Of several series for one resource none is right: the query is to aggregate them. What is no number is left out. */
export function toMeasured(
  metric: string,
  points: readonly Point[],
  match: (labels: Readonly<Record<string, string>>) => number | undefined,
): Mapped {
  const found = Map.groupBy(
    points.map((point) => ({ ...point, resourceId: match(point.labels) })),
    ({ resourceId }) => resourceId,
  )
  const mapped: Mapped = { measured: [], unmatched: [] }
  for (const [resourceId, own] of found) {
    const { value, at } = own[0]!
    if (resourceId === undefined || own.length > 1) {
      const why = resourceId === undefined ? ('none' as const) : ('twice' as const)
      mapped.unmatched.push(...own.map(({ labels }) => ({ metric, labels, why })))
    } else if (Number.isFinite(value)) mapped.measured.push({ resourceId, metric, value, at })
  }
  return mapped
}
