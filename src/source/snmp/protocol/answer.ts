/**
 * One received message, decoded flat: positions of names and values in the datagram, no object per varbind. An Answer is reused for the
 * next datagram, so it is valid only while it is handed over; what must stay is copied out of it.
 */
import { arcsOf, formatOid, isOidContent } from './oid.ts'
import { tag } from './tag.ts'
import { isValueContent, readHigh32, readLow32, readNumber, readValue, type SnmpValue } from './value.ts'

/** Why a datagram was dropped. */
export const dropReasons = [
  'length',
  'syntax',
  'version',
  'pduType',
  'unknownRequest',
  'address',
  'community',
  'count',
  'name',
  'type',
  'order',
] as const
export type DropReason = (typeof dropReasons)[number]

/** One value of an answer, wherever it came from. Valid only while it is handed over. */
export interface Cell {
  readonly type: number
  /** A number type as a double (a Counter64 above 2^53 is rounded); NaN for other types. */
  number(): number
  low32(): number
  high32(): number
  /** A copy. */
  value(): SnmpValue
  /** The arcs after the column, dotted. */
  index(): string
  indexArcs(): number[]
  /** Whether the index is these arcs, encoded: no text is made. */
  isIndex(arcs: Uint8Array): boolean
}

export class Answer implements Cell {
  bytes: Uint8Array = new Uint8Array(0)
  version = -1
  pduType = -1
  requestId = 0
  /** Where the content of the request id ends. */
  requestIdEnd = 0
  errorStatus = 0
  errorIndex = 0
  communityStart = 0
  communityEnd = 0
  /** Varbinds decoded. */
  count = 0
  nameStart = new Int32Array(256)
  nameEnd = new Int32Array(256)
  types = new Uint8Array(256)
  valueStart = new Int32Array(256)
  valueEnd = new Int32Array(256)
  #at = 0
  #cell = 0
  #columnLength = 0

  /** Reads up to the varbind list, which says whether anybody waits for it. */
  parseHead(bytes: Uint8Array): DropReason | null {
    this.bytes = bytes
    this.count = 0
    this.#at = 0
    if (this.#enter(tag.sequence, bytes.length) !== bytes.length) return 'length'
    const versionNumber = this.#integer(bytes.length)
    const communityEnd = this.#enter(tag.octetString, bytes.length)
    if (Number.isNaN(versionNumber) || communityEnd < 0) return 'syntax'
    this.version = versionNumber
    this.communityStart = this.#at
    this.communityEnd = communityEnd
    this.#at = communityEnd
    this.pduType = bytes[this.#at] ?? -1
    if (this.#enter(this.pduType, bytes.length) !== bytes.length) return 'length'
    this.requestId = this.#integer(bytes.length)
    this.requestIdEnd = this.#at
    this.errorStatus = this.#integer(bytes.length)
    this.errorIndex = this.#integer(bytes.length)
    const whole = !Number.isNaN(this.requestId + this.errorStatus + this.errorIndex)
    return whole ? null : 'syntax'
  }

  /** Reads the varbind list of a message whose head was read; at most `maxCount` varbinds are taken. */
  parseVarbinds(maxCount: number): DropReason | null {
    const { bytes } = this
    const size = bytes.length
    if (this.#enter(tag.sequence, size) !== size) return 'length'
    this.#reserve(maxCount)
    let count = 0
    while (this.#at < size) {
      if (count === maxCount) return 'count'
      const end = this.#enter(tag.sequence, size)
      if (end < 0) return 'syntax'
      const nameEnd = this.#enter(tag.oid, end)
      if (nameEnd < 0 || !isOidContent(bytes, this.#at, nameEnd)) return 'syntax'
      this.nameStart[count] = this.#at
      this.nameEnd[count] = nameEnd
      this.#at = nameEnd
      const type = bytes[nameEnd] ?? 0
      if (this.#enter(type, end) !== end) return 'length'
      if (!isValueContent(type, bytes, this.#at, end)) return 'type'
      this.types[count] = type
      this.valueStart[count] = this.#at
      this.valueEnd[count] = end
      this.#at = end
      count++
    }
    this.count = count
    return null
  }

  /** Makes varbind `i` the cell; its index begins after `columnLength` bytes of its name. */
  select(i: number, columnLength: number): this {
    this.#cell = i
    this.#columnLength = columnLength
    return this
  }

  get type(): number {
    return this.types[this.#cell] as number
  }

  number(): number {
    const i = this.#cell
    return readNumber(this.type, this.bytes, this.valueStart[i] as number, this.valueEnd[i] as number)
  }

  low32(): number {
    const i = this.#cell
    return readLow32(this.bytes, this.valueStart[i] as number, this.valueEnd[i] as number)
  }

  high32(): number {
    const i = this.#cell
    return readHigh32(this.bytes, this.valueStart[i] as number, this.valueEnd[i] as number)
  }

  value(): SnmpValue {
    const i = this.#cell
    return readValue(this.type, this.bytes, this.valueStart[i] as number, this.valueEnd[i] as number)
  }

  index(): string {
    const i = this.#cell
    const start = (this.nameStart[i] as number) + this.#columnLength
    return formatOid(this.bytes, start, this.nameEnd[i] as number, this.#columnLength === 0)
  }

  indexArcs(): number[] {
    const i = this.#cell
    return arcsOf(this.bytes, (this.nameStart[i] as number) + this.#columnLength, this.nameEnd[i] as number)
  }

  isIndex(arcs: Uint8Array): boolean {
    const i = this.#cell
    const start = (this.nameStart[i] as number) + this.#columnLength
    if ((this.nameEnd[i] as number) - start !== arcs.length) return false
    for (let at = 0; at < arcs.length; at++) if (this.bytes[start + at] !== arcs[at]) return false
    return true
  }

  /** A copy of the name of varbind `i`, to go on from. */
  name(i: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.bytes, this.nameStart[i] as number, this.nameEnd[i] as number)
  }

  /** Steps into an element of `type` that must lie before `limit`; answers where its content ends, or -1. */
  #enter(type: number, limit: number): number {
    const { bytes } = this
    let at = this.#at
    if (at + 2 > limit || bytes[at] !== type) return -1
    let length = bytes[at + 1] as number
    at += 2
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size === 0 || size > 4 || at + size > limit) return -1
      length = 0
      for (let i = 0; i < size; i++) length = length * 256 + (bytes[at++] as number)
    }
    if (length > limit - at) return -1
    this.#at = at
    return at + length
  }

  #integer(limit: number): number {
    const end = this.#enter(tag.integer, limit)
    const length = end - this.#at
    if (end < 0 || length < 1 || length > 4) return Number.NaN
    const value = readNumber(tag.integer, this.bytes, this.#at, end)
    this.#at = end
    return value
  }

  #reserve(count: number): void {
    if (count <= this.types.length) return
    const size = Math.min(2 ** Math.ceil(Math.log2(count)), 65536)
    this.nameStart = new Int32Array(size)
    this.nameEnd = new Int32Array(size)
    this.types = new Uint8Array(size)
    this.valueStart = new Int32Array(size)
    this.valueEnd = new Int32Array(size)
  }
}
