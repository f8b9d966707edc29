/**
 * Reads `.snmprec` recordings (`OID|type|value`, one a line) as real ones are: out of order, with repeated and malformed lines. What
 * cannot be read is told with its line and reason, the rest is used.
 */
import { encodeContent, encodeOid, tag, type EncodedOid } from '../protocol/index.ts'

export interface RecordedValue {
  readonly name: EncodedOid
  readonly type: number
  /** BER content bytes. */
  readonly content: Uint8Array
  /** What it is so many seconds after the responder's start; a number is wrapped to its type. Absent: by `movedContent`'s rule. */
  readonly moves?: (elapsedSeconds: number) => number | string
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
