/**
 * YAML, item by item: the outer list, or map from kind to list, is told by its indentation, so that a file of any size passes through. Each item is
 * parsed on its own, which also bounds anchors to the item that they stand in.
 */
import { invalidInput } from '../../errors.ts'
import { shown, type Faults } from './fault.ts'
import type { RawRecord } from './record.ts'
import { splitLines, tooLong, longestItem, type Line } from './text.ts'
import { parseYamlItem } from './yaml-item.ts'

interface Chunk {
  lines: string[]
  size: number
  /** Line of the first. */
  start: number
  kind: string | undefined
}

interface Place {
  kind: string | undefined
  /** Indentation of the items' dashes; undefined before the first. */
  indent: number | undefined
  chunk: Chunk | undefined
}

export async function* readYaml(texts: AsyncIterable<string>, faults: Faults): AsyncGenerator<RawRecord> {
  const place: Place = { kind: undefined, indent: undefined, chunk: undefined }
  let hasAny = false
  for await (const line of splitLines(texts)) {
    const text = line.text.endsWith('\r') ? line.text.slice(0, -1) : line.text
    const ended = take(place, { number: line.number, text }, hasAny)
    hasAny ||= place.chunk !== undefined || place.kind !== undefined
    if (ended) yield* parseYamlItem(ended.lines.join('\n'), ended.start, ended.kind, faults)
  }
  if (place.chunk)
    yield* parseYamlItem(place.chunk.lines.join('\n'), place.chunk.start, place.chunk.kind, faults)
}

/** Takes a line; gives the chunk that it ends, if any. */
function take(place: Place, line: Line, hasAny: boolean): Chunk | undefined {
  const { text, number } = line
  const body = text.trimStart()
  const indent = text.length - body.length
  if (body === '' || body.startsWith('#')) return add(place, line, true)
  if (indent === 0 && /^(---|\.\.\.)(\s|$)/.test(text)) return endDocument(place, line)
  if (indent === 0 && text.startsWith('%') && place.chunk === undefined) return undefined
  if (!hasAny && /^[[{]/.test(body))
    throw invalidInput(
      `line ${number}: write the outer list with dashes, one item after the other; lists in [ ] and maps in { } are read as JSON`,
      `line ${number}`,
    )
  const isDash = body === '-' || body.startsWith('- ')
  if (isDash && indent === (place.indent ?? indent)) return startItem(place, line, indent)
  if (indent === 0) return startKind(place, line)
  return add(place, line, false)
}

function add(place: Place, { text, number }: Line, isBlank: boolean): undefined {
  const { chunk } = place
  if (chunk === undefined) {
    if (isBlank) return undefined
    throw invalidInput(
      `line ${number}: an item begins with "- "; this is ${shown(text.trim())}`,
      `line ${number}`,
    )
  }
  chunk.lines.push(text)
  chunk.size += text.length + 1
  if (chunk.size > longestItem) throw tooLong(chunk.start)
  return undefined
}

function startItem(place: Place, { text, number }: Line, indent: number): Chunk | undefined {
  const ended = place.chunk
  place.indent = indent
  place.chunk = { lines: [text], size: text.length, start: number, kind: place.kind }
  return ended
}

/** `Rack:`, with the list below it. */
function startKind(place: Place, { text, number }: Line): Chunk | undefined {
  const match = /^(["']?)([\w.-]+)\1\s*:\s*(\[\s*\]|null|~)?\s*(#.*)?$/.exec(text)
  if (match === null)
    throw invalidInput(
      `line ${number}: an item ("- ") or a kind ("Rack:") is needed here, not ${shown(text)}`,
      `line ${number}`,
    )
  const ended = place.chunk
  place.kind = match[2]
  place.indent = undefined
  place.chunk = undefined
  return ended
}

function endDocument(place: Place, { text, number }: Line): Chunk | undefined {
  if (!/^(---|\.\.\.)\s*(#.*)?$/.test(text))
    throw invalidInput(
      `line ${number}: write what follows ${text.slice(0, 3)} on a line of its own`,
      `line ${number}`,
    )
  const ended = place.chunk
  place.kind = undefined
  place.indent = undefined
  place.chunk = undefined
  return ended
}
