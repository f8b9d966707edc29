/**
 * Reads `.snmprec` recordings (`OID|type|value`, one a line) as real ones are: out of order, with repeated and malformed lines. What
 * cannot be read is told with its line and reason, the rest is used.
 */
import { encodeOid, tag, type EncodedOid } from '../protocol/index.ts'

export interface RecordedValue {
  readonly name: EncodedOid
  readonly type: number
  /** BER content bytes. */
  readonly content: Uint8Array
}

export interface Recording {
  readonly values: RecordedValue[]
  readonly problems: { line: number; reason: string }[]
}

const types: Readonly<Record<string, number>> = {
  2: tag.integer,
  4: tag.octetString,
  5: tag.null,
  6: tag.oid,
  64: tag.ipAddress,
  65: tag.counter32,
  66: tag.gauge32,
  67: tag.timeTicks,
  68: tag.opaque,
  70: tag.counter64,
}

export function parseRecording(bytes: Uint8Array): Recording {
  const values: RecordedValue[] = []
  const problems: Recording['problems'] = []
  // latin1 keeps every byte of a text as it is.
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  lines.forEach((raw, at) => {
    const line = raw.replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) return
    try {
      values.push(parseLine(line))
    } catch (error) {
      problems.push({ line: at + 1, reason: (error as Error).message })
    }
  })
  return { values, problems }
}

function parseLine(line: string): RecordedValue {
  const [oid = '', typeText = '', ...rest] = line.split('|')
  if (rest.length === 0) throw new RangeError('not OID|type|value')
  const hex = typeText.endsWith('x')
  const type = types[hex ? typeText.slice(0, -1) : typeText]
  if (type === undefined) throw new RangeError(`unknown type ${typeText.slice(0, 20)}`)
  const text = rest.join('|')
  return { name: encodeOid(oid), type, content: hex ? hexContent(type, text) : encodeContent(type, text) }
}

function hexContent(type: number, text: string): Uint8Array {
  const digits = text.replace(/\s/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new RangeError('not hexadecimal')
  const content = Buffer.from(digits, 'hex')
  if (type === tag.ipAddress && content.length !== 4) throw new RangeError('an IpAddress has four bytes')
  return content
}

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
