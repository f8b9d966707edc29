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
  if ('product' in expression) {
    const factors = expression.product.map((one) => evaluate(one, row, tables))
    return factors.every(hasValue)
      ? factors.reduce<number>((product, factor) => product * Number(factor), 1)
      : null
  }
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

export const hasValue = (value: Value): boolean => value !== null && value !== '' && value !== false

/** A template with the row's values put in, or null where one is missing. */
export function fill(template: string, row: Row, tables: Tables): string | null {
  let whole = true
  const text = template.replaceAll(/\{([^}]*)\}/g, (_, name: string) => {
    const value = named(name, row, tables)
    if (!hasValue(value)) whole = false
    return String(value)
  })
  return whole ? text : null
}

function named(name: string, row: Row, tables: Tables): Value {
  const value = row.get(name)
  if (value !== undefined) return value
  const made = row.definition.values?.[name]
  return made === undefined ? null : evaluate(made, row, tables)
}

function derived(expression: Extract<Expression, { from: Expression }>, row: Row, tables: Tables): Value {
  const { from, as, match, enum: names, times, exponent } = expression
  const raw =
    typeof from === 'string' && row.definition.columns[from] !== undefined ? row.raw(from) : undefined
  let value = as !== undefined && raw !== undefined ? decode(raw, as) : evaluate(from, row, tables)
  if (match !== undefined && value !== null) {
    const found = new RegExp(match).exec(String(value))
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
  const table = tables.get(expression.lookup)
  if (!hasValue(by) || table === undefined) return null
  const { on } = expression
  const found =
    on === undefined
      ? table.rows.get(String(by))
      : table.findBy(on, String(by), (other) => named(on, other, tables))
  return found === undefined ? null : evaluate(expression.get, found, tables)
}
