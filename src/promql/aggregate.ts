/** Aggregation of a vector, step by step. */
import { BadQuery, type Aggregation } from './expression.ts'
import { formatNumber } from './number.ts'
import { nameLabel, only, signature, withLabels, without, type Labels } from './labels.ts'
import { byValue, quantile, sum, variance } from './quantile.ts'
import { joinEqual, newSeries, type Steps, type VectorSeries } from './value.ts'

const simple: Readonly<Record<string, (values: number[]) => number>> = {
  sum,
  avg: (values) => sum(values) / values.length,
  min: (values) => values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  max: (values) => values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  count: (values) => values.length,
  group: () => 1,
  stddev: (values) => Math.sqrt(variance(values)),
  stdvar: variance,
}

interface Group {
  labels: Labels
  members: VectorSeries[]
}

/** `parameter`: a number a step, or the label of count_values. */
export function aggregate(
  { operation, labels, without: isWithout }: Aggregation,
  series: readonly VectorSeries[],
  parameter: Float64Array | string | null,
  steps: Steps,
): VectorSeries[] {
  const groups = group(series, labels, isWithout)
  if (operation === 'topk' || operation === 'bottomk')
    return groups.flatMap(({ members }) =>
      best(members, operation === 'topk' ? -1 : 1, parameter as Float64Array, steps),
    )
  if (operation === 'count_values')
    return joinEqual(groups.flatMap((one) => countValues(one, parameter as string, steps)))
  return groups.map((one) => {
    const made = newSeries(one.labels, steps)
    const of =
      operation === 'quantile'
        ? (values: number[], step: number) => quantile((parameter as Float64Array)[step]!, values)
        : simple[operation]!
    each(one.members, steps, (values, step) => {
      made.values[step] = of(values, step)
      made.has[step] = 1
    })
    return made
  })
}

function group(series: readonly VectorSeries[], labels: readonly string[], isWithout: boolean): Group[] {
  const groups = new Map<string, Group>()
  for (const one of series) {
    const kept = isWithout ? without(one.labels, [...labels, nameLabel]) : only(one.labels, labels)
    const name = signature(kept)
    const found = groups.get(name)
    if (found === undefined) groups.set(name, { labels: kept, members: [one] })
    else found.members.push(one)
  }
  return [...groups.values()]
}

function each(
  members: readonly VectorSeries[],
  { count }: Steps,
  call: (values: number[], step: number) => void,
): void {
  for (let step = 0; step < count; step++) {
    const values: number[] = []
    for (const { has, values: all } of members) if (has[step] === 1) values.push(all[step]!)
    if (values.length > 0) call(values, step)
  }
}

/** The series themselves, at the steps at which they are among the k first; NaN is last. */
function best(
  members: readonly VectorSeries[],
  sign: 1 | -1,
  counts: Float64Array,
  steps: Steps,
): VectorSeries[] {
  const made = members.map((one) => ({ ...newSeries(one.labels, steps), values: one.values }))
  const order = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b) ? -byValue(a, b) : sign * (a - b)
  for (let step = 0; step < steps.count; step++) {
    const count = counts[step]!
    if (!(count >= 1)) continue
    if (count > 2 ** 53) throw new BadQuery(`scalar value ${count} overflows`)
    const present = [...members.keys()].filter((index) => members[index]!.has[step] === 1)
    present.sort((a, b) => order(members[a]!.values[step]!, members[b]!.values[step]!))
    for (const index of present.slice(0, Math.floor(count))) made[index]!.has[step] = 1
  }
  return made.filter(({ has }) => has.includes(1))
}

function countValues({ labels, members }: Group, label: string, steps: Steps): VectorSeries[] {
  if (!/^[a-zA-Z_]\w*$/.test(label)) throw new BadQuery(`invalid label name ${JSON.stringify(label)}`)
  const made = new Map<string, VectorSeries>()
  each(members, steps, (values, step) => {
    for (const value of values) {
      const text = formatNumber(value)
      let one = made.get(text)
      if (one === undefined) made.set(text, (one = newSeries(withLabels(labels, { [label]: text }), steps)))
      one.values[step]! += 1
      one.has[step] = 1
    }
  })
  return [...made.values()]
}
