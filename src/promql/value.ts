/** What expressions are while they are evaluated: numbers by step. */
import { BadQuery } from './expression.ts'
import { showLabels, signature, type Labels } from './labels.ts'

/** The instants of a query: `start + n × stepMs`, milliseconds. */
export interface Steps {
  start: number
  stepMs: number
  count: number
}

export interface VectorSeries {
  labels: Labels
  values: Float64Array
  /** 1 where there is a value: NaN is one. */
  has: Uint8Array
}

export type Value =
  | { type: 'scalar'; values: Float64Array }
  | { type: 'vector'; series: VectorSeries[] }
  | { type: 'string'; text: string }

export const timeOf = ({ start, stepMs }: Steps, step: number): number => start + step * stepMs

export const newSeries = (labels: Labels, { count }: Steps): VectorSeries => ({
  labels,
  values: new Float64Array(count),
  has: new Uint8Array(count),
})

/** Series of equal labels become one; throws where they have values at the same step. Empty ones are left out. */
export function joinEqual(series: readonly VectorSeries[]): VectorSeries[] {
  const joined = new Map<string, VectorSeries>()
  for (const one of series) {
    if (!one.has.includes(1)) continue
    const name = signature(one.labels)
    const other = joined.get(name)
    if (other === undefined) joined.set(name, one)
    else joined.set(name, join(other, one))
  }
  return [...joined.values()]
}

function join(a: VectorSeries, b: VectorSeries): VectorSeries {
  const made = { labels: a.labels, values: a.values.slice(), has: a.has.slice() }
  for (let step = 0; step < made.has.length; step++) {
    if (b.has[step] === 0) continue
    if (made.has[step] === 1)
      throw new BadQuery(`vector cannot contain metrics with the same labelset: ${showLabels(a.labels)}`)
    made.has[step] = 1
    made.values[step] = b.values[step]!
  }
  return made
}
