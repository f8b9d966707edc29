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

/** A counter's content `elapsedSeconds` after the recording was made: it rises by a rate that its name decides, and wraps. */
export function movedContent(value: RecordedValue, elapsedSeconds: number): Uint8Array {
  const wide = value.type === tag.counter64
  if (!wide && value.type !== tag.counter32) return value.content
  let start = 0n
  for (const byte of value.content) start = (start << 8n) | BigInt(byte)
  const moved = start + BigInt(Math.floor(elapsedSeconds * rateOf(value.name)))
  return encodeInteger(value.type, BigInt.asUintN(wide ? 64 : 32, moved))
}

/** What a moving counter gains a second: 1 to 65,536, the same for the same name. */
export function rateOf(name: EncodedOid): number {
  let hash = 0
  for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0
  return (hash & 0xffff) + 1
}
