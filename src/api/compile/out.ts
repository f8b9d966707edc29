/** JSON as the bytes that are sent: written straight into memory that is used again and again. */

const quoteMark = 0x22
const backslash = 0x5c
const zero = 0x30
/** Longer texts are quicker in the engine's own hands. */
const short = 64
/** Bytes that one character may need: `\u001f`. */
const widest = 6

/** Text of plain ASCII, to be written as it is. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

const nothing = ascii('null')

export class Out {
  bytes: Buffer
  /** Where the next byte goes. What was written may be taken back by setting it. */
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  #room(bytes: number): Buffer {
    if (this.at + bytes > this.bytes.length) this.#grow(bytes)
    return this.bytes
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + bytes))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  raw(text: Uint8Array): void {
    const { length } = text
    const bytes = this.#room(length)
    let { at } = this
    for (let index = 0; index < length; index++) bytes[at++] = text[index]!
    this.at = at
  }

  null(): void {
    this.raw(nothing)
  }

  byte(code: number): void {
    this.#room(1)[this.at++] = code
  }

  /** A text in quotes, the same as `JSON.stringify` of it. */
  text(text: string): void {
    const { length } = text
    if (length > short) return this.json(JSON.stringify(text))
    const bytes = this.#room(length + 2)
    let { at } = this
    bytes[at++] = quoteMark
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code < 0x20 || code > 0x7e || code === quoteMark || code === backslash) {
        return this.json(JSON.stringify(text))
      }
      bytes[at++] = code
    }
    bytes[at++] = quoteMark
    this.at = at
  }

  /** JSON that is a text already. */
  json(text: string): void {
    const bytes = this.#room(text.length * widest)
    this.at += bytes.write(text, this.at)
  }

  /** A whole number of 32 bits. */
  int(value: number): void {
    if (value < 0 || value > 999_999_999) return this.json(String(value))
    const bytes = this.#room(10)
    let end = this.at + 1
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++
    this.at = end
    let rest = value
    do {
      bytes[--end] = zero + (rest % 10)
      rest = (rest / 10) | 0
    } while (rest > 0)
  }
}

/** Memory of answers that are sent, for the next ones. */
const idle: Buffer[] = []
const mostIdle = 4
const firstBytes = 64 * 1024
const largestKept = 4 * 1024 * 1024

export const openOut = (): Out => new Out(idle.pop() ?? Buffer.allocUnsafeSlow(firstBytes))

/** Nothing may be written to it any more, and nobody may hold its bytes. */
export function closeOut(out: Out): void {
  if (idle.length < mostIdle && out.bytes.length <= largestKept) idle.push(out.bytes)
}
