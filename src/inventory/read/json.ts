/** NDJSON, one item a line; and JSON, a list of items or a map from kind to list, cut into its items as it arrives. */
import { invalidInput } from '../../errors.ts'
import { findDuplicateKey } from './duplicate.ts'
import { shown, type Faults } from './fault.ts'
import type { RawRecord } from './record.ts'
import { checkLength, splitLines, tooLong, longestItem } from './text.ts'

export async function* readNdjson(texts: AsyncIterable<string>, faults: Faults): AsyncGenerator<RawRecord> {
  for await (const { number, text } of splitLines(texts)) {
    if (text.trim() !== '') yield* parseItem(text, number, undefined, faults)
  }
}

function* parseItem(
  text: string,
  line: number,
  kind: string | undefined,
  faults: Faults,
): Generator<RawRecord> {
  const path = `line ${line}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    faults.add(
      path,
      `this is not JSON: ${(error as Error).message.replace(/, ".*" is not valid JSON$/s, '')}`,
    )
    return
  }
  const twice = findDuplicateKey(text)
  if (twice !== undefined) faults.add(path, `the key ${shown(twice)} comes twice`)
  else yield { value, path, at: (key) => `${path}, ${key}`, ...(kind === undefined ? {} : { kind }) }
}

/** Where the reader stands in the outer list or map. */
interface Outer {
  line: number
  /** Closers that are awaited: `]` of a list, `}` of a map. */
  closers: string[]
  kind: string | undefined
  item: string
  itemLine: number
  /** Depth within the item. */
  depth: number
  inText: boolean
  escaped: boolean
  isDone: boolean
  /** A comma came last: another item must follow. */
  needsItem: boolean
}

/** INVALID_INPUT at once when the outer list or map is broken: nothing after that can be trusted. */
export async function* readJson(texts: AsyncIterable<string>, faults: Faults): AsyncGenerator<RawRecord> {
  const outer: Outer = {
    line: 1,
    closers: [],
    kind: undefined,
    item: '',
    itemLine: 1,
    depth: 0,
    inText: false,
    escaped: false,
    isDone: false,
    needsItem: false,
  }
  for await (const text of texts) {
    for (const char of text) {
      const isEnd = step(outer, char)
      if (isEnd) yield* takeItem(outer, char, faults)
      if (isEnd && char !== ',') close(outer, char)
      if (char === '\n') outer.line += 1
    }
  }
  if (!outer.isDone) throw broken(outer, outer.closers.length === 0 ? 'this is empty' : 'the end is missing')
}

const broken = (outer: Outer, what: string) =>
  invalidInput(`line ${outer.line}: this is not JSON: ${what}`, `line ${outer.line}`)

/** Takes one character; true when it ends an item of the list. */
function step(outer: Outer, char: string): boolean {
  const isBlank = char === ' ' || char === '\n' || char === '\r' || char === '\t'
  if (outer.isDone && !isBlank) throw broken(outer, `there is more after the end: ${shown(char)}`)
  if (outer.item === '' && isBlank) return false
  const isList = outer.closers.at(-1) === ']'
  if (!isList) return stepOutside(outer, char)
  if (outer.depth === 0 && !outer.inText && (char === ',' || char === ']')) return true
  if (outer.item === '') outer.itemLine = outer.line
  outer.item += char
  if (outer.item.length > longestItem) throw tooLong(outer.itemLine)
  if (outer.escaped) outer.escaped = false
  else if (outer.inText && char === '\\') outer.escaped = true
  else if (char === '"') outer.inText = !outer.inText
  else if (!outer.inText && (char === '{' || char === '[')) outer.depth += 1
  else if (!outer.inText && (char === '}' || char === ']')) outer.depth -= 1
  return false
}

/** Before the list, or in the map between lists: `{ "Rack": [` */
function stepOutside(outer: Outer, char: string): boolean {
  if (outer.closers.length === 0) {
    if (char !== '[' && char !== '{')
      throw broken(outer, 'an inventory is a list of items, or a map from kind to list')
    outer.closers.push(char === '[' ? ']' : '}')
    return false
  }
  if (outer.item === '' && char === ',' && outer.kind !== undefined && !outer.needsItem) {
    outer.needsItem = true
    return false
  }
  if (outer.item === '' && char === '}' && !outer.needsItem) {
    close(outer, char)
    return false
  }
  outer.item += char
  const header = /^("(?:[^"\\]|\\.)*")\s*:\s*\[$/.exec(outer.item)
  if (header) {
    outer.kind = JSON.parse(header[1] as string) as string
    outer.closers.push(']')
    outer.item = ''
    outer.needsItem = false
  } else if (outer.item.length > 200 || !/^"(?:[^"\\]|\\.)*("\s*(:\s*)?)?$/.test(outer.item)) {
    throw broken(outer, 'a kind and its list are needed here, such as "Rack": [')
  }
  return false
}

function* takeItem(outer: Outer, ending: string, faults: Faults): Generator<RawRecord> {
  const text = outer.item
  outer.item = ''
  if (text === '' && (ending === ',' || outer.needsItem))
    throw broken(outer, 'an item is missing at the comma')
  if (text !== '') yield* parseItem(checkLength(text, outer.itemLine), outer.itemLine, outer.kind, faults)
  outer.needsItem = ending === ','
}

function close(outer: Outer, char: string): void {
  if (outer.closers.pop() !== char) throw broken(outer, `${char} is not awaited here`)
  if (outer.closers.length === 0) outer.isDone = true
}
