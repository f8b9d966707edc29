/** Rows of CSV (RFC 4180, with line feeds). The header is told by what the export holds. */
import type { Vertex } from '../../graph/graph.ts'
import { propertiesOf } from '../../resource/kind/index.ts'
import { statableLinks } from '../link.ts'
import { compare } from './key.ts'
import { linksOf, type Exported, type ItemRecord } from './record.ts'
import { fieldOfLink } from '../link.ts'

const first = ['kind', 'key', 'name', 'status', 'owner', 'contact', 'labels', 'fields']
const last = ['links', 'attributes']

/** The columns that these resources need, in a stable order. */
export function columnsOf(exported: Exported, vertices: Iterable<Vertex>): string[] {
  const used = new Set<string>(['kind', 'key', 'name', ...last])
  const order = new Set<string>()
  for (const vertex of vertices) {
    for (const column of ['status', 'owner', 'contact'] as const)
      if (vertex[column] !== null) used.add(column)
    for (const [label, value] of Object.entries(vertex.labels))
      used.add(value === '' ? 'labels' : `label.${label}`)
    for (const [name] of propertiesOf(vertex.kind)) {
      order.add(name)
      const value = vertex.fields[name]
      if (value !== null && value !== undefined) used.add(value === '' ? 'fields' : name)
    }
    for (const name of statableLinks(vertex.kind).keys()) order.add(name)
    for (const link of linksOf(exported, vertex)) {
      const other = link.from === vertex ? link.to : link.from
      const field = fieldOfLink(vertex.kind, link.type, other.kind.name)
      if (field !== undefined) used.add(field)
    }
  }
  const labels = [...used].filter((column) => column.startsWith('label.')).sort(compare)
  const fields = [...order].filter((column) => !first.includes(column))
  return [...first, ...labels, ...fields, ...last].filter((column) => used.has(column))
}

export const formatRow = (cells: readonly string[]): string => `${cells.map(quote).join(',')}\n`

const quote = (cell: string): string =>
  /[",;\t\r\n]|^\s|\s$|^\uFEFF/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell

export function toCells(record: ItemRecord, columns: readonly string[]): string[] {
  const empty = Object.entries(record).filter(([, value]) => value === '')
  const labels = (record['labels'] ?? {}) as Record<string, string>
  return columns.map((column) => {
    if (column === 'labels') return json(Object.entries(labels).filter(([, value]) => value === ''))
    if (column === 'fields') return json(empty)
    if (column.startsWith('label.')) return labels[column.slice('label.'.length)] ?? ''
    return toCell(record[column], last.includes(column))
  })
}

const json = (entries: [string, unknown][]): string =>
  entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries))

function toCell(value: unknown, isJson: boolean): string {
  if (value === undefined || value === null) return ''
  if (isJson || (typeof value === 'object' && !Array.isArray(value))) return JSON.stringify(value)
  if (!Array.isArray(value)) return String(value)
  const texts = value.map(String)
  const isPlain = texts.every((text) => text !== '' && text === text.trim() && !text.includes(';'))
  return isPlain && !texts[0]?.startsWith('[') ? texts.join(';') : JSON.stringify(value)
}
