/**
 * The plain part of YAML, which most items are written in: maps and lists by indentation, words, whole numbers, simple quotes. More than ten times
 * as fast as the whole language. Whatever is not plain gives undefined, and is then read by the real parser: both must mean the same.
 */
export interface PlainItem {
  value: Record<string, unknown>
  /** The lines of the item's keys, counted from 0. */
  keyLines: Map<string, number>
}

interface Reading {
  lines: readonly string[]
  at: number
}

/** Thrown and caught here only: the item is not plain. */
const notPlain = Symbol('not plain')
const deepest = 20

/** `lines` begin with the item's dash. */
export function parsePlain(lines: readonly string[]): PlainItem | undefined {
  const [first = ''] = lines
  const dash = /^ *- (?=\S)/.exec(first)
  if (dash === null) return undefined
  const indent = dash[0].length
  const keyLines = new Map<string, number>()
  try {
    const reading = { lines: [' '.repeat(indent) + first.slice(indent), ...lines.slice(1)], at: 0 }
    const value = readMap(reading, indent, 0, keyLines)
    return reading.at === lines.length ? { value, keyLines } : undefined
  } catch (reason) {
    if (reason !== notPlain) throw reason
    return undefined
  }
}

const indentOf = (line: string): number => line.length - line.trimStart().length

function readMap(
  reading: Reading,
  indent: number,
  depth: number,
  keyLines?: Map<string, number>,
): Record<string, unknown> {
  if (depth > deepest) throw notPlain
  const entries = new Map<string, unknown>()
  for (let line = reading.lines[reading.at]; line !== undefined; line = reading.lines[reading.at]) {
    if (indentOf(line) < indent && line.trim() !== '') break
    const match = /^( *)([A-Za-z_][\w./-]*):(?: (.+))?$/.exec(line)
    const key = match?.[2]
    if (match === null || key === undefined || match[1]?.length !== indent || entries.has(key)) throw notPlain
    keyLines?.set(key, reading.at)
    reading.at += 1
    entries.set(key, match[3] === undefined ? readInner(reading, indent, depth) : readScalar(match[3]))
  }
  if (entries.size === 0) throw notPlain
  return Object.fromEntries(entries)
}

/** What stands below a key. */
function readInner(reading: Reading, outer: number, depth: number): unknown {
  const line = reading.lines[reading.at] ?? ''
  const indent = indentOf(line)
  if (indent <= outer) throw notPlain
  return line.startsWith('- ', indent) ? readList(reading, indent) : readMap(reading, indent, depth + 1)
}

function readList(reading: Reading, indent: number): unknown[] {
  const list: unknown[] = []
  for (let line = reading.lines[reading.at]; line !== undefined; line = reading.lines[reading.at]) {
    if (indentOf(line) < indent && line.trim() !== '') break
    const match = /^( *)- (\S.*)$/.exec(line)
    if (match === null || match[1]?.length !== indent) throw notPlain
    // A map within the list, a list within it: rare enough for the real parser.
    if (/:(\s|$)/.test(match[2] as string) || /^- /.test(match[2] as string)) throw notPlain
    list.push(readScalar(match[2] as string))
    reading.at += 1
  }
  return list
}

const reserved = /^(true|false|null)$/i

function readScalar(text: string): unknown {
  if (/^"[^"\\\t]*"$/.test(text)) return text.slice(1, -1)
  // No blanks at the ends, nothing that begins a comment or another key, no characters that mean something.
  if (!/^[A-Za-z0-9_/-][\w ./:@+=()<>;-]*$/.test(text) || /:(\s|$)|\s$/.test(text)) throw notPlain
  if (/^-($|\s)|^---/.test(text) || reserved.test(text)) throw notPlain
  if (/^[A-Za-z_/]/.test(text)) return text
  const number = Number(text)
  if (Number.isNaN(number) && /^\d/.test(text) && !/^0o/.test(text)) return text
  if (String(number) === text && Number.isInteger(number) && Number.isSafeInteger(number)) return number
  throw notPlain
}
