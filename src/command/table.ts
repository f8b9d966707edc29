/** Answers as tables: one a root field, a row an item; what is nested stands in its cell in short. */

export function formatTable(data: Record<string, unknown>): string {
  return Object.entries(data)
    .map(([name, value]) => `${name}${formatTotal(value)}\n${formatValue(value)}`)
    .join('\n')
}

/** How many there are in all, where it was asked: a page shows a part of them. */
function formatTotal(value: unknown): string {
  const total = (value as { totalCount?: unknown } | null)?.totalCount
  const shown = rowsOf(value)?.length
  return typeof total === 'number' && hasPage(value) ? `: ${shown} of ${total}` : ''
}

const hasPage = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('nodes' in value || 'edges' in value)

function formatValue(value: unknown): string {
  const rows = rowsOf(value)
  if (rows === undefined) return `  ${cell(value)}\n`
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  if (rows.length === 0) return '  (none)\n'
  const table = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, index) => Math.min(80, Math.max(...table.map((row) => row[index]!.length))))
  return (
    table
      .map((row) =>
        `  ${row.map((text, index) => text.slice(0, 80).padEnd(widths[index]!)).join('  ')}`.trimEnd(),
      )
      .join('\n') + '\n'
  )
}

/** The items of a list or a connection; one object is one row. */
function rowsOf(value: unknown): Record<string, unknown>[] | undefined {
  if (Array.isArray(value)) return value.map(toRow)
  if (typeof value !== 'object' || value === null) return undefined
  const { nodes, edges } = value as { nodes?: unknown; edges?: unknown }
  if (Array.isArray(nodes)) return nodes.map(toRow)
  if (Array.isArray(edges)) return edges.map(toRow)
  return [toRow(value)]
}

const toRow = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value }

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.map(cell).join(', ')
  if (typeof value !== 'object') return String(value)
  const { nodes, edges } = value as { nodes?: unknown[]; edges?: unknown[] }
  const inner = nodes ?? edges
  if (inner !== undefined) return inner.map(cell).join(', ')
  const values = Object.values(value)
  return values.length === 1
    ? cell(values[0])
    : values.map((one) => (typeof one === 'object' && one !== null ? `(${cell(one)})` : cell(one))).join(' ')
}
