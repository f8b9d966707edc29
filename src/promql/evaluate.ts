/** An expression over its samples, at all steps at once. Pure. */
import { aggregate } from './aggregate.ts'
import { operate } from './binary.ts'
import {
  BadQuery,
  valueType,
  type Aggregation,
  type Call,
  type Expression,
  type RangeSelector,
  type Selector,
  type Subquery,
} from './expression.ts'
import { callLabels, labelFunctions } from './label-function.ts'
import { noLabels, toLabels, withoutName, type Labels } from './labels.ts'
import { overRange } from './over-range.ts'
import { perValue } from './per-value.ts'
import { instantOf, subquerySteps, type Bounds, type Found, type StoredSeries } from './select.ts'
import { joinEqual, newSeries, timeOf, type Steps, type Value, type VectorSeries } from './value.ts'

/** How many values may be in work at once, whatever is asked. */
const mostValues = 50_000_000

export class Evaluation {
  readonly #found: Found
  readonly #bounds: Bounds
  readonly #signal: AbortSignal
  #values = 0

  constructor(found: Found, bounds: Bounds, signal: AbortSignal) {
    this.#found = found
    this.#bounds = bounds
    this.#signal = signal
  }

  of(expression: Expression, steps: Steps): Value {
    this.#signal.throwIfAborted()
    const value = this.#of(expression, steps)
    if (value.type === 'vector') this.#values += value.series.length * steps.count
    if (this.#values > mostValues)
      throw new BadQuery(
        `query processing would hold more than ${mostValues} values: take a larger step, a shorter range or fewer series`,
      )
    return value
  }

  #of(expression: Expression, steps: Steps): Value {
    switch (expression.type) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(steps.count).fill(expression.value) }
      case 'string':
        return { type: 'string', text: expression.value }
      case 'selector':
        return { type: 'vector', series: this.#latest(expression, steps) }
      case 'negation':
        return negated(this.of(expression.expression, steps))
      case 'call':
        return this.#call(expression, steps)
      case 'aggregation':
        return { type: 'vector', series: this.#aggregation(expression, steps) }
      case 'binary':
        return operate(expression, this.of(expression.left, steps), this.of(expression.right, steps), steps)
      default:
        throw new BadQuery('a range vector stands only in a function over time')
    }
  }

  /** The latest sample at each step, if it is not too old. */
  #latest(
    selector: Selector,
    steps: Steps,
    value = (values: Float64Array, _: Float64Array, index: number) => values[index]!,
  ): VectorSeries[] {
    return this.#found.get(selector)!.flatMap(({ labels, times, values }) => {
      const made = newSeries(labels, steps)
      let index = -1
      for (let step = 0; step < steps.count; step++) {
        const time = instantOf(selector, timeOf(steps, step), this.#bounds)
        while (index + 1 < times.length && times[index + 1]! <= time) index++
        if (index < 0 || times[index]! <= time - this.#bounds.lookbackMs) continue
        made.values[step] = value(values, times, index)
        made.has[step] = 1
      }
      return made.has.includes(1) ? [made] : []
    })
  }

  #vector(expression: Expression, steps: Steps): VectorSeries[] {
    return (this.of(expression, steps) as { series: VectorSeries[] }).series
  }

  #scalars(expression: Expression, steps: Steps): Float64Array {
    return (this.of(expression, steps) as { values: Float64Array }).values
  }

  #aggregation(node: Aggregation, steps: Steps): VectorSeries[] {
    const parameter =
      node.parameter === null
        ? null
        : node.parameter.type === 'string'
          ? node.parameter.value
          : this.#scalars(node.parameter, steps)
    return aggregate(node, this.#vector(node.expression, steps), parameter, steps)
  }

  #call(call: Call, steps: Steps): Value {
    const { name, arguments: given } = call
    const [first] = given
    if (name === 'time') return { type: 'scalar', values: timesOf(steps) }
    if (name === 'pi') return { type: 'scalar', values: new Float64Array(steps.count).fill(Math.PI) }
    if (name === 'scalar') return { type: 'scalar', values: onlyOne(this.#vector(first!, steps), steps) }
    return { type: 'vector', series: this.#series(call, steps) }
  }

  #series({ name, arguments: given }: Call, steps: Steps): VectorSeries[] {
    const first = given[0]!
    if (perValue[name] !== undefined) return this.#perValue(name, given, steps)
    if (overRange[name] !== undefined) return this.#overRange(name, given, steps)
    if (labelFunctions.includes(name)) return callLabels(name, this.#vector(first, steps), given.slice(1))
    if (name === 'vector') return [constant(noLabels, this.#scalars(first, steps))]
    if (name === 'timestamp') return this.#timestamps(first, steps)
    if (name === 'absent') return absent(this.#vector(first, steps), labelsWanted(first), steps)
    if (name === 'absent_over_time') {
      const there = this.#windows(first, steps, () => 1)
      return absent(there, labelsWanted(first), steps)
    }
    // `sort` and `sort_desc` order the answer of an instant query: see `order`.
    return this.#vector(first, steps)
  }

  #perValue(name: string, given: readonly Expression[], steps: Steps): VectorSeries[] {
    const { of } = perValue[name]!
    const series = given.length === 0 ? [constant(noLabels, timesOf(steps))] : this.#vector(given[0]!, steps)
    const scalars = given.slice(1).map((one) => this.#scalars(one, steps))
    const made = series.map(({ labels, values, has }) => {
      const one = newSeries(withoutName(labels), steps)
      for (let step = 0; step < steps.count; step++) {
        if (has[step] === 0) continue
        const rest = scalars.map((all) => all[step]!)
        if (name === 'clamp' && rest[0]! > rest[1]!) continue
        one.values[step] = of(values[step]!, rest)
        one.has[step] = 1
      }
      return one
    })
    return joinEqual(made)
  }

  #overRange(name: string, given: readonly Expression[], steps: Steps): VectorSeries[] {
    const { takes, of, keepsName } = overRange[name]!
    const range = given[takes.indexOf('range')]!
    const scalars = given
      .filter((_, index) => takes[index] === 'scalar')
      .map((one) => this.#scalars(one, steps))
    const made = this.#windows(range, steps, (window, step) =>
      of(
        window,
        scalars.map((all) => all[step]!),
      ),
    )
    return keepsName === true
      ? made
      : joinEqual(made.map((one) => ({ ...one, labels: withoutName(one.labels) })))
  }

  /** Calls for each series and step that has samples in its window. */
  #windows(
    node: Expression,
    steps: Steps,
    call: (window: Parameters<(typeof overRange)[string]['of']>[0], step: number) => number | undefined,
  ): VectorSeries[] {
    const { series, shift, rangeMs } = this.#range(node as RangeSelector | Subquery, steps)
    return series.map(({ labels, times, values }) => {
      const made = newSeries(labels, steps)
      let [low, high] = [0, 0]
      for (let step = 0; step < steps.count; step++) {
        const at = timeOf(steps, step)
        const end = instantOf(shift, at, this.#bounds)
        while (low < times.length && times[low]! <= end - rangeMs) low++
        while (high < times.length && times[high]! <= end) high++
        if (low >= high) continue
        const window = {
          times: times.subarray(low, high),
          values: values.subarray(low, high),
          start: end - rangeMs,
          end,
          at,
        }
        const value = call(window, step)
        if (value === undefined) continue
        made.values[step] = value
        made.has[step] = 1
      }
      return made
    })
  }

  #range(
    node: RangeSelector | Subquery,
    steps: Steps,
  ): { series: readonly StoredSeries[]; shift: Selector | Subquery; rangeMs: number } {
    if (node.type === 'range')
      return { series: this.#found.get(node.selector)!, shift: node.selector, rangeMs: node.rangeMs }
    const inner = subquerySteps(node, steps, this.#bounds)
    if (inner.count > mostValues) throw new BadQuery('a subquery has too many steps: take a larger step')
    const value = this.of(node.expression, inner)
    const series =
      value.type === 'vector'
        ? value.series
        : [constant(noLabels, (value as { values: Float64Array }).values)]
    return { series: series.map((one) => toStored(one, inner)), shift: node, rangeMs: node.rangeMs }
  }

  /** Of a selector the times of its samples, else of the steps. */
  #timestamps(node: Expression, steps: Steps): VectorSeries[] {
    const series =
      node.type === 'selector'
        ? this.#latest(node, steps, (_, times, index) => times[index]! / 1_000)
        : this.#vector(node, steps).map((one) => ({ ...one, values: timesOf(steps) }))
    return joinEqual(series.map((one) => ({ ...one, labels: withoutName(one.labels) })))
  }
}

const timesOf = (steps: Steps): Float64Array =>
  Float64Array.from({ length: steps.count }, (_, step) => timeOf(steps, step) / 1_000)

const constant = (labels: Labels, values: Float64Array): VectorSeries => ({
  labels,
  values,
  has: new Uint8Array(values.length).fill(1),
})

function onlyOne(series: readonly VectorSeries[], steps: Steps): Float64Array {
  return Float64Array.from({ length: steps.count }, (_, step) => {
    const there = series.filter(({ has }) => has[step] === 1)
    return there.length === 1 ? there[0]!.values[step]! : NaN
  })
}

function negated(value: Value): Value {
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((one) => -one) }
  if (value.type === 'string') throw new BadQuery('a sign goes with scalars and instant vectors only')
  const series = value.series.map(({ labels, values, has }) => ({
    labels: withoutName(labels),
    values: values.map((one) => -one),
    has,
  }))
  return { type: 'vector', series: joinEqual(series) }
}

/** 1 at the steps at which there is nothing. */
function absent(series: readonly VectorSeries[], labels: Labels, steps: Steps): VectorSeries[] {
  const made = constant(labels, new Float64Array(steps.count).fill(1))
  for (const { has } of series) has.forEach((there, step) => there === 1 && (made.has[step] = 0))
  return made.has.includes(1) ? [made] : []
}

/** What a selector says a series must have: those of its labels that are asked for once, by equality. */
function labelsWanted(node: Expression): Labels {
  const selector = node.type === 'range' ? node.selector : node
  if (selector.type !== 'selector') return noLabels
  const asked = Map.groupBy(selector.matchers, ({ label }) => label)
  return withoutName(
    toLabels(
      [...asked].flatMap(([label, matchers]) =>
        matchers.length === 1 && matchers[0]!.operator === '=' ? [[label, matchers[0]!.value] as const] : [],
      ),
    ),
  )
}

function toStored({ labels, values, has }: VectorSeries, steps: Steps): StoredSeries {
  const there = [...has.keys()].filter((step) => has[step] === 1)
  return {
    labels,
    times: Float64Array.from(there, (step) => timeOf(steps, step)),
    values: Float64Array.from(there, (step) => values[step]!),
  }
}

/** Whether an expression's own order is what the answer of an instant query shows. */
export function orderOf(expression: Expression): 'ascending' | 'descending' | null {
  if (valueType(expression) !== 'vector') return null
  if (expression.type === 'call' && expression.name.startsWith('sort'))
    return expression.name === 'sort' ? 'ascending' : 'descending'
  if (expression.type !== 'aggregation') return null
  return expression.operation === 'topk'
    ? 'descending'
    : expression.operation === 'bottomk'
      ? 'ascending'
      : null
}
