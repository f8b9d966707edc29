/** Makes readings of rows, as modules say. Pure. */
import type { MetricType } from '../source.ts'
import { hasValue, evaluate, type Tables } from './module/evaluate.ts'
import { definitionOf, type Rate } from './module/metric.ts'
import type { Row } from './module/row.ts'
import type { ModuleMeasure } from './module/schema.ts'

/** One value of one metric of one thing. Counters are as read: rates are made where the last value is known, and called as `rate` says. */
export interface MappedReading {
  key: string
  metric: string
  unit: string
  type: MetricType
  rate?: Rate
  value: number
}

/** Readings as they come: of one key and metric the first is believed, or all are combined. */
export class Readings {
  readonly #found = new Map<string, { reading: MappedReading; values: number[]; combine: Combine }>()

  take(key: string, measure: ModuleMeasure, row: Row, tables: Tables): void {
    const name = nameOf(measure, row, tables)
    if (name === null) return
    if (measure.where !== undefined && !hasValue(evaluate(measure.where, row, tables))) return
    const value = numberOf(measure, row, tables)
    if (value === null) return
    const place = `${key}\n${name}`
    const known = this.#found.get(place)
    if (known !== undefined) {
      if (measure.combine !== undefined && known.combine === measure.combine) known.values.push(value)
      return
    }
    const { unit, type, rate } = definitionOf(name, measure)
    const reading = { key, metric: name, unit, type, ...(rate !== undefined && { rate }), value }
    this.#found.set(place, { reading, values: [value], combine: measure.combine })
  }

  all(): MappedReading[] {
    return [...this.#found.values()].map(({ reading, values, combine }) => ({
      ...reading,
      value: combine === undefined ? reading.value : combinations[combine](values),
    }))
  }
}

type Combine = ModuleMeasure['combine']
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const combinations: Record<NonNullable<Combine>, (values: readonly number[]) => number> = {
  sum,
  mean: (values) => sum(values) / values.length,
  max: (values) => values.reduce((a, b) => Math.max(a, b)),
  min: (values) => values.reduce((a, b) => Math.min(a, b)),
  worst: (values) => values.reduce((a, b) => (badness(a) < badness(b) ? b : a)),
}

/** Of `hw.status`: what failed is worse than what is degraded, and that than what is unknown. */
const badness = (status: number): number => [0, 3, 1, 2].indexOf(status)

function nameOf({ name }: ModuleMeasure, row: Row, tables: Tables): string | null {
  if (typeof name === 'string') return name
  const value = evaluate(name.from, row, tables)
  return value === null ? null : (name.enum[String(value)] ?? null)
}

function numberOf({ value }: ModuleMeasure, row: Row, tables: Tables): number | null {
  const made = evaluate(value, row, tables)
  if (made === null || made === '') return null
  const number = Number(made)
  return Number.isFinite(number) ? number : null
}
