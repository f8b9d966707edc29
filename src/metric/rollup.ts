/** An hour of one series in steps of a minute, or a day in steps of an hour, as bytes: only the steps that have something. Pure. */
import { ByteReader, ByteWriter } from './bytes.ts'
import { readTimes, readValues, writeTimes, writeValues } from './chunk.ts'
import { emptyGrid, type Grid } from './grid.ts'

const columns = ['min', 'max', 'sum', 'count', 'last'] as const

/** Steps, then a column each; where every step has one sample, that alone. `lastAt` is kept as its distance from the step's begin. */
export function encodeRollup(grid: Grid): Uint8Array {
  const filled = [...grid.count.keys()].filter((at) => grid.count[at]! > 0)
  const times = Float64Array.from(filled, (at) => grid.start + at * grid.stepMs)
  const isSingle = filled.every((at) => grid.count[at] === 1)
  const out = new ByteWriter()
  out.unsigned(filled.length * 2 + (isSingle ? 1 : 0))
  writeTimes(out, times)
  for (const column of isSingle ? (['last'] as const) : columns)
    writeValues(
      out,
      Float64Array.from(filled, (at) => grid[column][at]!),
    )
  writeValues(
    out,
    Float64Array.from(filled, (at, index) => grid.lastAt[at]! - times[index]!),
  )
  return out.bytes.slice()
}

/** On the grid that covers [from, to). Throws RangeError on what no rollup can be. */
export function decodeRollup(bytes: Uint8Array, from: number, to: number, stepMs: number): Grid {
  const input = new ByteReader(bytes)
  const head = input.unsigned()
  const [count, isSingle] = [Math.floor(head / 2), head % 2 === 1]
  if (count > bytes.length) throw new RangeError('these bytes are no rollup')
  const grid = emptyGrid(from, to, stepMs)
  const places = readTimes(input, count).map((time) => (time - grid.start) / stepMs)
  for (const column of isSingle ? (['last'] as const) : columns) {
    readValues(input, count).forEach((value, index) => (grid[column][places[index]!] = value))
  }
  const offsets = readValues(input, count)
  places.forEach((place, index) => {
    grid.lastAt[place] = grid.start + place * stepMs + offsets[index]!
    if (!isSingle) return
    grid.min[place] = grid.max[place] = grid.sum[place] = grid.last[place]!
    grid.count[place] = 1
  })
  return grid
}
