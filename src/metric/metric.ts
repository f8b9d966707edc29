/**
 * Terminology
 * - metric: what is measured: a name, a unit, how it behaves. series: one metric of one resource as one source tells it.
 * - sample: one value of a series at one time. reading: the latest sample of a series.
 * - tick: the samples that one process collected in about a second, written as one row. chunk: the samples of one series in one hour.
 */
import type { ResourceId } from '../resource/resource.ts'

/** How values behave: a gauge goes up and down, a counter is a total that only rises, a state is one of a few numbers. */
export type MetricType = 'gauge' | 'counter' | 'state'

export interface Metric {
  name: string
  /** UCUM: `By`, `bit/s`, `1`, `Cel`, `W`; empty when nobody said. */
  unit: string
  type: MetricType
  help: string
}

export interface Sample {
  resourceId: ResourceId
  metric: string
  value: number
  /** Milliseconds since the epoch. */
  at: number
}

/** Identifies a series in this database; small positive integers. */
export type SeriesId = number

export interface SeriesKey {
  resourceId: ResourceId
  metric: string
  /** The source that tells it; 0: Plenum itself. */
  sourceId: ResourceId
}

/** A series that is known. */
export interface MetricSeries extends SeriesKey {
  id: SeriesId
}

export interface Reading extends SeriesKey {
  value: number
  at: number
  /** From when on it says nothing of now; absent: it was read just now. */
  staleAt?: number
}

/** How the samples of a step become one value. */
export const aggregates = ['AVG', 'MIN', 'MAX', 'SUM', 'COUNT', 'LAST'] as const
export type Aggregate = (typeof aggregates)[number]

/** A series on a grid: `values[i]` is of [start + i × step, start + (i + 1) × step); a gap is null. */
export interface Series extends SeriesKey {
  start: number
  stepMs: number
  values: (number | null)[]
}

/** Why samples were not taken; counted, never stored. */
export type Refusal = 'notFinite' | 'future' | 'past' | 'tooManySeries' | 'name'
