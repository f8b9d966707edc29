/** Numbers in as few bytes as they need: what ticks and chunks are made of. All bounds are checked: reading past the end throws. */

/** Grows as it is written. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  length = 0

  constructor(size = 64) {
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  /** A whole number from 0 to 2^53. */
  unsigned(value: number): void {
    this.#room(8)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.length++] = rest
  }

  /** A whole number from -2^52 to 2^52, small ones short. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value)
  }

  float(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.length, value)
    this.length += 8
  }

  /** The bytes so far; valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.offset >= this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.offset++]
    if (value === undefined) throw new RangeError('samples end in the middle of a value')
    return value
  }

  unsigned(): number {
    const first = this.byte()
    if (first < 0x80) return first
    const second = this.byte()
    if (second < 0x80) return (first & 0x7f) | (second << 7)
    this.offset -= 2
    return this.#long()
  }

  #long(): number {
    let part = this.byte()
    let value = part & 0x7f
    let scale = 0x80
    do {
      part = this.byte()
      value += (part & 0x7f) * scale
      scale *= 0x80
      if (scale > 2 ** 63) throw new RangeError('samples hold a number that is too long')
    } while (part > 0x7f)
    return value
  }

  signed(): number {
    const value = this.unsigned()
    if (value < 2 ** 31) return (value >>> 1) ^ -(value & 1)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  float(): number {
    if (this.offset + 8 > this.#bytes.length) throw new RangeError('samples end in the middle of a value')
    const value = this.#view.getFloat64(this.offset)
    this.offset += 8
    return value
  }
}
