/** Messages out of a stream: counted octets (RFC 6587, RFC 5425) or lines, told apart by each message's first byte. Bounded whatever comes. Pure. */

/** More than this said to follow is no message: what comes after could be anything. */
export const longestCount = 1_048_576

const newline = 10
const nul = 0
const space = 32
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

export class FrameError extends Error {
  override name = 'FrameError'
}

export class Frames {
  readonly #mostBytes: number
  #kept: Uint8Array[] = []
  #keptBytes = 0
  /** What is still to come of a counted message; undefined: it goes until the end of the line. */
  #left: number | undefined
  #state: 'start' | 'count' | 'body' = 'start'
  #count = 0

  /** Of a longer message only the beginning is kept: one byte more than this, so that it can be seen. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes + 1
  }

  /** The messages that end in this piece. FrameError: the stream has lost its way. */
  *read(piece: Uint8Array): Generator<Uint8Array> {
    let at = 0
    while (at < piece.length) {
      if (this.#state === 'body') {
        const end = this.#bodyEnd(piece, at)
        this.#keep(piece.subarray(at, end.until))
        at = end.next
        if (end.isOver) yield* this.#take()
      } else {
        if (this.#head(piece[at]!)) at++
      }
    }
  }

  /** What was not ended when the stream did. */
  *end(): Generator<Uint8Array> {
    if (this.#left === undefined) yield* this.#take()
  }

  /** The first bytes: a count and a blank, or already the line. Whether the byte is none of the message. */
  #head(byte: number): boolean {
    if (this.#state === 'start') {
      if (byte >= 49 && byte <= 57) {
        this.#state = 'count'
        this.#count = byte - 48
        return true
      }
      this.#state = 'body'
      this.#left = undefined
      return false
    }
    if (isDigit(byte)) {
      this.#count = this.#count * 10 + byte - 48
      if (this.#count > longestCount) throw new FrameError(`a message of more than ${longestCount} bytes`)
      return true
    }
    this.#state = 'body'
    this.#left = byte === space ? this.#count : undefined
    // A line that begins with digits.
    if (byte !== space) this.#keep(new TextEncoder().encode(String(this.#count)))
    return byte === space
  }

  #bodyEnd(piece: Uint8Array, at: number): { until: number; next: number; isOver: boolean } {
    if (this.#left !== undefined) {
      const until = Math.min(piece.length, at + this.#left)
      this.#left -= until - at
      return { until, next: until, isOver: this.#left === 0 }
    }
    for (let end = at; end < piece.length; end++)
      if (piece[end] === newline || piece[end] === nul) return { until: end, next: end + 1, isOver: true }
    return { until: piece.length, next: piece.length, isOver: false }
  }

  #keep(bytes: Uint8Array): void {
    const room = this.#mostBytes - this.#keptBytes
    if (room <= 0 || bytes.length === 0) return
    // A copy: the piece's memory is the socket's.
    const own = bytes.slice(0, room)
    this.#kept.push(own)
    this.#keptBytes += own.length
  }

  *#take(): Generator<Uint8Array> {
    const whole = Buffer.concat(this.#kept)
    this.#kept = []
    this.#keptBytes = 0
    this.#state = 'start'
    this.#left = undefined
    if (whole.length > 0) yield whole
  }
}
