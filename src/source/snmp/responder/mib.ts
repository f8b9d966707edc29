import { compareOids, encodeInteger, tag, type EncodedOid } from '../protocol/index.ts'
import type { RecordedValue } from './recording.ts'

/** Values in the order of their names. Shared by all agents that were made from the same recording or template. */
export class Mib {
  readonly values: readonly RecordedValue[]

  constructor(values: readonly RecordedValue[]) {
    // Of a repeated name the last line counts.
    const byName = new Map(values.map((value) => [Buffer.from(value.name).toString('latin1'), value]))
    this.values = [...byName.values()].sort((a, b) => compare(a.name, b.name))
  }

  /** The place of the first value whose name is `name` or after it. */
  from(name: EncodedOid): number {
    let low = 0
    let high = this.values.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare((this.values[middle] as RecordedValue).name, name) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  find(name: EncodedOid): number {
    const at = this.from(name)
    const value = this.values[at]
    return value !== undefined && compare(value.name, name) === 0 ? at : -1
  }

  after(name: EncodedOid): number {
    const at = this.from(name)
    const value = this.values[at]
    return value !== undefined && compare(value.name, name) === 0 ? at + 1 : at
  }
}

const compare = (a: Uint8Array, b: Uint8Array): number => compareOids(a, 0, a.length, b, 0, b.length)

/**
 * A value's content `elapsedSeconds` after the start: as it says itself, otherwise a counter rises by a rate that its name decides. What is
 * unsigned wraps.
 */
export function movedContent(value: RecordedValue, elapsedSeconds: number): Uint8Array {
  const { type, content, moves } = value
  if (moves !== undefined) {
    const now = moves(elapsedSeconds)
    if (typeof now === 'string') return Buffer.from(now)
    return encodeInteger(type, wrap(type, BigInt(Math.floor(now))))
  }
  if (type !== tag.counter64 && type !== tag.counter32) return content
  let start = 0n
  for (const byte of content) start = (start << 8n) | BigInt(byte)
  return encodeInteger(type, wrap(type, start + BigInt(Math.floor(elapsedSeconds * rateOf(value.name)))))
}

const wrap = (type: number, value: bigint): bigint =>
  type === tag.integer ? value : BigInt.asUintN(type === tag.counter64 ? 64 : 32, value)

/** What a moving counter gains a second: 1 to 65,536, the same for the same name. */
export function rateOf(name: EncodedOid): number {
  let hash = 0
  for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0
  return (hash & 0xffff) + 1
}
