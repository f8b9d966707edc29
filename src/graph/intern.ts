/** One copy of what many resources share: names of ports, roles, labels, lists of sources. */
import type { ResourceId } from '../resource/resource.ts'
import type { LabelSet } from './vertex.ts'

/** Beyond this many different ones a table stops to take in more: what comes then is simply not shared. */
const mostShared = 200_000
/** A table that has seen so many values and shared fewer than half of them is given up. */
const trial = 4_096

export class StringTable {
  #shared: Map<string, string> | undefined = new Map()
  #seen = 0

  /** The same text, from the table where it has it. */
  share(text: string): string {
    const table = this.#shared
    if (table === undefined) return text
    const found = table.get(text)
    if (found !== undefined) {
      this.#seen++
      return found
    }
    if (table.size < mostShared) table.set(text, text)
    if (table.size >= trial && table.size > this.#seen) this.#shared = undefined
    return text
  }
}

/** Numbers beyond 31 bits are objects: of a speed that a million ports have one is enough. */
export class NumberTable {
  readonly #shared = new Map<number, number>()

  share(value: number): number {
    if ((value | 0) === value) return value
    const found = this.#shared.get(value)
    if (found !== undefined) return found
    if (this.#shared.size < trial) this.#shared.set(value, value)
    return value
  }
}

const noLabels: LabelSet = { labels: Object.freeze({}), pairs: [] }

export class LabelTable {
  readonly #sets = new Map<string, LabelSet>()
  /** Loading gives the same object for the same labels. */
  readonly #known = new WeakMap<object, LabelSet>()
  readonly #strings = new StringTable()

  share(labels: Readonly<Record<string, string>>): LabelSet {
    let set = this.#known.get(labels)
    if (set === undefined) this.#known.set(labels, (set = this.#find(labels)))
    return set
  }

  #find(labels: Readonly<Record<string, string>>): LabelSet {
    const keys = Object.keys(labels)
    if (keys.length === 0) return noLabels
    const mark = keys
      .sort()
      .map((key) => `${key}\0${labels[key]}`)
      .join('\0')
    const found = this.#sets.get(mark)
    if (found !== undefined) return found
    const copy = Object.fromEntries(keys.map((key) => [key, this.#strings.share(labels[key]!)]))
    const set: LabelSet = {
      labels: Object.freeze(copy),
      pairs: [...new Set(keys.map((key) => this.#strings.share(`${key}=${labels[key]}`)))],
    }
    if (this.#sets.size < mostShared) this.#sets.set(mark, set)
    return set
  }
}

export class SourceTable {
  readonly #lists = new Map<string, readonly ResourceId[]>()

  share(sources: readonly ResourceId[]): readonly ResourceId[] {
    const mark = sources.join()
    const found = this.#lists.get(mark)
    if (found !== undefined) return found
    const list = Object.freeze([...sources])
    if (this.#lists.size < mostShared) this.#lists.set(mark, list)
    return list
  }
}
