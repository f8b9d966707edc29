/** The samples of this and the last hours in memory, and the latest of every series: what ticks gave and chunks do not hold yet. */
import { decodeChunk, encodeChunk, mergeSamples, type Samples } from './chunk.ts'
import { freshFor } from './fresh.ts'
import type { SeriesId } from './metric.ts'
import type { Tick } from './tick.ts'

export const hourMs = 3_600_000
const blockSize = 32

/** Some samples of one series in one hour: open while they are few, then as bytes. */
interface Block {
  hour: number
  /** The last tick that gave it something. */
  seq: number
  count: number
  open: Samples | null
  sealed: Uint8Array | null
}

export interface Latest {
  value: number
  at: number
  staleAt: number
}

export class Head {
  readonly #blocks = new Map<SeriesId, Block[]>()
  #latest = new Float64Array(1_024)
  #latestAt = new Float64Array(1_024).fill(-Infinity)
  /** Milliseconds between the last two, and between the two before. */
  #gaps = new Float64Array(1_024).fill(Infinity)
  #formerGaps = new Float64Array(1_024).fill(Infinity)
  #samples = 0

  /** How many samples are kept. */
  get samples(): number {
    return this.#samples
  }

  apply(seq: number, { ids, times, values }: Tick): void {
    for (let index = 0; index < ids.length; index++) {
      const [id, time, value] = [ids[index]!, times[index]!, values[index]!]
      this.#note(id, time, value)
      this.#append(id, time, value, seq)
    }
  }

  #note(id: SeriesId, time: number, value: number): void {
    if (id >= this.#latest.length) this.#grow(id + 1)
    const gap = time - this.#latestAt[id]!
    if (gap < 0) return
    if (gap > 0) {
      this.#formerGaps[id] = this.#gaps[id]!
      this.#gaps[id] = gap
    }
    this.#latest[id] = value
    this.#latestAt[id] = time
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.#latest.length * 2)
    const larger = (values: Float64Array, unknown: number): Float64Array<ArrayBuffer> => {
      const all = new Float64Array(size).fill(unknown)
      all.set(values)
      return all
    }
    this.#latest = larger(this.#latest, 0)
    this.#latestAt = larger(this.#latestAt, -Infinity)
    this.#gaps = larger(this.#gaps, Infinity)
    this.#formerGaps = larger(this.#formerGaps, Infinity)
  }

  #append(id: SeriesId, time: number, value: number, seq: number): void {
    const hour = Math.floor(time / hourMs) * hourMs
    let blocks = this.#blocks.get(id)
    if (blocks === undefined) this.#blocks.set(id, (blocks = []))
    let block = blocks.at(-1)
    if (block === undefined || block.open === null || block.hour !== hour) {
      if (block?.open) seal(block)
      const open = { times: new Float64Array(blockSize), values: new Float64Array(blockSize) }
      blocks.push((block = { hour, seq, count: 0, open, sealed: null }))
    }
    block.open!.times[block.count] = time
    block.open!.values[block.count] = value
    block.seq = seq
    this.#samples++
    if (++block.count === blockSize) seal(block)
  }

  /** The latest value, its time, and from when on it says nothing of now; undefined when there is none that is known here. */
  latest(id: SeriesId): Latest | undefined {
    const at = this.#latestAt[id]
    if (at === undefined || at === -Infinity) return undefined
    return { value: this.#latest[id]!, at, staleAt: at + freshFor(this.#gaps[id]!, this.#formerGaps[id]!) }
  }

  /** Samples of [from, to) in the order in which they were told. */
  between(id: SeriesId, from: number, to: number): Samples[] {
    const lots: Samples[] = []
    for (const block of this.#blocks.get(id) ?? []) {
      if (block.hour + hourMs <= from || block.hour >= to) continue
      lots.push(within(samplesOf(block), from, to))
    }
    return lots
  }

  /** Samples of [from, to), ascending. */
  recent(id: SeriesId, from: number, to: number): Samples {
    return mergeSamples(this.between(id, from, to))
  }

  /** What is not in chunks yet, of hours before `until`: by series and hour. */
  *pending(
    until: number,
    compacted: { seq: number; until: number },
  ): Generator<[SeriesId, Map<number, Samples>]> {
    for (const [id, blocks] of this.#blocks) {
      const fresh = blocks.filter((block) => block.hour < until && !isCompacted(block, compacted))
      if (fresh.length === 0) continue
      const hours = Map.groupBy(fresh, (block) => block.hour)
      yield [id, new Map([...hours].map(([hour, some]) => [hour, mergeSamples(some.map(samplesOf))]))]
    }
  }

  /** Forgets what chunks hold by now. */
  *drop(compacted: { seq: number; until: number }): Generator<void> {
    for (const [id, blocks] of this.#blocks) {
      const kept = blocks.filter((block) => !isCompacted(block, compacted))
      if (kept.length < blocks.length) {
        this.#samples -= blocks.reduce(
          (sum, block) => sum + (isCompacted(block, compacted) ? block.count : 0),
          0,
        )
        if (kept.length === 0) this.#blocks.delete(id)
        else this.#blocks.set(id, kept)
      }
      yield
    }
  }
}

const isCompacted = (block: Block, compacted: { seq: number; until: number }): boolean =>
  block.hour < compacted.until && block.seq <= compacted.seq

function seal(block: Block): void {
  block.sealed = encodeChunk(mergeSamples([samplesOf(block)]))
  block.open = null
}

function samplesOf({ open, sealed, count }: Block): Samples {
  if (sealed !== null) return decodeChunk(sealed)
  return { times: open!.times.slice(0, count), values: open!.values.slice(0, count) }
}

function within(samples: Samples, from: number, to: number): Samples {
  const { times, values } = samples
  if (times.every((time) => time >= from && time < to)) return samples
  const keep = [...times.keys()].filter((index) => times[index]! >= from && times[index]! < to)
  return {
    times: Float64Array.from(keep, (index) => times[index]!),
    values: Float64Array.from(keep, (index) => values[index]!),
  }
}
