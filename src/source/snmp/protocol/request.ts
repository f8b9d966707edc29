/** Encodes GET, GETNEXT and GETBULK messages of SNMP v1 and v2c. */
import type { EncodedOid } from './oid.ts'
import { pdu, tag, type RequestType, type Version } from './tag.ts'

export interface Request {
  readonly type: RequestType
  readonly oids: readonly EncodedOid[]
  /** GETBULK only; 0 otherwise. */
  readonly nonRepeaters: number
  /** GETBULK only; 0 otherwise. */
  readonly maxRepetitions: number
}

/** Ids are drawn from here: they always take four content bytes. */
export const minRequestId = 0x01000000
export const maxRequestId = 0x7fffffff

/** The most varbinds that an honest answer to `request` holds. */
export function maxAnswerVarbinds(request: Request): number {
  const asked = request.oids.length
  if (request.type !== pdu.getBulk) return asked
  const single = Math.min(request.nonRepeaters, asked)
  return single + (asked - single) * request.maxRepetitions
}

export function encodeRequest(
  version: Version,
  community: Uint8Array,
  requestId: number,
  request: Request,
): Buffer {
  let listSize = 0
  for (const oid of request.oids) listSize += sizeOf(sizeOf(oid.length) + 2)
  const bulk = request.type === pdu.getBulk
  const first = bulk ? request.nonRepeaters : 0
  const second = bulk ? request.maxRepetitions : 0
  const pduSize = 6 + 2 + unsignedSize(first) + 2 + unsignedSize(second) + sizeOf(listSize)
  const messageSize = 3 + sizeOf(community.length) + sizeOf(pduSize)
  const writer = new Writer(sizeOf(messageSize))
  writer.head(tag.sequence, messageSize)
  writer.unsigned(version)
  writer.head(tag.octetString, community.length)
  writer.bytes(community)
  writer.head(request.type, pduSize)
  writer.requestId(requestId)
  writer.unsigned(first)
  writer.unsigned(second)
  writer.head(tag.sequence, listSize)
  for (const oid of request.oids) writer.nullVarbind(oid)
  return writer.buffer
}

/** Bytes of a whole element whose content has `length` bytes. */
export const sizeOf = (length: number): number => 1 + lengthSize(length) + length

const lengthSize = (length: number): number => (length < 0x80 ? 1 : length < 0x100 ? 2 : 3)
const unsignedSize = (value: number): number => (value < 0x80 ? 1 : value < 0x8000 ? 2 : 3)

class Writer {
  readonly buffer: Buffer
  #at = 0

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size)
  }

  head(type: number, length: number): void {
    const { buffer } = this
    buffer[this.#at++] = type
    if (length >= 0x100) {
      buffer[this.#at++] = 0x82
      buffer[this.#at++] = length >>> 8
    } else if (length >= 0x80) buffer[this.#at++] = 0x81
    buffer[this.#at++] = length & 0xff
  }

  bytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  unsigned(value: number): void {
    const size = unsignedSize(value)
    this.head(tag.integer, size)
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8)
      this.buffer[this.#at++] = (value >>> shift) & 0xff
  }

  requestId(id: number): void {
    this.head(tag.integer, 4)
    this.#at = this.buffer.writeInt32BE(id, this.#at)
  }

  nullVarbind(oid: EncodedOid): void {
    this.head(tag.sequence, sizeOf(oid.length) + 2)
    this.head(tag.oid, oid.length)
    this.bytes(oid)
    this.head(tag.null, 0)
  }
}
