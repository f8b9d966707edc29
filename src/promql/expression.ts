/**
 * A PromQL expression as a tree.
 * Terminology
 * - step: one of the instants at which an expression is evaluated. An instant query has one.
 * - vector: series with at most one value a step. range: the samples of a window before each step.
 */
export interface Matcher {
  label: string
  operator: '=' | '!=' | '=~' | '!~'
  value: string
  test: (value: string) => boolean
}

/** When a selector or subquery looks: `at` instead of the step, `offsetMs` earlier. */
export interface Shift {
  offsetMs: number
  at: number | 'start' | 'end' | null
}

export interface Selector extends Shift {
  type: 'selector'
  matchers: Matcher[]
}
export interface RangeSelector {
  type: 'range'
  selector: Selector
  rangeMs: number
}
export interface Subquery extends Shift {
  type: 'subquery'
  expression: Expression
  rangeMs: number
  /** Null: as the query's own steps are by default. */
  stepMs: number | null
}
export interface Call {
  type: 'call'
  name: string
  arguments: Expression[]
}
export interface Aggregation {
  type: 'aggregation'
  operation: string
  parameter: Expression | null
  expression: Expression
  labels: string[]
  without: boolean
}
export interface Matching {
  /** `on`: only these labels. `ignoring`: all but these. */
  on: boolean
  labels: string[]
  /** Which side may have many. */
  many: 'left' | 'right' | null
  /** Labels that the many get from the one. */
  include: string[]
}
export interface Binary {
  type: 'binary'
  operator: string
  left: Expression
  right: Expression
  /** Comparisons give 0 or 1 instead of filtering. */
  bool: boolean
  matching: Matching
}

export type Expression =
  | { type: 'number'; value: number }
  | { type: 'string'; value: string }
  | { type: 'negation'; expression: Expression }
  | Selector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | Binary

export type ValueType = 'scalar' | 'vector' | 'range' | 'string'

const valueTypes = {
  number: 'scalar',
  string: 'string',
  selector: 'vector',
  range: 'range',
  subquery: 'range',
  aggregation: 'vector',
} as const

export function valueType(expression: Expression): ValueType {
  switch (expression.type) {
    case 'negation':
      return valueType(expression.expression)
    case 'binary':
      return valueType(expression.left) === 'scalar' && valueType(expression.right) === 'scalar'
        ? 'scalar'
        : 'vector'
    case 'call':
      return ['scalar', 'time', 'pi'].includes(expression.name) ? 'scalar' : 'vector'
    default:
      return valueTypes[expression.type]
  }
}

/** The ways that a mistake is told: what is wrong with the question, and what is right PromQL but not answered here. */
export class BadQuery extends Error {
  override name = 'BadQuery'
}
export class Unsupported extends BadQuery {
  override name = 'Unsupported'
}
