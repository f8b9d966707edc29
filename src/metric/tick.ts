/** What one process collected in about a second, as bytes: series ascending, times near each other. */
import { ByteReader, ByteWriter } from './bytes.ts'
import type { SeriesId } from './metric.ts'

/** Three columns of the same length. */
export interface Tick {
  ids: Float64Array
  times: Float64Array
  values: Float64Array
}

/** Whole numbers are short, others eight bytes; the mark is in the last bit of what comes before. */
export function encodeTick(samples: readonly { id: SeriesId; at: number; value: number }[]): Uint8Array {
  const sorted = [...samples].sort((a, b) => a.id - b.id || a.at - b.at)
  const out = new ByteWriter(16 + samples.length * 8)
  out.unsigned(sorted.length)
  let id = 0
  let at = 0
  for (const sample of sorted) {
    const isWhole =
      Number.isSafeInteger(sample.value) && Math.abs(sample.value) < 2 ** 51 && !Object.is(sample.value, -0)
    out.unsigned((sample.id - id) * 2 + (isWhole ? 1 : 0))
    out.signed(sample.at - at)
    if (isWhole) out.signed(sample.value)
    else out.float(sample.value)
    id = sample.id
    at = sample.at
  }
  return out.bytes.slice()
}

/** Throws RangeError on what no tick can be. */
export function decodeTick(bytes: Uint8Array): Tick {
  const input = new ByteReader(bytes)
  const count = input.unsigned()
  if (count > bytes.length) throw new RangeError('these bytes are no tick')
  const tick = {
    ids: new Float64Array(count),
    times: new Float64Array(count),
    values: new Float64Array(count),
  }
  let id = 0
  let at = 0
  for (let index = 0; index < count; index++) {
    const step = input.unsigned()
    tick.ids[index] = id += Math.floor(step / 2)
    tick.times[index] = at += input.signed()
    tick.values[index] = step % 2 === 1 ? input.signed() : input.float()
  }
  return tick
}
