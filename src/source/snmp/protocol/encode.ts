/** Encodes values, varbinds and whole v1/v2c messages: what the responder answers with, and the form in which v3 answers are handed on. */
import { encodeOid } from './oid.ts'
import { sizeOf } from './request.ts'
import { tag } from './tag.ts'

/** BER content bytes of a value written as text (latin1 for octets, decimal for numbers, dotted for OIDs and addresses). */
export function encodeContent(type: number, text: string): Uint8Array {
  switch (type) {
    case tag.octetString:
    case tag.opaque:
      return Buffer.from(text, 'latin1')
    case tag.null:
      return new Uint8Array(0)
    case tag.oid:
      return encodeOid(text)
    case tag.ipAddress: {
      const parts = text.split('.').map(Number)
      if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255))
        throw new RangeError('not an IPv4 address')
      return Uint8Array.from(parts)
    }
    default:
      if (!/^-?\d{1,20}$/.test(text)) throw new RangeError('not a number')
      return encodeInteger(type, BigInt(text))
  }
}

const ranges = new Map<number, readonly [bigint, bigint]>([
  [tag.integer, [-0x80000000n, 0x7fffffffn]],
  [tag.counter64, [0n, 0xffffffffffffffffn]],
])

/** Minimal two's complement; what is out of the type's range is refused. */
export function encodeInteger(type: number, value: bigint): Uint8Array {
  const [least, most] = ranges.get(type) ?? [0n, 0xffffffffn]
  if (value < least || value > most) throw new RangeError('number out of range')
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const bytes = new Uint8Array(size)
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

export function encodeVarbind(name: Uint8Array, type: number, content: Uint8Array): Uint8Array {
  const size = sizeOf(name.length) + sizeOf(content.length)
  const bytes = new Uint8Array(sizeOf(size))
  let end = head(bytes, 0, tag.sequence, size)
  end = head(bytes, end, tag.oid, name.length)
  bytes.set(name, end)
  end = head(bytes, end + name.length, type, content.length)
  bytes.set(content, end)
  return bytes
}

export interface Message {
  version: number
  community: Uint8Array
  type: number
  requestId: number
  status: number
  index: number
  /** Encoded. */
  varbinds: readonly Uint8Array[]
}

export function encodeMessage(message: Message): Buffer {
  const { requestId, status, index } = message
  const numbers = [requestId, status, index].map((value) => element(tag.integer, integer(value)))
  const list = element(tag.sequence, Buffer.concat(message.varbinds))
  const body = element(message.type, Buffer.concat([...numbers, list]))
  const front = [element(tag.integer, integer(message.version)), element(tag.octetString, message.community)]
  return element(tag.sequence, Buffer.concat([...front, body]))
}

function integer(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  let skip = 0
  while (skip < 3 && (bytes.readInt16BE(skip) >> 7 === 0 || bytes.readInt16BE(skip) >> 7 === -1)) skip++
  return bytes.subarray(skip)
}

function element(type: number, content: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOf(content.length))
  bytes.set(content, head(bytes, 0, type, content.length))
  return bytes
}

function head(bytes: Uint8Array, start: number, type: number, length: number): number {
  let end = start
  bytes[end++] = type
  if (length >= 0x100) {
    bytes[end++] = 0x82
    bytes[end++] = length >>> 8
  } else if (length >= 0x80) bytes[end++] = 0x81
  bytes[end++] = length & 0xff
  return end
}
