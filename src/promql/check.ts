/** Whether an expression makes sense: known functions, arguments of the right type, matching that is possible. */
import {
  BadQuery,
  Unsupported,
  valueType,
  type Aggregation,
  type Binary,
  type Call,
  type Expression,
  type ValueType,
} from './expression.ts'
import { overRange } from './over-range.ts'
import { perValue } from './per-value.ts'
import { parseFailure } from './refused.ts'

const aggregations = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
]
const comparisons = ['==', '!=', '<', '>', '<=', '>=']
const sets = ['and', 'or', 'unless']
const names: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  range: 'range vector',
  string: 'string',
}

type Argument = ValueType | `${ValueType}?`

/** What the functions that are neither per value nor over a range take. */
const others: Readonly<Record<string, readonly Argument[]>> = {
  time: [],
  pi: [],
  vector: ['scalar'],
  scalar: ['vector'],
  absent: ['vector'],
  absent_over_time: ['range'],
  sort: ['vector'],
  sort_desc: ['vector'],
  label_replace: ['vector', 'string', 'string', 'string', 'string'],
  timestamp: ['vector'],
}

export function argumentsOf(name: string): readonly Argument[] | undefined {
  if (Object.hasOwn(others, name)) return others[name]
  const given = perValue[name]?.takes ?? overRange[name]?.takes
  return given
}

export function checkTypes(expression: Expression): void {
  switch (expression.type) {
    case 'call':
      return checkCall(expression)
    case 'aggregation':
      return checkAggregation(expression)
    case 'binary':
      return checkBinary(expression)
    case 'negation':
      checkTypes(expression.expression)
      if (!['scalar', 'vector'].includes(valueType(expression.expression)))
        throw new BadQuery('a sign goes with scalars and instant vectors only')
      return
    case 'subquery':
      checkTypes(expression.expression)
      return wants(expression.expression, 'vector', 'a subquery', ['scalar'])
    default:
  }
}

function checkCall({ name, arguments: given }: Call): void {
  given.forEach(checkTypes)
  if (name === 'label_join') return checkLabelJoin(given)
  const takes = argumentsOf(name)
  if (takes === undefined) throw new Unsupported(parseFailure(name))
  const least = takes.filter((type) => !type.endsWith('?')).length
  if (given.length < least || given.length > takes.length)
    throw new BadQuery(
      `${name} takes ${least === takes.length ? least : `${least} to ${takes.length}`} arguments, ${given.length} given`,
    )
  given.forEach((one, index) => wants(one, takes[index]!.replace('?', '') as ValueType, `function ${name}`))
}

function checkLabelJoin(given: readonly Expression[]): void {
  if (given.length < 3) throw new BadQuery(`label_join takes at least 3 arguments, ${given.length} given`)
  given.forEach((one, index) => wants(one, index === 0 ? 'vector' : 'string', 'function label_join'))
}

function wants(
  expression: Expression,
  type: ValueType,
  where: string,
  also: readonly ValueType[] = [],
): void {
  const got = valueType(expression)
  if (got !== type && !also.includes(got))
    throw new BadQuery(`expected type ${names[type]} in ${where}, got ${names[got]}`)
}

function checkAggregation({ operation, parameter, expression }: Aggregation): void {
  if (!aggregations.includes(operation)) throw new Unsupported(parseFailure(operation))
  checkTypes(expression)
  wants(expression, 'vector', `aggregation ${operation}`)
  if (parameter === null) return
  checkTypes(parameter)
  wants(parameter, operation === 'count_values' ? 'string' : 'scalar', `aggregation ${operation}`)
}

function checkBinary({ operator, left, right, bool, matching }: Binary): void {
  checkTypes(left)
  checkTypes(right)
  wants(left, 'vector', `binary expression`, ['scalar'])
  wants(right, 'vector', `binary expression`, ['scalar'])
  const isScalars = valueType(left) === 'scalar' && valueType(right) === 'scalar'
  const hasScalar = valueType(left) === 'scalar' || valueType(right) === 'scalar'
  if (bool && !comparisons.includes(operator))
    throw new BadQuery('bool modifier can only be used on comparison operators')
  if (isScalars && comparisons.includes(operator) && !bool)
    throw new BadQuery('comparisons between scalars must use the bool modifier')
  if (sets.includes(operator) && hasScalar)
    throw new BadQuery(`set operator ${operator} not allowed in binary scalar expression`)
  if (sets.includes(operator) && matching.many !== null)
    throw new BadQuery(`no grouping allowed for ${operator} operation`)
  if (hasScalar && (matching.on || matching.labels.length > 0))
    throw new BadQuery('vector matching only allowed between instant vectors')
  const twice = matching.on ? matching.include.find((label) => matching.labels.includes(label)) : undefined
  if (twice !== undefined) throw new BadQuery(`label ${twice} must not occur in on and group clause at once`)
}
