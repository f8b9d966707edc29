/** CSV by RFC 4180: a header, then one item a row. Columns are fields; `label.env` is a label, `attribute.a.b` an attribute. */
import { invalidInput } from '../../errors.ts'
import { didYouMean } from '../../resource/check.ts'
import { getKind, isKindName, kinds, propertiesOf } from '../../resource/kind/index.ts'
import { statableLinks } from '../link.ts'
import { splitRows } from './csv-row.ts'
import { shown, type Faults } from './fault.ts'
import type { RawRecord } from './record.ts'

const jsonColumns = ['labels', 'attributes', 'links', 'fields']
const plainColumns = ['kind', 'key', 'name', 'status', 'owner', 'contact']

const knownColumns = new Set([
  ...plainColumns,
  ...jsonColumns,
  ...[...kinds.values()].flatMap((kind) => [
    ...propertiesOf(kind).map(([name]) => name),
    ...statableLinks(kind).keys(),
  ]),
])

/** `kind`: what all rows are, when there is no such column. */
export async function* readCsv(
  texts: AsyncIterable<string>,
  faults: Faults,
  kind: string | undefined,
): AsyncGenerator<RawRecord> {
  let header: string[] | undefined
  for await (const { cells, line } of splitRows(texts)) {
    if (header === undefined) {
      header = cells
      checkHeader(cells, kind, line, faults)
      if (faults.any) return
    } else if (cells.length !== header.length) {
      faults.add(`line ${line}`, `this row has ${cells.length} cells, the header has ${header.length}`)
    } else {
      yield toRecord(header, cells, line, kind, faults)
    }
  }
  if (header === undefined) throw invalidInput('line 1: a CSV file begins with a header', 'line 1')
}

function checkHeader(cells: string[], kind: string | undefined, line: number, faults: Faults): void {
  const seen = new Set<string>()
  cells.forEach((name, index) => {
    const path = `line ${line}, column ${index + 1}`
    if (seen.has(name)) faults.add(path, `the column ${shown(name)} comes twice`)
    seen.add(name)
    if (/^(label|attribute)\../.test(name) || knownColumns.has(name)) return
    faults.add(path, `there is no column ${shown(name)}${didYouMean(name, [...knownColumns])}`)
  })
  if (kind === undefined && !seen.has('kind'))
    faults.add(`line ${line}`, 'a column kind is needed, or one kind for the whole file')
}

function toRecord(
  header: readonly string[],
  cells: readonly string[],
  line: number,
  kind: string | undefined,
  faults: Faults,
): RawRecord {
  const at = (key: string) => `line ${line}, column ${key}`
  const record: Record<string, unknown> = {}
  const kindCell = cells[header.indexOf('kind')]
  const kindName = kindCell || kind
  header.forEach((column, index) => {
    const cell = cells[index] ?? ''
    if (cell === '') return
    const dot = column.indexOf('.')
    const group = dot < 0 ? undefined : { label: 'labels', attribute: 'attributes' }[column.slice(0, dot)]
    if (group === undefined) record[column] = parseCell(column, cell, kindName, at(column), faults)
    else setDeep(record, group, column.slice(dot + 1), cell, at(column), faults)
  })
  if (kindCell === '') delete record['kind']
  return { value: record, path: `line ${line}`, at, ...(kind === undefined ? {} : { kind }) }
}

function parseCell(
  column: string,
  cell: string,
  kindName: string | undefined,
  path: string,
  faults: Faults,
): unknown {
  if (jsonColumns.includes(column)) return parseJsonCell(cell, path, faults)
  if (kindName === undefined || !isKindName(kindName)) return cell
  const kind = getKind(kindName)
  const field = Object.hasOwn(kind.fields, column) ? kind.fields[column] : undefined
  const isList = field?.from === 'property' ? field.list : statableLinks(kind).get(column)?.isMany
  if (!isList) return cell
  if (cell.startsWith('[')) return parseJsonCell(cell, path, faults)
  return cell
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parseJsonCell(cell: string, path: string, faults: Faults): unknown {
  try {
    return JSON.parse(cell)
  } catch {
    faults.add(path, `JSON is needed here, not ${shown(cell)}`)
    return undefined
  }
}

/** `a.b.c` within labels is one key, within attributes it is a path. */
function setDeep(
  record: Record<string, unknown>,
  group: string,
  name: string,
  cell: string,
  path: string,
  faults: Faults,
): void {
  const names = group === 'labels' ? [name] : name.split('.')
  let map = (record[group] ??= {}) as Record<string, unknown>
  for (const [index, part] of names.entries()) {
    if (part === '' || part === '__proto__') return faults.add(path, `${shown(name)} is no path`)
    if (index === names.length - 1) {
      if (Object.hasOwn(map, part)) return faults.add(path, `${shown(name)} is stated twice`)
      map[part] = cell
      return
    }
    const inner = (map[part] ??= {})
    if (typeof inner !== 'object') return faults.add(path, `${shown(name)} is stated twice`)
    map = inner as Record<string, unknown>
  }
}
