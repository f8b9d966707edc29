import { describe, expect, it } from 'vitest'
import { decodeChunk, encodeChunk, mergeSamples, type Samples } from '../../src/metric/chunk.ts'
import { addGrid, addSamples, emptyGrid, valuesOf } from '../../src/metric/grid.ts'
import { decodeRollup, encodeRollup } from '../../src/metric/rollup.ts'
import { decodeTick, encodeTick } from '../../src/metric/tick.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 1, 3)
const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const samplesOf = (values: readonly number[], jitterMs = 0, random = () => 0.5): Samples => ({
  times: Float64Array.from(
    values,
    (_, index) => start + index * 30_000 + Math.round((random() - 0.5) * jitterMs),
  ),
  values: Float64Array.from(values),
})

const kinds: Record<string, (random: () => number, index: number) => number> = {
  constant: () => 1,
  counter: (random, index) => index * 1_000_000 + Math.floor(random() * 1_000),
  percent: (random) => Math.round(random() * 100) / 100,
  temperature: (random) => 20 + Math.round(random() * 50) / 10,
  'bits a second': (random) => Math.floor(random() * 1e10),
  'any double': (random) => (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300),
  'whole beyond 2^53': (random) => Math.floor(random() * 2 ** 60),
  'signed zero': (random) => (random() < 0.5 ? -0 : 0),
  negative: (random) => -Math.floor(random() * 1e6),
  mixed: (random) => [0, -0, 1e-300, 1e300, 0.1, 12345.678, -1, Number.MAX_VALUE][Math.floor(random() * 8)]!,
}

describe(`chunks (seed ${seed})`, () => {
  it.each(Object.entries(kinds))('give back %s as it was', (_, make) => {
    const random = randomOf(seed)
    for (let round = 0; round < 50; round++) {
      const count = Math.floor(random() * 300)
      const samples = samplesOf(
        Array.from({ length: count }, (_, index) => make(random, index)),
        200,
        random,
      )
      expect(decodeChunk(encodeChunk(samples))).toEqual(samples)
    }
  })

  it('are small where values are what devices tell', () => {
    const random = randomOf(7)
    const sizes = ['constant', 'counter', 'percent', 'temperature'].map((kind) => {
      const values = Array.from({ length: 120 }, (_, index) => kinds[kind]!(random, index))
      return encodeChunk(samplesOf(values, 100, random)).length / 120
    })
    expect(Math.max(...sizes)).toBeLessThan(6)
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeLessThan(4)
  })

  it('take no room for times at equal distances, and are read as they were written before that', () => {
    const times = Float64Array.from({ length: 120 }, (_, index) => 1_770_000_000_000 + index * 30_000)
    expect(encodeChunk({ times, values: new Float64Array(120) }).length).toBeLessThan(120 + 20)
    const before = Uint8Array.of(2, 0xd0, 0x0f, 0xd0, 0x0f, 0, 0x0a, 4)
    expect(decodeChunk(before)).toEqual({
      times: Float64Array.of(1_000, 2_000),
      values: Float64Array.of(5, 7),
    })
  })

  it('refuse bytes that are none, and never hang', () => {
    const random = randomOf(seed)
    const whole = encodeChunk(samplesOf([1, 2.5, 3, 4, 5e-200]))
    for (let round = 0; round < 2_000; round++) {
      const bytes = whole.slice(0, Math.floor(random() * whole.length))
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      try {
        decodeChunk(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
  })

  it('merge in any order; of two at one time the later told counts', () => {
    const one = { times: Float64Array.of(1, 3), values: Float64Array.of(10, 30) }
    const two = { times: Float64Array.of(2, 3), values: Float64Array.of(20, 31) }
    expect(mergeSamples([one, two])).toEqual({
      times: Float64Array.of(1, 2, 3),
      values: Float64Array.of(10, 20, 31),
    })
    expect(mergeSamples([two, one]).values).toEqual(Float64Array.of(10, 20, 30))
  })
})

describe('ticks', () => {
  it('give back what went in, by series and time', () => {
    const random = randomOf(seed)
    for (let round = 0; round < 50; round++) {
      const samples = Array.from({ length: Math.floor(random() * 500) }, (_, index) => ({
        id: 1 + Math.floor(random() * 100_000),
        at: start + Math.floor(random() * 1_000),
        value: Object.values(kinds)[Math.floor(random() * Object.keys(kinds).length)]!(random, index),
      }))
      const { ids, times, values } = decodeTick(encodeTick(samples))
      const sorted = [...samples].sort((a, b) => a.id - b.id || a.at - b.at)
      expect([...ids]).toEqual(sorted.map(({ id }) => id))
      expect([...times]).toEqual(sorted.map(({ at }) => at))
      expect([...values]).toEqual(sorted.map(({ value }) => value))
    }
  })
})

describe('grids', () => {
  it('say what was in each step, and null where nothing was', () => {
    const grid = emptyGrid(start, start + 180_000, 60_000)
    addSamples(grid, {
      times: Float64Array.of(start - 1, start, start + 30_000, start + 120_000, start + 180_000),
      values: Float64Array.of(100, 1, 3, 7, 200),
    })
    expect(valuesOf(grid, 'AVG')).toEqual([2, null, 7])
    expect(valuesOf(grid, 'MIN')).toEqual([1, null, 7])
    expect(valuesOf(grid, 'MAX')).toEqual([3, null, 7])
    expect(valuesOf(grid, 'SUM')).toEqual([4, null, 7])
    expect(valuesOf(grid, 'COUNT')).toEqual([2, null, 1])
    expect(valuesOf(grid, 'LAST')).toEqual([3, null, 7])
  })

  it('through rollups are what they are from the samples', () => {
    const random = randomOf(seed)
    for (const every of [10_000, 60_000, 90_000]) {
      const count = hour / every
      const samples = {
        times: Float64Array.from({ length: count }, (_, index) => start + index * every),
        values: Float64Array.from({ length: count }, () => Math.round(random() * 1_000)),
      }
      const minutes = emptyGrid(start, start + hour, 60_000)
      addSamples(minutes, samples)
      const read = decodeRollup(encodeRollup(minutes), start, start + hour, 60_000)
      expect(read).toEqual(minutes)
      const [direct, joined] = [300_000, 300_000].map((step) => emptyGrid(start, start + hour, step))
      addSamples(direct!, samples)
      addGrid(joined!, read)
      for (const aggregate of ['AVG', 'MIN', 'MAX', 'SUM', 'COUNT', 'LAST'] as const)
        expect(valuesOf(joined!, aggregate)).toEqual(valuesOf(direct!, aggregate))
    }
  })
})
