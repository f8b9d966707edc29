/** Rows of 32-bit numbers in pages outside the heap: the garbage collector never looks at them and growing copies nothing. */

const pageBits = 12
const pageRows = 1 << pageBits
const pageMask = pageRows - 1

/** Row 0 is never given out: 0 means none. Freed rows are used again. */
export class Records {
  readonly #width: number
  readonly #pages: Int32Array[] = []
  #next = 1
  /** First freed row; a freed row holds the next one in its first cell. */
  #free = 0
  #size = 0

  constructor(width: number) {
    this.#width = width
  }

  /** Rows in use. */
  get size(): number {
    return this.#size
  }

  /** Bytes that the pages take. */
  get bytes(): number {
    return this.#pages.length * pageRows * this.#width * 4
  }

  add(): number {
    this.#size++
    if (this.#free !== 0) {
      const row = this.#free
      this.#free = this.get(row, 0)
      return row
    }
    const row = this.#next++
    if (row >>> pageBits === this.#pages.length) this.#pages.push(new Int32Array(pageRows * this.#width))
    return row
  }

  free(row: number): void {
    this.#size--
    this.set(row, 0, this.#free)
    this.#free = row
  }

  /** The page of a row, for reading several of its cells, which begin at `cellsAt`. */
  page(row: number): Int32Array {
    return this.#pages[row >>> pageBits]!
  }

  cellsAt(row: number): number {
    return (row & pageMask) * this.#width
  }

  get(row: number, cell: number): number {
    return this.#pages[row >>> pageBits]![(row & pageMask) * this.#width + cell]!
  }

  set(row: number, cell: number, value: number): void {
    this.#pages[row >>> pageBits]![(row & pageMask) * this.#width + cell] = value
  }
}
