/** What a poll for readings reads again of tables that an inventory has read: the columns that readings are made of, and of these what may have changed. */
import type { SnmpReader } from '../reader.ts'
import type { Tables } from './evaluate.ts'
import { readRows, type DeviceTables } from './read.ts'
import { Table, type RawRows } from './row.ts'
import type { Expression, Module, ModuleTable } from './schema.ts'

/**
 * The same tables with what readings are made of as it is now. Texts that only name or choose are not read again: they stand until the next inventory, and
 * so does which rows there are. What is gone is no longer there, so it makes no reading.
 */
export async function refreshTables(
  reader: SnmpReader,
  modules: readonly Module[],
  tables: Tables,
  signal?: AbortSignal,
): Promise<DeviceTables> {
  const fresh = new Map(tables)
  const failures: DeviceTables['failures'] = []
  for (const [name, columns] of measuredColumns(modules)) {
    const table = tables.get(name)
    if (table === undefined || table.rows.size === 0) continue
    const moving = [...columns]
      .filter(([column, isValue]) => isValue || isMoving(table, column))
      .map(([column]) => column)
    if (moving.length === 0) continue
    const definition: ModuleTable = {
      ...table.definition,
      columns: Object.fromEntries(
        moving.map((column) => [column, table.definition.columns[column] as string]),
      ),
    }
    const { raw, error } = await readRows(reader, definition, signal, table.rows.size)
    if (error !== null) failures.push({ table: name, error })
    fresh.set(name, overlay(table, moving, raw ?? new Map()))
  }
  return { tables: fresh, failures }
}

function overlay(table: Table, moving: readonly string[], raw: RawRows): Table {
  const cleared = Object.fromEntries(moving.map((column) => [column, null]))
  const cells: RawRows = new Map()
  for (const [index, row] of table.rows) cells.set(index, { ...row.cells, ...cleared, ...raw.get(index) })
  return new Table(table.module, table.definition, cells)
}

/** Texts and OIDs stand still, unless they are read as numbers. */
function isMoving(table: Table, column: string): boolean {
  const definition = table.definition.columns[column]
  if (typeof definition === 'object' && definition.as === 'number') return true
  for (const { cells } of table.rows.values()) {
    const cell = cells[column] ?? null
    if (cell !== null) return typeof cell === 'number' || typeof cell === 'bigint'
  }
  return false
}

/** By table: the columns that values and conditions of readings look at, wherever they lead, and whether a value is made of it in its own row. */
function measuredColumns(modules: readonly Module[]): Map<string, Map<string, boolean>> {
  const definitions = new Map(modules.flatMap(({ tables }) => Object.entries(tables)))
  const columns = new Map<string, Map<string, boolean>>()
  const seen = new Set<string>()
  const visit = (table: string, expression: Expression, isValue: boolean): void => {
    for (const [inTable, name] of namesIn(table, expression)) {
      const isOwn = isValue && inTable === table
      if (seen.has(`${inTable}.${name}.${isOwn}`)) continue
      seen.add(`${inTable}.${name}.${isOwn}`)
      const definition = definitions.get(inTable)
      const made = definition?.values?.[name]
      const known = columns.get(inTable) ?? new Map<string, boolean>()
      if (definition?.columns[name] !== undefined)
        columns.set(inTable, known.set(name, isOwn || known.get(name) === true))
      else if (made !== undefined) visit(inTable, made, isOwn)
    }
  }
  for (const { metrics, resources } of modules) {
    const measures = [
      ...metrics.map((metric) => ({ each: metric.each, measure: metric })),
      ...resources.flatMap(({ each, metrics: own }) => own.map((measure) => ({ each, measure }))),
    ]
    for (const { each, measure } of measures) {
      visit(each, measure.value, true)
      if (measure.where !== undefined) visit(each, measure.where, false)
    }
  }
  return columns
}

/** Names that an expression looks at, with the table that each is of. Walks it as data: every string in the place of an expression is a name. */
function* namesIn(table: string, expression: Expression): Iterable<[string, string]> {
  if (typeof expression === 'string') return yield [table, expression]
  if ('const' in expression) return
  if ('text' in expression) {
    for (const [, name = ''] of expression.text.matchAll(/\{([^}]*)\}/g)) yield [table, name]
    return
  }
  if ('lookup' in expression) {
    if (expression.on !== undefined) yield [expression.lookup, expression.on]
    yield* namesIn(expression.lookup, expression.get)
  }
  // What is counted stands until the next inventory: forwarding tables are long.
  for (const place of [
    'from',
    'exponent',
    'by',
    'dbm',
    'not',
    'if',
    'then',
    'else',
    'subtype',
    'id',
  ] as const) {
    const inner = (expression as Partial<Record<typeof place, Expression>>)[place]
    if (inner !== undefined) yield* namesIn(table, inner)
  }
  for (const place of ['first', 'sum', 'difference', 'product', 'quotient', 'all'] as const)
    for (const inner of (expression as Partial<Record<typeof place, Expression[]>>)[place] ?? [])
      yield* namesIn(table, inner)
}
