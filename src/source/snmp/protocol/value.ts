/** Decodes values out of the bytes of an answer, and says which lengths are legal for a type. */
import { formatOid, isOidContent } from './oid.ts'
import { isException, tag } from './tag.ts'

/**
 * A decoded value. number: INTEGER, Counter32, Gauge32, TimeTicks, and Counter64 while it is exact; bigint: Counter64 above 2^53;
 * Uint8Array: OCTET STRING and Opaque; string: an OID or IpAddress, dotted; null: the agent has none.
 */
export type SnmpValue = number | bigint | string | Uint8Array | null

/** Whether a value of `type` may have these content bytes. */
export function isValueContent(type: number, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  switch (type) {
    case tag.integer:
      return length >= 1 && length <= 4
    case tag.counter32:
    case tag.gauge32:
    case tag.timeTicks:
    case tag.unsigned32:
      // Five bytes only with the leading zero that keeps an unsigned number positive.
      return (length >= 1 && length <= 4) || (length === 5 && bytes[start] === 0)
    case tag.counter64:
      return (length >= 1 && length <= 8) || (length === 9 && bytes[start] === 0)
    case tag.ipAddress:
      return length === 4
    case tag.octetString:
    case tag.opaque:
      return true
    case tag.oid:
      return length === 0 || isOidContent(bytes, start, end)
    default:
      return (type === tag.null || isException(type)) && length === 0
  }
}

export function readSigned(bytes: Uint8Array, start: number, end: number): number {
  let value = (bytes[start] as number) >= 0x80 ? -1 : 0
  for (let i = start; i < end; i++) value = (value << 8) | (bytes[i] as number)
  return value
}

/** The last four content bytes as an unsigned number: agents that forget the leading zero are still read right. */
export function readLow32(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = Math.max(start, end - 4); i < end; i++) value = (value << 8) | (bytes[i] as number)
  return value >>> 0
}

/** What a 64-bit counter holds above its low 32 bits. */
export function readHigh32(bytes: Uint8Array, start: number, end: number): number {
  return end - start <= 4 ? 0 : readLow32(bytes, Math.max(start, end - 8), end - 4)
}

/** Any number type as a double: exact but for a Counter64 above 2^53, which is rounded. */
export function readNumber(type: number, bytes: Uint8Array, start: number, end: number): number {
  switch (type) {
    case tag.integer:
      return readSigned(bytes, start, end)
    case tag.counter64:
      return readHigh32(bytes, start, end) * 0x100000000 + readLow32(bytes, start, end)
    case tag.counter32:
    case tag.gauge32:
    case tag.timeTicks:
    case tag.unsigned32:
      return readLow32(bytes, start, end)
    default:
      return Number.NaN
  }
}

export function readValue(type: number, bytes: Uint8Array, start: number, end: number): SnmpValue {
  switch (type) {
    case tag.octetString:
    case tag.opaque:
      return Uint8Array.prototype.slice.call(bytes, start, end)
    case tag.oid:
      return formatOid(bytes, start, end)
    case tag.ipAddress:
      return bytes.subarray(start, end).join('.')
    case tag.counter64: {
      const value = readNumber(type, bytes, start, end)
      if (Number.isSafeInteger(value)) return value
      return (BigInt(readHigh32(bytes, start, end)) << 32n) | BigInt(readLow32(bytes, start, end))
    }
    default: {
      const value = readNumber(type, bytes, start, end)
      return Number.isNaN(value) ? null : value
    }
  }
}
