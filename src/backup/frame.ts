/**
 * The form of a backup file, before it is compressed: frames of a type (1 byte), a length (4 bytes, big endian) and that many bytes.
 * First a head (JSON), then for each table its name and columns (JSON) and its rows as `COPY … TO STDOUT` writes them, cut anywhere; last an end, without
 * which the file is not whole.
 */
import { PlenumError } from '../errors.ts'

export interface Head {
  format: 'plenum-backup'
  version: 1
  /** RFC 3339. */
  madeAt: string
  /** The last migration that the tables had. */
  migration: string
  /** Place of the log, for people. */
  seq: number
  /** Last values of sequences by name. */
  sequences: Record<string, number>
}

export interface TableHead {
  table: string
  columns: string[]
}

export type Frame =
  | { type: 'head'; head: Head }
  | { type: 'table'; table: TableHead }
  | { type: 'rows'; bytes: Buffer }
  | { type: 'end' }

const codes = { head: 0x68, table: 0x74, rows: 0x72, end: 0x65 } as const
const headerBytes = 5
const largestFrame = 64 * 1_048_576

export function encodeFrame(frame: Frame): Buffer {
  const content = contentOf(frame)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(codes[frame.type])
  header.writeUInt32BE(content.length, 1)
  return Buffer.concat([header, content])
}

function contentOf(frame: Frame): Buffer {
  if (frame.type === 'rows') return frame.bytes
  if (frame.type === 'end') return Buffer.alloc(0)
  return Buffer.from(JSON.stringify(frame.type === 'head' ? frame.head : frame.table))
}

const broken = (why: string) => new PlenumError('INVALID_INPUT', `The file is no whole backup: ${why}`)

/** Frames of a stream of bytes. INVALID_INPUT when it is something else or not whole. */
export async function* decodeFrames(bytes: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = true
  let isEnded = false
  for await (const chunk of bytes) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let size = sizeOf(rest); size !== undefined && rest.length >= size; size = sizeOf(rest)) {
      if (isEnded) throw broken('something stands after its end')
      const frame = toFrame(rest.subarray(0, size))
      if (isFirst !== (frame.type === 'head')) throw broken('its head is not where it belongs')
      isFirst = false
      isEnded = frame.type === 'end'
      yield frame
      rest = rest.subarray(size)
    }
  }
  if (!isEnded || rest.length > 0) throw broken('it was cut off')
}

/** Bytes of the frame that begins here; undefined when too little has arrived to tell. */
function sizeOf(bytes: Buffer): number | undefined {
  if (bytes.length < headerBytes) return undefined
  const length = bytes.readUInt32BE(1)
  if (length > largestFrame) throw broken('it holds something else')
  return headerBytes + length
}

function toFrame(bytes: Buffer): Frame {
  const content = bytes.subarray(headerBytes)
  switch (bytes[0]) {
    case codes.head:
      return { type: 'head', head: toHead(parse(content)) }
    case codes.table:
      return { type: 'table', table: parse(content) as TableHead }
    case codes.rows:
      return { type: 'rows', bytes: content }
    case codes.end:
      return { type: 'end' }
    default:
      throw broken('it holds something else')
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new PlenumError(
      'INVALID_INPUT',
      'The file is no whole backup: a head in it is broken',
      {},
      { cause },
    )
  }
}

function toHead(value: unknown): Head {
  const head = value as Partial<Head> | null
  if (head?.format !== 'plenum-backup') throw broken('it does not begin as one')
  if (head.version !== 1)
    throw broken(`it is of version ${head.version}, this Plenum reads version 1: use a newer Plenum`)
  return head as Head
}
