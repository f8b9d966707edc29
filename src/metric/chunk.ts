/**
 * The samples of one series in one hour as bytes, exactly as they were. Times as differences of differences; values as whole numbers where they are decimals of few places
 * (counts, percents, bits a second), else as what differs from the one before.
 */
import { ByteReader, ByteWriter } from './bytes.ts'

/** Two columns of the same length, ascending by time. */
export interface Samples {
  times: Float64Array
  values: Float64Array
}

/** Before the count: times at equal distances are told by how many there are. Chunks from before have no such byte, and are never of 0 samples. */
const inRuns = 0

/** How values are written, in the byte before them. 0 to 9: whole numbers that many decimal places up; 10: by the bits that differ. */
const byBits = 10
const mostPlaces = 9
const largestWhole = 2 ** 51

export function encodeChunk({ times, values }: Samples): Uint8Array {
  const out = new ByteWriter(16 + times.length * 3)
  out.byte(inRuns)
  out.unsigned(times.length)
  writeRuns(out, times)
  writeValues(out, values)
  return out.bytes.slice()
}

/** Throws RangeError on what no chunk can be. */
export function decodeChunk(bytes: Uint8Array): Samples {
  const input = new ByteReader(bytes)
  const first = input.unsigned()
  const count = first === inRuns && !input.isAtEnd ? input.unsigned() : first
  if (count > bytes.length) throw new RangeError('these bytes are no chunk of samples')
  const times = first === inRuns ? readRuns(input, count) : readTimes(input, count)
  return { times, values: readValues(input, count) }
}

export function writeValues(out: ByteWriter, values: Float64Array): void {
  const places = placesOf(values)
  out.byte(places)
  if (places === byBits) writeBits(out, values)
  else writeWholes(out, values, 10 ** places)
}

export function readValues(input: ByteReader, count: number): Float64Array {
  const places = input.byte()
  if (places > byBits) throw new RangeError('these bytes are no chunk of samples')
  return places === byBits ? readBits(input, count) : readWholes(input, count, 10 ** places)
}

/** The fewest decimal places by which all values are whole and come back as they were. */
function placesOf(values: Float64Array): number {
  let places = 0
  for (const value of values) {
    while (!comesBack(value, 10 ** places)) if (++places > mostPlaces) return byBits
  }
  // What became whole with fewer places must still fit with more.
  const scale = 10 ** places
  return values.every((value) => comesBack(value, scale)) ? places : byBits
}

function comesBack(value: number, scale: number): boolean {
  const whole = Math.round(value * scale)
  return Math.abs(whole) < largestWhole && whole / scale === value && !Object.is(value, -0)
}

export function writeTimes(out: ByteWriter, times: Float64Array): void {
  let before = 0
  let step = 0
  for (const time of times) {
    out.signed(time - before - step)
    step = before === 0 ? 0 : time - before
    before = time
  }
}

export function readTimes(input: ByteReader, count: number): Float64Array {
  const times = new Float64Array(count)
  let before = 0
  let step = 0
  for (let index = 0; index < count; index++) {
    const time = before + step + input.signed()
    step = before === 0 ? 0 : time - before
    times[index] = before = time
  }
  return times
}

/** As `writeTimes`; after a difference of 0 stands how many more of them follow. */
function writeRuns(out: ByteWriter, times: Float64Array): void {
  let before = 0
  let step = 0
  let run = -1
  for (const time of times) {
    const change = time - before - step
    step = before === 0 ? 0 : time - before
    before = time
    if (change === 0) {
      run++
      continue
    }
    if (run >= 0) writeRun(out, run)
    run = -1
    out.signed(change)
  }
  if (run >= 0) writeRun(out, run)
}

function writeRun(out: ByteWriter, run: number): void {
  out.signed(0)
  out.unsigned(run)
}

function readRuns(input: ByteReader, count: number): Float64Array {
  const times = new Float64Array(count)
  let before = 0
  let step = 0
  for (let index = 0; index < count;) {
    const change = input.signed()
    const run = change === 0 ? input.unsigned() : 0
    if (index + run >= count) throw new RangeError('these bytes are no chunk of samples')
    for (const end = index + run; index <= end; index++) {
      const time = before + step + change
      step = before === 0 ? 0 : time - before
      times[index] = before = time
    }
  }
  return times
}

function writeWholes(out: ByteWriter, values: Float64Array, scale: number): void {
  let before = 0
  for (const value of values) {
    const whole = Math.round(value * scale)
    out.signed(whole - before)
    before = whole
  }
}

function readWholes(input: ByteReader, count: number, scale: number): Float64Array {
  const values = new Float64Array(count)
  let whole = 0
  for (let index = 0; index < count; index++) {
    whole += input.signed()
    values[index] = whole / scale
  }
  return values
}

const cell = new DataView(new ArrayBuffer(8))

/** For each value a byte that says how many bytes lead and follow those that differ from the value before, then those. */
function writeBits(out: ByteWriter, values: Float64Array): void {
  let high = 0
  let low = 0
  for (const value of values) {
    cell.setFloat64(0, value)
    const [nextHigh, nextLow] = [cell.getUint32(0), cell.getUint32(4)]
    cell.setUint32(0, nextHigh ^ high)
    cell.setUint32(4, nextLow ^ low)
    ;[high, low] = [nextHigh, nextLow]
    let first = 0
    while (first < 8 && cell.getUint8(first) === 0) first++
    let end = 8
    while (end > first && cell.getUint8(end - 1) === 0) end--
    out.byte((first << 4) | (end - first))
    for (let at = first; at < end; at++) out.byte(cell.getUint8(at))
  }
}

function readBits(input: ByteReader, count: number): Float64Array {
  const values = new Float64Array(count)
  let high = 0
  let low = 0
  for (let index = 0; index < count; index++) {
    const shape = input.byte()
    const [first, size] = [shape >> 4, shape & 15]
    if (first + size > 8) throw new RangeError('these bytes are no chunk of samples')
    cell.setFloat64(0, 0)
    for (let at = first; at < first + size; at++) cell.setUint8(at, input.byte())
    high = (high ^ cell.getUint32(0)) >>> 0
    low = (low ^ cell.getUint32(4)) >>> 0
    cell.setUint32(0, high)
    cell.setUint32(4, low)
    values[index] = cell.getFloat64(0)
  }
  return values
}

/** Several lots of samples as one: ascending, and of two at one time the later told. */
export function mergeSamples(lots: readonly Samples[]): Samples {
  const last = new Map<number, number>()
  let isSorted = true
  let before = -Infinity
  let count = 0
  for (const { times } of lots) {
    for (let index = 0; index < times.length; index++) {
      const time = times[index]!
      if (time <= before) isSorted = false
      before = time
    }
    count += times.length
  }
  if (isSorted) return joined(lots, count)
  for (const { times, values } of lots) times.forEach((time, index) => last.set(time, values[index]!))
  const times = Float64Array.from(last.keys()).sort()
  return { times, values: times.map((time) => last.get(time)!) }
}

function joined(lots: readonly Samples[], count: number): Samples {
  if (lots.length === 1) return lots[0]!
  const all = { times: new Float64Array(count), values: new Float64Array(count) }
  let at = 0
  for (const { times, values } of lots) {
    all.times.set(times, at)
    all.values.set(values, at)
    at += times.length
  }
  return all
}
