import { encodeOid, parseOid, type SnmpValue } from '../protocol/index.ts'
import { decode, toAddress, toMac, type Value } from './decode.ts'
import type { Module, ModuleTable } from './schema.ts'

/** What was read of a table: per index (dotted) the columns' values. */
export type RawRows = Map<string, Record<string, SnmpValue>>

/** A table as the mapping sees it. */
export class Table {
  readonly rows: ReadonlyMap<string, Row>
  readonly #module: Module
  readonly #byValue = new Map<string, Map<string, Row>>()

  constructor(module: Module, definition: ModuleTable, raw: RawRows) {
    this.#module = module
    const rows = new Map<string, Row>()
    for (const [index, cells] of raw) rows.set(index, new Row(definition, index, cells))
    this.rows = rows
  }

  get module(): Module {
    return this.#module
  }

  /** The first row whose value `name` is `text`; `read` gives a row's value. */
  findBy(name: string, text: string, read: (row: Row) => Value): Row | undefined {
    let rows = this.#byValue.get(name)
    if (rows === undefined) {
      rows = new Map()
      for (const row of this.rows.values()) {
        const value = read(row)
        if (value !== null && !rows.has(String(value))) rows.set(String(value), row)
      }
      this.#byValue.set(name, rows)
    }
    return rows.get(text)
  }
}

export class Row {
  readonly definition: ModuleTable
  readonly index: string
  readonly cells: Readonly<Record<string, SnmpValue>>
  /** Set by the mapping where several rows would be called the same. */
  readonly #parts: Readonly<Record<string, Value>>

  constructor(definition: ModuleTable, index: string, cells: Record<string, SnmpValue>) {
    this.definition = definition
    this.index = index
    this.cells = cells
    this.#parts = { index, ...indexParts(definition, index) }
  }

  /** A column or a part of the index, decoded; undefined: there is no such name. */
  get(name: string): Value | undefined {
    const part = this.#parts[name]
    if (part !== undefined) return part
    const column = this.definition.columns[name]
    if (column === undefined) return undefined
    return decode(this.cells[name] ?? null, typeof column === 'string' ? 'auto' : column.as)
  }

  raw(name: string): SnmpValue {
    return this.cells[name] ?? null
  }
}

function indexParts(definition: ModuleTable, index: string): Record<string, Value> {
  const arcs = index.split('.').map(Number)
  const parts: Record<string, Value> = {}
  let at = 0
  for (const part of definition.index) {
    const { name, as } = typeof part === 'string' ? { name: part, as: 'int' as const } : part
    if (as === 'int') parts[name] = arcs[at++] ?? null
    else if (as === 'ip4') parts[name] = toAddress(arcs.slice(at, (at += 4)))
    else if (as === 'mac') parts[name] = toMac(Uint8Array.from(arcs.slice(at, (at += 6))))
    else if (as === 'inet') {
      // InetAddressType, length, bytes: the type follows from the length.
      const length = arcs[at + 1] ?? 0
      parts[name] = toAddress(arcs.slice(at + 2, at + 2 + length))
      at += 2 + length
    } else parts[name] = arcs.slice(at).join('.')
  }
  return parts
}

export const columnsOf = (table: ModuleTable): { name: string; oid: Uint8Array }[] =>
  Object.entries(table.columns).map(([name, column]) => ({
    name,
    oid: encodeOid(parseOid(typeof column === 'string' ? column : column.oid)),
  }))
