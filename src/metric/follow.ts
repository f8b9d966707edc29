/** Follows the ticks in this process: each is applied to the head in the order of their numbers, whoever wrote it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { ResourceId } from '../resource/resource.ts'
import type { Catalogue } from './catalogue.ts'
import type { Head } from './head.ts'
import { firstOpenTick, readCompacted, readTicks, type Compacted } from './store.ts'
import { decodeTick } from './tick.ts'

export type TickListener = (resourceIds: ReadonlySet<ResourceId>) => void

const ticksAtOnce = 200

export class Follow {
  /** The last tick that was applied. */
  applied = 0
  compacted: Compacted = { seq: 0, until: 0 }
  readonly listeners = new Set<TickListener>()
  readonly #db: Knex
  readonly #catalogue: Catalogue
  readonly #head: Head
  #pulling: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #closed = false

  constructor(db: Knex, catalogue: Catalogue, head: Head) {
    this.#db = db
    this.#catalogue = catalogue
    this.#head = head
  }

  async start(): Promise<void> {
    this.compacted = await readCompacted(this.#db)
    this.applied = await firstOpenTick(this.#db)
    await this.pull()
  }

  /** Takes the ticks that are new; one look at a time, and one more for all who ask meanwhile. */
  pull(): Promise<void> {
    this.#next ??= this.#pulling
      .catch(() => undefined)
      .then(() => {
        this.#pulling = this.#next!
        this.#next = undefined
        return this.#pullAll()
      })
    return this.#next
  }

  async #pullAll(): Promise<void> {
    while (!this.#closed) {
      const ticks = await readTicks(this.#db, this.applied, ticksAtOnce)
      for (const { seq, payload } of ticks) {
        await this.#apply(seq, payload)
        await nextTurn()
      }
      if (ticks.length < ticksAtOnce) break
    }
    if (this.#closed) return
    const { seq, until } = await readCompacted(this.#db)
    if (seq > this.compacted.seq || until > this.compacted.until) await this.forget({ seq, until })
  }

  async #apply(seq: number, payload: Uint8Array): Promise<void> {
    const tick = decodeTick(payload)
    await this.#catalogue.learn(tick.ids)
    this.#head.apply(seq, tick)
    this.applied = seq
    if (this.listeners.size === 0) return
    const touched = new Set<ResourceId>()
    for (const id of tick.ids) {
      const key = this.#catalogue.key(id)
      if (key !== undefined) touched.add(key.resourceId)
    }
    for (const listener of this.listeners) listener(touched)
  }

  /** What chunks hold leaves memory. */
  async forget(compacted: Compacted): Promise<void> {
    this.compacted = compacted
    let done = 0
    for (const _ of this.#head.drop(compacted)) if (++done % 1_000 === 0) await nextTurn()
  }

  async close(): Promise<void> {
    this.#closed = true
    await (this.#next ?? this.#pulling).catch(() => undefined)
  }
}
