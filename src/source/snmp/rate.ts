/**
 * The counters of one device, in typed arrays: takes a poll's cells without an object each and makes rates of them. Pure: times are told.
 * Values are kept as two 32-bit halves, so a difference is exact also where a Counter64 is above 2^53.
 */
import { encodeArcs, isException, tag, type Cell } from './protocol/index.ts'

/** A counter that seems to have run further than this share of its range in one interval was reset, not wrapped. */
const wrapShare = 0.5

export class CounterTable {
  readonly columns: number
  /** Rates a second, row by row, of the last two polls; NaN where there is none (first poll, reset, missing). */
  readonly rates: Float64Array
  readonly indexes: readonly string[]
  readonly #rowOf: Map<string, number>
  readonly #encoded: readonly Uint8Array[]
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  /** The poll in which the cell was last seen; 0: never. */
  readonly #seenIn: Uint32Array
  #poll = 0
  #pollAt = Number.NaN
  #elapsedSeconds = Number.NaN
  #upTime = Number.NaN
  #restarted = false
  #expected = 0

  /** `indexes`: the rows, as inventory found them; values of other rows are left out. */
  constructor(indexes: readonly string[], columns: number) {
    this.indexes = indexes
    this.columns = columns
    const size = indexes.length * columns
    this.rates = new Float64Array(size).fill(Number.NaN)
    this.#high = new Uint32Array(size)
    this.#low = new Uint32Array(size)
    this.#seenIn = new Uint32Array(size)
    this.#encoded = indexes.map((index) => encodeArcs(index.split('.').map(Number)))
    this.#rowOf = new Map(indexes.map((index, row) => [index, row]))
  }

  /**
   * Begins a poll. `atMs`: a monotonic time; `upTime`: the device's own clock (hundredths of a second, sysUpTime) where it was read:
   * when it went back, every counter began anew.
   */
  begin(atMs: number, upTime = Number.NaN): void {
    this.#elapsedSeconds = (atMs - this.#pollAt) / 1_000
    this.#restarted = upTime < this.#upTime && !isUpTimeWrap(this.#upTime, upTime, this.#elapsedSeconds)
    this.#pollAt = atMs
    this.#upTime = upTime
    this.#poll++
    this.#expected = 0
    this.rates.fill(Number.NaN)
  }

  /** Takes one cell of the poll. Answers whether it belongs to a row. */
  take(column: number, cell: Cell): boolean {
    const { type } = cell
    if (isException(type)) return false
    const row = this.#row(cell)
    if (row === undefined) return false
    const at = row * this.columns + column
    const high = cell.high32()
    const low = cell.low32()
    const before = this.#seenIn[at]
    if (before === this.#poll - 1 && before > 0 && !this.#restarted)
      this.rates[at] = this.#rate(type, at, high, low)
    this.#high[at] = high
    this.#low[at] = low
    this.#seenIn[at] = this.#poll
    return true
  }

  /** Rows come in their order nearly always, each as often as there are columns. */
  #row(cell: Cell): number | undefined {
    const encoded = this.#encoded
    const expected = this.#expected
    if (encoded[expected] !== undefined && cell.isIndex(encoded[expected])) return expected
    const next = encoded[expected + 1]
    if (next !== undefined && cell.isIndex(next)) return ++this.#expected
    const row = this.#rowOf.get(cell.index())
    if (row !== undefined) this.#expected = row
    return row
  }

  #rate(type: number, at: number, high: number, low: number): number {
    const difference = (high - (this.#high[at] as number)) * 0x100000000 + (low - (this.#low[at] as number))
    if (difference >= 0) return difference / this.#elapsedSeconds
    // A 64-bit counter does not wrap in a lifetime, so it was reset.
    if (type === tag.counter64) return Number.NaN
    const wrapped = difference + 0x100000000
    return wrapped > wrapShare * 0x100000000 ? Number.NaN : wrapped / this.#elapsedSeconds
  }
}

/** sysUpTime itself wraps after 497 days: then the two polls lie about as far apart as the clock says. */
function isUpTimeWrap(before: number, after: number, elapsedSeconds: number): boolean {
  const advanced = (after + 0x100000000 - before) / 100
  return Math.abs(advanced - elapsedSeconds) < Math.max(10, elapsedSeconds * 0.2)
}
