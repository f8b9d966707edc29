/**
 * Follows the log in this process. One reader takes new events from the table, in order, and hands them to the graph; everyone else
 * (subscribers, waiters) goes by what the graph has applied. The latest events stay in a ring, so that live followers cost no SQL; a follower that
 * is slow or comes from the past reads the table: nothing is buffered for it and nothing is lost.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { EventFeed, FeedBatch } from '../context.ts'
import { shared } from '../cancel.ts'
import { limitExceeded } from '../errors.ts'
import { formatCursor, type Cursor, type LoggedEvent } from './event.ts'
import { countEvents, readEvents, readHead } from './store.ts'

/** Read, parsed and applied in one turn of the event loop: a few milliseconds. */
const batchSize = 500
const ringSize = 20_000

export interface FeedOptions {
  db: Knex
  /** The graph's apply. When it throws, the feed stops and tells `onRefused`; it never skips. */
  onRefused(error: unknown): void
  /** The log is another one now: a backup was restored under us. */
  onNewEpoch(): void
  onError(error: unknown): void
}

/** Whoever keeps something in step with the graph. */
export interface Follower {
  /** Called with what the graph has just applied, before anybody else learns of it. */
  applied(events: readonly LoggedEvent[]): void
  /** The graph was loaded afresh: what lies between was not told. */
  restarted(): void
}

export class Feed implements EventFeed {
  #options: FeedOptions
  #epoch = ''
  #applied = 0
  #apply: ((events: readonly LoggedEvent[]) => void) | undefined
  #ring: LoggedEvent[] = []
  #waiting = new Set<() => void>()
  readonly #followers = new Set<Follower>()
  #pulling: Promise<void> | undefined
  #again = false
  #closed = false
  /** The head of the log as it was seen last, and when it was seen that nothing is missing here. */
  #head = 0
  #headAtMs = 0
  #currentAtMs = performance.now()

  constructor(options: FeedOptions) {
    this.#options = options
  }

  cursor(): Cursor {
    return { epoch: this.#epoch, seq: this.#applied }
  }

  /** How far this process is behind: events that are known to be there, and since when it has not been known that none is missing. */
  lag(): { head: number; applied: number; seconds: number } {
    const head = Math.max(this.#head, this.#applied)
    return { head, applied: this.#applied, seconds: (performance.now() - this.#currentAtMs) / 1_000 }
  }

  /** Goes on from where the graph was loaded. */
  run(from: Cursor, apply: (events: readonly LoggedEvent[]) => void): void {
    if (from.epoch !== this.#epoch || from.seq !== this.#applied) this.#ring = []
    this.#head = from.seq
    this.#currentAtMs = performance.now()
    for (const follower of this.#followers) follower.restarted()
    this.#epoch = from.epoch
    this.#applied = from.seq
    this.#apply = apply
    this.#release()
    this.wake()
  }

  /** Gives the way to leave. */
  join(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /** Looks for new events now. Wakes while a look is under way make it look once more. */
  wake(): void {
    this.#again = true
    if (this.#pulling || this.#closed || !this.#apply) return
    // Whoever wakes it is not the only one who waits.
    this.#pulling = shared(() => this.#pull()).finally(() => {
      this.#pulling = undefined
      if (this.#again) this.wake()
    })
  }

  async #pull(): Promise<void> {
    try {
      while (this.#again && this.#apply && !this.#closed) {
        this.#again = false
        const askedMs = performance.now()
        const events = await readEvents(this.#options.db, { after: this.#applied, first: batchSize })
        if (events.length === 0) await this.#checkHead()
        else this.#take(events)
        if (this.#apply !== undefined && events.length < batchSize) this.#currentAtMs = askedMs
        if (events.length < batchSize) continue
        await this.#noteHead(askedMs)
        this.#again = true
        await nextTurn()
      }
    } catch (error) {
      this.#again = false
      if (!this.#closed) this.#options.onError(error)
    }
  }

  /** There is more: how much more is asked once a second. */
  async #noteHead(nowMs: number): Promise<void> {
    if (nowMs - this.#headAtMs < 1_000) return
    this.#headAtMs = nowMs
    this.#head = (await readHead(this.#options.db)).seq
  }

  /** Nothing after where we stand: still the same log, and not behind events that were pruned? */
  async #checkHead(): Promise<void> {
    const head = await readHead(this.#options.db)
    if (head.epoch === this.#epoch && head.seq >= this.#applied && head.keptFrom <= head.seq + 1) {
      if (head.seq > this.#applied && head.keptFrom > this.#applied + 1)
        return this.#stop(() => this.#options.onNewEpoch())
      return
    }
    this.#stop(() => this.#options.onNewEpoch())
  }

  #take(events: readonly LoggedEvent[]): void {
    if (this.#apply === undefined) return
    try {
      checkDense(this.#applied, events)
      this.#apply(events)
    } catch (error) {
      return this.#stop(() => this.#options.onRefused(error))
    }
    for (const follower of this.#followers) follower.applied(events)
    this.#applied = events.at(-1)!.seq
    this.#ring.push(...events)
    if (this.#ring.length > ringSize * 2) this.#ring = this.#ring.slice(-ringSize)
    this.#release()
  }

  #stop(tell: () => void): void {
    this.#apply = undefined
    tell()
  }

  #release(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }

  /** Resolves when something was applied, or at the signal. */
  #progress(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = () => {
      signal.removeEventListener('abort', done)
      this.#waiting.delete(done)
      resolve()
    }
    if (signal.aborted || this.#closed) resolve()
    else {
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    }
    return promise
  }

  async applied(seq: number, signal: AbortSignal, timeoutMs = 5_000): Promise<void> {
    if (this.#applied >= seq) return
    const bound = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    this.wake()
    while (this.#applied < seq) {
      await this.#progress(bound)
      signal.throwIfAborted()
      if (bound.aborted || this.#closed) {
        throw limitExceeded(
          'readAfterMilliseconds',
          timeoutMs,
          `This process has applied event ${this.#applied}, not yet ${seq}: ask again`,
        )
      }
    }
  }

  async *follow(after: Cursor, signal: AbortSignal): AsyncIterable<FeedBatch> {
    let seq = after.seq
    const isHere = (epoch: string) => this.#epoch.startsWith(epoch) || epoch.startsWith(this.#epoch)
    let epoch = after.epoch
    while (!signal.aborted && !this.#closed) {
      if (!isHere(epoch) || seq > this.#applied) {
        yield this.#gap(
          !isHere(epoch)
            ? 'the cursor is of another log: a backup was restored'
            : 'the cursor is ahead of the log',
        )
        ;[epoch, seq] = [this.#epoch, this.#applied]
        continue
      }
      if (seq === this.#applied) {
        epoch = this.#epoch
        await this.#progress(signal)
        continue
      }
      const events = await this.#after(seq)
      if (events === undefined) {
        yield this.#gap(`events after ${formatCursor({ epoch: this.#epoch, seq })} are no longer kept`)
        seq = this.#applied
      } else {
        seq = events.at(-1)!.seq
        yield { events, cursor: { epoch: this.#epoch, seq } }
      }
    }
  }

  #gap(reason: string): FeedBatch {
    return { gap: true, resumeFrom: this.cursor(), reason }
  }

  /** The next events after `seq` that the graph has applied; undefined when they are no longer kept. */
  async #after(seq: number): Promise<LoggedEvent[] | undefined> {
    const first = this.#ring[0]
    if (first !== undefined && first.seq <= seq + 1) {
      const start = seq + 1 - first.seq
      return this.#ring.slice(start, start + batchSize)
    }
    const limit = Math.min(batchSize, this.#applied - seq)
    const events = await readEvents(this.#options.db, { after: seq, first: limit })
    return events[0]?.seq === seq + 1 ? events : undefined
  }

  read(request: Parameters<EventFeed['read']>[0]): Promise<LoggedEvent[]> {
    return readEvents(this.#options.db, request)
  }

  count(request: Parameters<EventFeed['count']>[0]): Promise<number> {
    return countEvents(this.#options.db, request)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#release()
    await this.#pulling
  }
}

/** Events are dense by construction: a hole means that something wrote past the log head. */
function checkDense(applied: number, events: readonly LoggedEvent[]): void {
  let expected = applied + 1
  for (const event of events) {
    if (event.seq !== expected) throw new Error(`the log has event ${event.seq} where ${expected} belongs`)
    expected++
  }
}
