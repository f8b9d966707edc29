/** When which of many things is measured: those that policies give a time of their own by that, the rest by the source's: the same for all drivers. */
import { performance } from 'node:perf_hooks'
import type { Collection } from './source.ts'

const mostRemembered = 200_000

export class Pace {
  /** Between two looks at what is due. */
  readonly tickMs: number
  readonly #collection: Collection | undefined
  readonly #everyMs: number
  readonly #now: () => number
  readonly #lastAt = new Map<string, number>()

  constructor(
    collection: Collection | undefined,
    everyMs: number,
    now: () => number = () => performance.now(),
  ) {
    this.#collection = collection
    this.#everyMs = everyMs
    this.tickMs = Math.min(everyMs, collection?.shortestMs ?? everyMs)
    this.#now = now
  }

  /** Those of these that are to be measured now, which counts as done. What the policies do not know yet, and all while they cannot be asked, is measured at the source's time. */
  async due(keys: readonly string[]): Promise<string[]> {
    const policies = await this.#collection?.of(keys).catch(() => undefined)
    const now = this.#now()
    const due = keys.filter((key) => {
      const collecting = policies?.get(key)
      const lastAt = this.#lastAt.get(key) ?? -Infinity
      const everyMs = collecting?.everyMs ?? this.#everyMs
      if (collecting?.isOff === true) return false
      // A look that comes a little early is no reason to wait for one more.
      return everyMs <= this.tickMs || now - lastAt >= everyMs - this.tickMs / 4
    })
    if (this.#lastAt.size + due.length > mostRemembered) this.#lastAt.clear()
    for (const key of due) this.#lastAt.set(key, now)
    return due
  }

  /** `isTime`: it is one of its own times; otherwise something happened there, and it is looked at unless it is off. */
  async wants(key: string, isTime: boolean): Promise<boolean> {
    if (isTime) return (await this.due([key])).length > 0
    const policies = await this.#collection?.of([key]).catch(() => undefined)
    return policies?.get(key)?.isOff !== true
  }
}
