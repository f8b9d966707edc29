import { lldpId, decode, type Value } from './decode.ts'
import type { Row, Table } from './row.ts'
import type { Expression } from './schema.ts'

export type Tables = ReadonlyMap<string, Table>

/** The value of an expression on a row. Pure; what cannot be made is null. */
export function evaluate(expression: Expression, row: Row, tables: Tables): Value {
  if (typeof expression === 'string') return named(expression, row, tables)
  if ('const' in expression) return expression.const
  if ('first' in expression) {
    for (const one of expression.first) {
      const value = evaluate(one, row, tables)
      if (hasValue(value)) return value
    }
    return null
  }
  if ('text' in expression) return fill(expression.text, row, tables)
  if ('from' in expression) return derived(expression, row, tables)
  if ('sum' in expression) return combined(expression.sum, row, tables, (a, b) => a + b)
  if ('difference' in expression) return combined(expression.difference, row, tables, (a, b) => a - b)
  if ('product' in expression) return combined(expression.product, row, tables, (a, b) => a * b)
  if ('quotient' in expression) return combined(expression.quotient, row, tables, (a, b) => a / b)
  if ('not' in expression) return !hasValue(evaluate(expression.not, row, tables))
  if ('all' in expression) return expression.all.every((one) => hasValue(evaluate(one, row, tables)))
  if ('dbm' in expression) return combined([expression.dbm], row, tables, (watts) => watts, toDbm)
  if ('count' in expression) return counted(expression, row, tables)
  if ('lookup' in expression) return lookedUp(expression, row, tables)
  if ('lldpId' in expression) {
    const id = typeof expression.id === 'string' ? row.raw(expression.id) : null
    return lldpId(expression.lldpId, Number(evaluate(expression.subtype, row, tables)), id)
  }
  const { if: asked, in: among, then, else: otherwise } = expression
  const value = evaluate(asked, row, tables)
  if (value !== null && among.includes(value as never)) return evaluate(then, row, tables)
  return otherwise === undefined ? null : evaluate(otherwise, row, tables)
}

/** Null where one is missing, or where what comes out is no number: a division by zero, the logarithm of nothing. */
function combined(
  operands: readonly Expression[],
  row: Row,
  tables: Tables,
  combine: (a: number, b: number) => number,
  finish: (result: number) => number = (result) => result,
): number | null {
  const values = operands.map((one) => evaluate(one, row, tables))
  if (!values.every(hasValue)) return null
  const result = finish(values.map(Number).reduce(combine))
  return Number.isFinite(result) ? result : null
}

const toDbm = (watts: number): number => 10 * Math.log10(watts * 1_000)

export const hasValue = (value: Value): boolean => value !== null && value !== '' && value !== false

/** A template with the row's values put in, or null where one is missing. */
export function fill(template: string, row: Row, tables: Tables): string | null {
  let text = ''
  for (const { before, name } of piecesOf(template)) {
    text += before
    if (name === null) continue
    const value = named(name, row, tables)
    if (!hasValue(value)) return null
    text += String(value)
  }
  return text
}

interface Piece {
  before: string
  /** Null: nothing follows. */
  name: string | null
}

/** Templates and patterns are those of modules: few, and used again and again. */
const pieces = new Map<string, readonly Piece[]>()
const patterns = new Map<string, RegExp>()

function piecesOf(template: string): readonly Piece[] {
  const known = pieces.get(template)
  if (known !== undefined) return known
  const texts = template.split(/\{([^}]*)\}/)
  const made = texts.flatMap((before, i) => (i % 2 === 0 ? [{ before, name: texts[i + 1] ?? null }] : []))
  pieces.set(template, made)
  return made
}

function patternOf(text: string): RegExp {
  const known = patterns.get(text)
  if (known !== undefined) return known
  const made = new RegExp(text)
  patterns.set(text, made)
  return made
}

function named(name: string, row: Row, tables: Tables): Value {
  const known = row.memoOf(tables)
  const value = known.get(name)
  if (value !== undefined) return value
  const made = ownOrMade(name, row, tables)
  known.set(name, made)
  return made
}

function ownOrMade(name: string, row: Row, tables: Tables): Value {
  const value = row.get(name)
  if (value !== undefined) return value
  const made = row.definition.values?.[name]
  return made === undefined ? null : evaluate(made, row, tables)
}

function counted(
  { count, on, by, distinct }: Extract<Expression, { count: string }>,
  row: Row,
  tables: Tables,
): number | null {
  const value = evaluate(by, row, tables)
  if (!hasValue(value)) return null
  const read = (name: string) => (other: Row) => named(name, other, tables)
  const rows = tables.get(count)?.rowsBy(tables, on, String(value), read(on)) ?? []
  return distinct === undefined ? rows.length : new Set(rows.map(read(distinct))).size
}

function derived(expression: Extract<Expression, { from: Expression }>, row: Row, tables: Tables): Value {
  const { from, as, match, enum: names, times, exponent } = expression
  const raw =
    typeof from === 'string' && row.definition.columns[from] !== undefined ? row.raw(from) : undefined
  let value = as !== undefined && raw !== undefined ? decode(raw, as) : evaluate(from, row, tables)
  if (match !== undefined && value !== null) {
    const found = patternOf(match).exec(String(value))
    value = found === null ? null : (found[1] ?? found[0])
  }
  if (as !== undefined && raw === undefined && typeof value !== 'boolean') value = decode(value, as)
  if (names !== undefined && value !== null) value = names[String(value)] ?? null
  if (value === null || (times === undefined && exponent === undefined)) return value
  const power = exponent === undefined ? 0 : Number(evaluate(exponent, row, tables))
  const number = Number(value) * (times ?? 1)
  // Dividing by a power of ten is exact where multiplying by its inverse is not.
  return power < 0 ? number / 10 ** -power : number * 10 ** power
}

function lookedUp(expression: Extract<Expression, { lookup: string }>, row: Row, tables: Tables): Value {
  const by = evaluate(expression.by, row, tables)
  if (!hasValue(by)) return null
  const found = rowOf(tables, expression.lookup, expression.on, String(by))
  return found === undefined ? null : evaluate(expression.get, found, tables)
}

/** The row of a table with this index, or with this as its value `on`. */
export function rowOf(tables: Tables, table: string, on: string | undefined, text: string): Row | undefined {
  const rows = tables.get(table)
  return on === undefined
    ? rows?.rows.get(text)
    : rows?.findBy(tables, on, text, (other) => named(on, other, tables))
}
