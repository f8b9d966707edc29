/** PromQL text to a checked expression, on the grammar that Prometheus' own editor uses. What is not answered here is refused by its name. */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { checkTypes } from './check.ts'
import { BadQuery, Unsupported, type Expression, type Matching, type Shift } from './expression.ts'
import { parseDuration } from './duration.ts'
import { toMatchers } from './matcher.ts'
import { parseNumber } from './number.ts'
import { parseText } from './text.ts'

const longest = 50_000
const deepest = 100

/** Throws BadQuery with what is wrong and where, Unsupported for what is right but not answered here. */
export function parseExpression(text: string): Expression {
  if (text.length > longest) throw new BadQuery(`the query has more than ${longest} characters`)
  const tree = parser.parse(text)
  tree.iterate({
    enter(node) {
      if (node.type.isError)
        throw new BadQuery(`${node.from + 1}: parse error: ${unexpected(text, node.from, node.to)}`)
    },
  })
  const root = tree.topNode.firstChild
  if (root === null) throw new BadQuery('1: parse error: the query is empty')
  const expression = new Reader(text).read(root, 0)
  checkTypes(expression)
  return expression
}

function unexpected(text: string, from: number, to: number): string {
  if (from >= text.length) return 'unexpected end of input'
  return `unexpected ${JSON.stringify(text.slice(from, Math.max(to, from + 1)).slice(0, 40))}`
}

class Reader {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  #of(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to)
  }

  read(node: SyntaxNode, depth: number): Expression {
    if (depth > deepest)
      throw new BadQuery(`${node.from + 1}: more than ${deepest} expressions within each other`)
    const next = (child: SyntaxNode): Expression => this.read(child, depth + 1)
    switch (node.name) {
      case 'ParenExpr':
        return next(node.firstChild!)
      case 'NumberDurationLiteral':
        return { type: 'number', value: this.#number(node) }
      case 'StringLiteral':
        return { type: 'string', value: parseText(this.#of(node)) }
      case 'UnaryExpr':
        return this.#unary(node, next)
      case 'VectorSelector':
        return { type: 'selector', matchers: toMatchers(node, this.#text), offsetMs: 0, at: null }
      case 'MatrixSelector':
        return this.#range(node, next)
      case 'SubqueryExpr':
        return this.#subquery(node, next)
      case 'OffsetExpr':
      case 'StepInvariantExpr':
        return this.#shifted(node, next)
      case 'FunctionCall':
        return this.#call(node, next)
      case 'AggregateExpr':
        return this.#aggregation(node, next)
      case 'BinaryExpr':
        return this.#binary(node, next)
      default:
        throw new Unsupported(`${node.from + 1}: ${node.name} is not supported`)
    }
  }

  #number(node: SyntaxNode): number {
    const value = parseNumber(this.#of(node))
    if (value === undefined)
      throw new BadQuery(`${node.from + 1}: parse error: ${this.#of(node)} is no number`)
    return value
  }

  #unary(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const expression = next(node.lastChild!)
    if (this.#of(node.firstChild!) === '+') return expression
    return expression.type === 'number'
      ? { type: 'number', value: -expression.value }
      : { type: 'negation', expression }
  }

  #duration(node: SyntaxNode): number {
    const text = this.#of(node)
    const seconds =
      node.firstChild?.name === 'NumberDurationLiteralInDurationContext' ? parseNumber(text) : undefined
    const value = parseDuration(text) ?? (seconds === undefined ? undefined : seconds * 1_000)
    if (value === undefined)
      throw new Unsupported(
        `${node.from + 1}: ${text} is not supported as a duration: write it as 5m or 1h30m`,
      )
    return value
  }

  #positive(node: SyntaxNode): number {
    const value = this.#duration(node)
    if (value <= 0) throw new BadQuery(`${node.from + 1}: a duration must be greater than 0`)
    return value
  }

  #range(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const selector = next(node.firstChild!)
    if (selector.type !== 'selector') throw new BadQuery(`${node.from + 1}: ranges are of selectors only`)
    return { type: 'range', selector, rangeMs: this.#positive(node.getChild('DurationExpr')!) }
  }

  #subquery(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const [range, step] = node.getChildren('DurationExpr')
    const rangeMs = this.#positive(range!)
    const stepMs = step === undefined ? null : this.#positive(step)
    return { type: 'subquery', expression: next(node.firstChild!), rangeMs, stepMs, offsetMs: 0, at: null }
  }

  /** `offset` and `@` belong to the selector, also when the grammar puts a sign between. */
  #shifted(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const expression = next(node.firstChild!)
    let inner = expression
    while (inner.type === 'negation') inner = inner.expression
    const target: Shift | null =
      inner.type === 'range'
        ? inner.selector
        : inner.type === 'selector' || inner.type === 'subquery'
          ? inner
          : null
    if (target === null)
      throw new BadQuery(`${node.from + 1}: offset and @ go with selectors and subqueries only`)
    if (node.name === 'OffsetExpr') {
      if (target.offsetMs !== 0) throw new BadQuery(`${node.from + 1}: offset may not be set twice`)
      target.offsetMs = this.#offset(node.getChild('OffsetDurationExpr')!)
    } else {
      if (target.at !== null) throw new BadQuery(`${node.from + 1}: @ may not be set twice`)
      target.at = this.#at(node)
    }
    return expression
  }

  #offset(node: SyntaxNode): number {
    const sign = node.firstChild
    if (sign?.name === 'UnaryOp')
      return (this.#of(sign) === '-' ? -1 : 1) * this.#offset(node.getChild('OffsetDurationExpr')!)
    return this.#duration(node)
  }

  #at(node: SyntaxNode): Shift['at'] {
    const named = node.getChild('AtModifierPreprocessors')
    if (named !== null) return this.#of(named) === 'start' ? 'start' : 'end'
    const value = parseNumber(this.#text.slice(node.getChild('At')!.to, node.to).replaceAll(/\s/g, ''))
    if (value === undefined || !Number.isFinite(value))
      throw new BadQuery(`${node.from + 1}: @ wants a time in seconds`)
    return Math.round(value * 1_000)
  }

  #call(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const name = this.#of(node.getChild('FunctionIdentifier')!)
    return { type: 'call', name, arguments: this.#arguments(node, next) }
  }

  #arguments(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression[] {
    const body = node.getChild('FunctionCallBody')
    const found: Expression[] = []
    for (let child = body?.firstChild ?? null; child !== null; child = child.nextSibling)
      found.push(next(child))
    return found
  }

  #aggregation(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const operation = this.#of(node.getChild('AggregateOp')!)
    const given = this.#arguments(node, next)
    const modifier = node.getChild('AggregateModifier')
    const takes = ['topk', 'bottomk', 'quantile', 'count_values', 'limitk', 'limit_ratio'].includes(operation)
      ? 2
      : 1
    const expression = given.at(-1)
    if (given.length !== takes || expression === undefined)
      throw new BadQuery(
        `${node.from + 1}: wrong number of arguments for aggregate expression ${operation}: ${takes} expected, ${given.length} given`,
      )
    return {
      type: 'aggregation',
      operation,
      parameter: takes === 2 ? given[0]! : null,
      expression,
      labels: modifier === null ? [] : this.#labels(modifier.getChild('GroupingLabels')!),
      without: modifier !== null && modifier.getChild('Without') !== null,
    }
  }

  #labels(node: SyntaxNode): string[] {
    const found: string[] = []
    for (let child = node.firstChild; child !== null; child = child.nextSibling)
      found.push(child.name === 'QuotedLabelName' ? parseText(this.#of(child)) : this.#of(child))
    return found
  }

  #binary(node: SyntaxNode, next: (child: SyntaxNode) => Expression): Expression {
    const clause = node.getChild('MatchingModifierClause')
    const operator = this.#of(node.firstChild!.nextSibling!)
    const left = node.firstChild!
    // A power is taken before the sign, and the grammar has signs within numbers: -2 ^ 2 is -4.
    const isNegated =
      operator === '^' && left.name === 'NumberDurationLiteral' && this.#of(left).startsWith('-')
    const made: Expression = {
      type: 'binary',
      operator: operator.toLowerCase(),
      left: isNegated ? { type: 'number', value: -this.#number(left) } : next(left),
      right: next(node.lastChild!),
      bool: node.getChild('BoolModifier') !== null,
      matching: this.#matching(clause),
    }
    return isNegated ? { type: 'negation', expression: made } : made
  }

  #matching(clause: SyntaxNode | null): Matching {
    if (clause === null) return { on: false, labels: [], many: null, include: [] }
    const [left, right] = [clause.getChild('GroupLeft'), clause.getChild('GroupRight')]
    const many = left === null ? (right === null ? null : 'right') : 'left'
    const group = left ?? right
    const include = group?.nextSibling?.name === 'GroupingLabels' ? this.#labels(group.nextSibling) : []
    const first = clause.getChild('GroupingLabels')
    const labels = first === null ? [] : this.#labels(first)
    return { on: clause.getChild('On') !== null, labels, many, include }
  }
}
