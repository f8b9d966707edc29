/** Operators between scalars and vectors, with vector matching. */
import { BadQuery, type Binary, type Matching } from './expression.ts'
import {
  nameLabel,
  only,
  showLabels,
  signature,
  withLabels,
  without,
  withoutName,
  type Labels,
} from './labels.ts'
import { joinEqual, newSeries, type Steps, type Value, type VectorSeries } from './value.ts'

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
}
const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

/** As in C: 1 to any power and ±1 to an infinite one are 1. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1
  return base ** exponent
}

interface Operation {
  /** Undefined: filtered out. */
  of: (a: number, b: number) => number | undefined
  /** A comparison that filters leaves its left side's labels whole. */
  keepsName: boolean
}

function operationOf({ operator, bool }: Binary): Operation {
  const compare = comparisons[operator]
  if (compare === undefined) return { of: arithmetic[operator]!, keepsName: false }
  if (bool) return { of: (a, b) => Number(compare(a, b)), keepsName: false }
  return { of: (a, b) => (compare(a, b) ? a : undefined), keepsName: true }
}

export function operate(node: Binary, left: Value, right: Value, steps: Steps): Value {
  if (left.type === 'string' || right.type === 'string')
    throw new BadQuery('operators do not go with strings')
  const operation = operationOf(node)
  if (left.type === 'scalar' && right.type === 'scalar')
    return {
      type: 'scalar',
      values: left.values.map((value, step) => operation.of(value, right.values[step]!)!),
    }
  if (left.type === 'vector' && right.type === 'vector') {
    const series = ['and', 'or', 'unless'].includes(node.operator)
      ? combine(node, left.series, right.series)
      : match(node, operation, left.series, right.series, steps)
    return { type: 'vector', series }
  }
  if (left.type === 'vector')
    return besideScalar(left.series, (right as { values: Float64Array }).values, operation, false, steps)
  return besideScalar((right as { series: VectorSeries[] }).series, left.values, operation, true, steps)
}

/** What filters keeps the vector's value, on whichever side it is. */
function besideScalar(
  series: readonly VectorSeries[],
  scalars: Float64Array,
  { of, keepsName }: Operation,
  scalarFirst: boolean,
  steps: Steps,
): Value {
  const made = series.map(({ labels, values, has }) => {
    const one = newSeries(keepsName ? labels : withoutName(labels), steps)
    for (let step = 0; step < steps.count; step++) {
      if (has[step] === 0) continue
      const [value, scalar] = [values[step]!, scalars[step]!]
      const result = scalarFirst ? of(scalar, value) : of(value, scalar)
      if (result === undefined) continue
      one.values[step] = keepsName ? value : result
      one.has[step] = 1
    }
    return one
  })
  return { type: 'vector', series: joinEqual(made) }
}

const keyOf =
  ({ on, labels }: Matching) =>
  (of: Labels): Labels =>
    on ? only(of, labels) : without(of, [...labels, nameLabel])

function bySignature(series: readonly VectorSeries[], matching: Matching): Map<string, VectorSeries[]> {
  const key = keyOf(matching)
  return Map.groupBy(series, ({ labels }) => signature(key(labels)))
}

function combine(
  { operator, matching }: Binary,
  left: readonly VectorSeries[],
  right: readonly VectorSeries[],
): VectorSeries[] {
  const [mine, theirs] = [bySignature(left, matching), bySignature(right, matching)]
  const anyOf = (series: readonly VectorSeries[] | undefined, step: number) =>
    series?.some(({ has }) => has[step] === 1) === true
  const filtered = (from: Map<string, VectorSeries[]>, other: Map<string, VectorSeries[]>, wanted: boolean) =>
    [...from].flatMap(([name, members]) =>
      members.map(({ labels, values, has }) => ({
        labels,
        values,
        has: has.map((there, step) => (there === 1 && anyOf(other.get(name), step) === wanted ? 1 : 0)),
      })),
    )
  if (operator === 'and') return joinEqual(filtered(mine, theirs, true))
  if (operator === 'unless') return joinEqual(filtered(mine, theirs, false))
  return joinEqual([...left, ...filtered(theirs, mine, false)])
}

function match(
  node: Binary,
  operation: Operation,
  left: readonly VectorSeries[],
  right: readonly VectorSeries[],
  steps: Steps,
): VectorSeries[] {
  const { matching } = node
  const swapped = matching.many === 'right'
  const [many, one] = swapped ? [right, left] : [left, right]
  const ones = bySignature(one, matching)
  const key = keyOf(matching)
  const taken = new Map<string, Uint8Array>()
  const made: VectorSeries[] = []
  for (const [name, members] of bySignature(many, matching)) {
    const partners = ones.get(name)
    if (partners === undefined) continue
    checkUnique(partners, key, swapped ? 'left' : 'right')
    for (const member of members) {
      for (const partner of partners) {
        const result = pair(member, partner, { operation, swapped, steps })
        if (matching.many === null) checkOnce(name, result.both, taken, () => showLabels(key(member.labels)))
        made.push({
          ...result.series,
          labels: labelsOf(member.labels, partner.labels, matching, operation.keepsName),
        })
      }
    }
  }
  return joinEqual(made)
}

/** The side that may have one has no two at a step. */
function checkUnique(partners: readonly VectorSeries[], key: (labels: Labels) => Labels, side: string): void {
  if (partners.length < 2) return
  const [first] = partners as [VectorSeries]
  for (let step = 0; step < first.has.length; step++) {
    const there = partners.filter(({ has }) => has[step] === 1)
    if (there.length > 1)
      throw new BadQuery(
        `found duplicate series for the match group ${showLabels(key(first.labels))} on the ${side} hand-side of the operation: [${there
          .slice(0, 2)
          .map(({ labels }) => showLabels(labels))
          .join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
      )
  }
}

/** Without group_left or group_right each finds its own. */
function checkOnce(
  name: string,
  both: Uint8Array,
  taken: Map<string, Uint8Array>,
  shown: () => string,
): void {
  const before = taken.get(name)
  if (before === undefined) {
    taken.set(name, both.slice())
    return
  }
  for (let step = 0; step < both.length; step++) {
    if (both[step] === 1 && before[step] === 1)
      throw new BadQuery(
        `multiple matches for labels ${shown()}: many-to-one matching must be explicit (group_left/group_right)`,
      )
    before[step]! |= both[step]!
  }
}

function pair(
  member: VectorSeries,
  partner: VectorSeries,
  { operation, swapped, steps }: { operation: Operation; swapped: boolean; steps: Steps },
): { series: VectorSeries; both: Uint8Array } {
  const series = newSeries(member.labels, steps)
  const both = new Uint8Array(steps.count)
  for (let step = 0; step < steps.count; step++) {
    if (member.has[step] === 0 || partner.has[step] === 0) continue
    both[step] = 1
    const [mine, theirs] = [member.values[step]!, partner.values[step]!]
    const result = swapped ? operation.of(theirs, mine) : operation.of(mine, theirs)
    if (result === undefined) continue
    series.values[step] = result
    series.has[step] = 1
  }
  return { series, both }
}

function labelsOf(many: Labels, one: Labels, matching: Matching, keepsName: boolean): Labels {
  const base = keepsName ? many : withoutName(many)
  if (matching.many === null)
    return matching.on ? only(base, matching.labels) : without(base, matching.labels)
  return withLabels(base, Object.fromEntries(matching.include.map((label) => [label, one[label] ?? ''])))
}
