import { encodeOid, parseOid, type SnmpValue } from '../protocol/index.ts'
import { decode, toAddress, toMac, toText, type Value } from './decode.ts'
import type { Module, ModuleTable } from './schema.ts'

/** What was read of a table: per index (dotted) the columns' values. */
export type RawRows = Map<string, Record<string, SnmpValue>>

/** A table as the mapping sees it. */
export class Table {
  readonly definition: ModuleTable
  readonly rows: ReadonlyMap<string, Row>
  readonly #module: Module
  readonly #byValue = new Map<string, ReadonlyMap<string, Row[]>>()
  #byValueOf: unknown

  constructor(module: Module, definition: ModuleTable, raw: RawRows) {
    this.#module = module
    this.definition = definition
    const rows = new Map<string, Row>()
    for (const [index, cells] of raw) rows.set(index, new Row(definition, index, cells))
    this.rows = rows
  }

  get module(): Module {
    return this.#module
  }

  /** The first row whose value `name` is `text`; `read` gives a row's value among `tables`. */
  findBy(tables: unknown, name: string, text: string, read: (row: Row) => Value): Row | undefined {
    return this.rowsBy(tables, name, text, read)[0]
  }

  rowsBy(tables: unknown, name: string, text: string, read: (row: Row) => Value): readonly Row[] {
    if (this.#byValueOf !== tables) {
      // Values may look into other tables: among others they are found anew.
      this.#byValueOf = tables
      this.#byValue.clear()
    }
    let rows = this.#byValue.get(name)
    if (rows === undefined) {
      // What has no value is kept under a name that no value has.
      rows = Map.groupBy(this.rows.values(), (row) => `${read(row) ?? '\0'}`)
      this.#byValue.set(name, rows)
    }
    return rows.get(text) ?? []
  }
}

export class Row {
  readonly definition: ModuleTable
  readonly index: string
  readonly cells: Readonly<Record<string, SnmpValue>>
  #parts: Readonly<Record<string, Value>> | undefined
  #memo = new Map<string, Value>()
  #memoOf: unknown

  constructor(definition: ModuleTable, index: string, cells: Record<string, SnmpValue>) {
    this.definition = definition
    this.index = index
    this.cells = cells
  }

  /** A column or a part of the index, decoded; undefined: there is no such name. */
  get(name: string): Value | undefined {
    const column = this.definition.columns[name]
    if (column === undefined) return this.#part(name)
    return decode(this.cells[name] ?? null, typeof column === 'object' ? column.as : 'auto')
  }

  raw(name: string): SnmpValue {
    return this.cells[name] ?? null
  }

  /** What was made of this row among these very tables: values may look into others, so among others they are made anew. */
  memoOf(tables: unknown): Map<string, Value> {
    if (this.#memoOf !== tables) {
      this.#memoOf = tables
      this.#memo = new Map()
    }
    return this.#memo
  }

  #part(name: string): Value | undefined {
    this.#parts ??= { index: this.index, ...indexParts(this.definition, this.index) }
    return this.#parts[name]
  }
}

function indexParts(definition: ModuleTable, index: string): Record<string, Value> {
  const arcs = index === '' ? [] : index.split('.').map(Number)
  const parts: Record<string, Value> = {}
  let at = 0
  for (const part of definition.index) {
    const { name, as } = typeof part === 'string' ? { name: part, as: 'int' as const } : part
    const [value, length] = indexPart(as, arcs.slice(at))
    parts[name] = value
    at += length
  }
  return parts
}

type IndexForm = Exclude<ModuleTable['index'][number], string>['as']

/** A part of an index, and how many arcs it takes. */
function indexPart(as: IndexForm, arcs: readonly number[]): [Value, number] {
  const [first = 0, second = 0] = arcs
  switch (as) {
    case 'int':
      return [arcs[0] ?? null, 1]
    case 'ip4':
      return [toAddress(arcs.slice(0, 4)), 4]
    case 'ip6':
      return [toAddress(arcs.slice(0, 16)), 16]
    case 'mac':
      return [toMac(Uint8Array.from(arcs.slice(0, 6))), 6]
    case 'inet':
      // InetAddressType, length, bytes: the type follows from the length.
      return [toAddress(arcs.slice(2, 2 + second)), 2 + second]
    case 'typedIp': {
      // The type tells the length: 1 IPv4, 2 IPv6.
      const length = first === 1 ? 4 : 16
      return [toAddress(arcs.slice(1, 1 + length)), 1 + length]
    }
    case 'text':
      return [toText(Uint8Array.from(arcs.slice(1, 1 + first))), 1 + first]
    case 'rest':
      return [arcs.join('.'), arcs.length]
  }
}

export const columnsOf = (table: ModuleTable): { name: string; oid: Uint8Array }[] =>
  Object.entries(table.columns).map(([name, column]) => {
    const oid = typeof column === 'object' ? column.oid : column
    return { name, oid: encodeOid(parseOid(typeof oid === 'number' ? `${table.at}.${oid}` : oid)) }
  })
