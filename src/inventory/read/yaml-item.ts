/** One item's YAML as a record. Aliases are bounded, keys are unique, numbers keep their digits. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { type Faults } from './fault.ts'
import type { RawRecord } from './record.ts'
import { parsePlain } from './yaml-plain.ts'

/** How many values an item may unfold to: what aliases of aliases multiply is counted each time. */
const mostValues = 20_000
const deepest = 64

export function* parseYamlItem(
  text: string,
  start: number,
  kind: string | undefined,
  faults: Faults,
): Generator<RawRecord> {
  const plain = parsePlain(text.replace(/\n+$/, '').split('\n'))
  if (plain === undefined) return yield* parseWhole(text, start, kind, faults)
  yield {
    value: plain.value,
    path: `line ${start}`,
    at: (key) => `line ${start + (plain.keyLines.get(key) ?? 0)}, ${key}`,
    ...(kind === undefined ? {} : { kind }),
  }
}

/** By the parser of the whole language. */
export function* parseWhole(
  text: string,
  start: number,
  kind: string | undefined,
  faults: Faults,
): Generator<RawRecord> {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: 'error',
    prettyErrors: false,
    uniqueKeys: true,
  })
  const lineOf = (offset: number) => start + lines.linePos(offset).line - 1
  const [error] = document.errors
  if (error) {
    faults.add(`line ${lineOf(error.pos[0])}`, `this is not YAML: ${error.message}`)
    return
  }
  const list = document.contents
  const [item] = isSeq(list) ? (list.items as Node[]) : []
  const keyLines = new Map<string, number>()
  if (isMap(item)) {
    for (const { key } of item.items) {
      const offset = isScalar(key) ? key.range?.[0] : undefined
      if (isScalar(key) && offset !== undefined) keyLines.set(String(key.value), lineOf(offset))
    }
  }
  const path = `line ${start}`
  try {
    const value = item === undefined ? null : unfold({ document, left: mostValues }, item, 0, false)
    const at = (key: string) => `line ${keyLines.get(key) ?? start}, ${key}`
    yield { value, path, at, ...(kind === undefined ? {} : { kind }) }
  } catch (fault) {
    if (!(fault instanceof Unfit)) throw fault
    const offset = fault.node.range?.[0]
    faults.add(offset === undefined ? path : `line ${lineOf(offset)}`, fault.message)
  }
}

class Unfit extends Error {
  readonly node: Node

  constructor(node: Node, message: string) {
    super(message)
    this.node = node
  }
}

interface Unfolding {
  document: Document
  left: number
}

/** `isFree`: in attributes, where numbers are numbers. */
function unfold(state: Unfolding, node: Node | null, depth: number, isFree: boolean): unknown {
  if (node === null) return null
  state.left -= 1
  if (state.left < 0) throw new Unfit(node, `an item may unfold to at most ${mostValues} values`)
  if (depth > deepest) throw new Unfit(node, `an item may be at most ${deepest} levels deep`)
  if (isAlias(node)) {
    const anchored = node.resolve(state.document)
    if (!anchored) throw new Unfit(node, `the anchor ${node.source} is not in this item`)
    return unfold(state, anchored, depth + 1, isFree)
  }
  if (isSeq(node)) return node.items.map((entry) => unfold(state, entry as Node | null, depth + 1, isFree))
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => {
      const name = keyName(node, key as Node | null)
      const inAttributes =
        isFree || (depth === 0 && name === 'attributes') || (depth === 2 && name === 'attributes')
      return [name, unfold(state, value as Node | null, depth + 1, inAttributes)] as const
    })
    return Object.fromEntries(entries)
  }
  return isScalar(node) ? scalarOf(node.value, node.source, isFree) : null
}

function keyName(map: Node, key: Node | null): string {
  if (!isScalar(key)) throw new Unfit(key ?? map, 'a key is a plain text')
  const name = key.source ?? String(key.value)
  if (name === '<<') throw new Unfit(key, 'merge keys (<<) are not read: write the fields out')
  return typeof key.value === 'string' ? key.value : name
}

/** `007`, `1.10` and numbers of more than 53 bits stay as they are written: what takes them knows whether they are numbers. */
function scalarOf(value: unknown, source: string | undefined, isFree: boolean): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value
  if (!Number.isFinite(value)) return source
  return isFree && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : source
}
