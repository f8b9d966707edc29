/** Bytes to text, strictly: what is not UTF-8 is refused with the place of the byte. */
import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { invalidInput, limitExceeded } from '../../errors.ts'

/** What one item may be long, in characters: far more than one thing needs, far less than fills memory. */
export const longestItem = 1024 * 1024

const pieceBytes = 64 * 1024

/** INVALID_INPUT that names the byte. A byte order mark is left out. */
export async function* decode(
  body: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let carry: Buffer = Buffer.alloc(0)
  let offset = 0
  let isFirst = true
  for await (const bytes of pieces(body)) {
    signal.throwIfAborted()
    const all = carry.length > 0 ? Buffer.concat([carry, bytes]) : bytes
    const end = all.length - openTail(all)
    const whole = all.subarray(0, end)
    if (!isUtf8(whole)) throw notUtf8(offset + firstWrong(whole))
    const text = whole.toString('utf8')
    yield isFirst && text.startsWith('\uFEFF') ? text.slice(1) : text
    if (end > 0) isFirst = false
    carry = all.subarray(end)
    offset += end
  }
  if (carry.length > 0) throw notUtf8(offset)
}

async function* pieces(body: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk as Uint8Array)
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      yield bytes.subarray(at, at + pieceBytes)
      if (at > 0) await setImmediate()
    }
  }
}

/** How many bytes at the end are the beginning of a character. */
function openTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? back : 0
  }
  return 0
}

function firstWrong(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'), 'utf8')
  return bytes.findIndex((byte, index) => byte !== again[index])
}

const notUtf8 = (offset: number) =>
  invalidInput(`This is not UTF-8: byte ${offset} (counted from 0) is wrong`, `byte ${offset}`)

export interface Line {
  /** Counted from 1. */
  number: number
  /** Without its line feed; a carriage return before that is kept. */
  text: string
}

export async function* splitLines(texts: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 1
  let open = ''
  for await (const text of texts) {
    const lines = text.split('\n')
    lines[0] = open + (lines[0] ?? '')
    open = lines.pop() ?? ''
    for (const line of lines) yield { number: number++, text: checkLength(line, number - 1) }
    checkLength(open, number)
  }
  if (open !== '') yield { number, text: open }
}

export function checkLength(text: string, line: number): string {
  if (text.length <= longestItem) return text
  throw tooLong(line)
}

export const tooLong = (line: number) =>
  limitExceeded(
    'itemCharacters',
    longestItem,
    `line ${line}: an item may have at most ${longestItem} characters`,
  )
