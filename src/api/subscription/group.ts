/**
 * Those who ask the same of the same: what happens is found out, executed and written once for all of them. A member that has not taken what it was sent leaves with the place
 * where it stands, and nothing is kept for it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExecutionResult } from 'graphql'
import type { FeedBatch } from '../../context.ts'
import type { Cursor, LoggedEvent } from '../../event/event.ts'
import { bytesOfAnswer } from '../answer.ts'
import { mostEvents } from './message.ts'
import type { Tail, Told } from './tail.ts'

/** An answer on its way to many. */
export class SharedAnswer {
  /** JSON in UTF-8. */
  readonly bytes: Buffer
  readonly #forms = new Map<string, Buffer>()

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** What a way of sending makes of it, made once. */
  as(form: string, make: (bytes: Buffer) => Buffer): Buffer {
    let made = this.#forms.get(form)
    if (made === undefined) this.#forms.set(form, (made = make(this.bytes)))
    return made
  }
}

/** The way to one subscriber, past everything that is only its own. */
export interface Line {
  /** False: it still has something to take. Then nothing was sent. */
  send(answer: SharedAnswer): boolean
}

export interface Member {
  line: Line
  at: Cursor
  /** Told with the first answer only. */
  extensions: object | undefined
  /** It goes on by itself from there. Undefined: it is over. */
  leave(at: Cursor | undefined): void
}

export interface GroupOptions {
  tail: Tail
  at: Cursor
  /** The largest answer in bytes; what is larger is told to each by itself, as an error. */
  answerBytes: number
  read(events: readonly LoggedEvent[], epoch: string): Told[]
  answer(root: object, signal: AbortSignal): Promise<ExecutionResult>
  follow(after: Cursor, signal: AbortSignal): AsyncIterable<FeedBatch>
  /** What this process has applied. */
  applied(): Cursor
  /** Nobody is left in it. */
  emptied(): void
  failed(error: unknown): void
}

/** Sent in one turn of the event loop. */
const atOnce = 200
const quietMs = 60_000

export class Group {
  readonly tail: Tail
  readonly #options: GroupOptions
  readonly #members = new Set<Member>()
  /** They are further than the group is. */
  readonly #waiting = new Set<Member>()
  readonly #stop = new AbortController()
  #at: Cursor
  #sentAt = performance.now()
  #isTelling = false

  constructor(options: GroupOptions) {
    this.#options = options
    this.tail = options.tail
    this.#at = options.at
    void this.#run()
  }

  get at(): Cursor {
    return this.#at
  }

  get size(): number {
    return this.#members.size + this.#waiting.size
  }

  join(member: Member): void {
    this.#waiting.add(member)
    if (!this.#isTelling) this.#admit()
  }

  remove(member: Member): void {
    this.#members.delete(member)
    this.#waiting.delete(member)
    if (this.size > 0) return
    this.#stop.abort()
    this.#options.emptied()
  }

  #admit(): void {
    for (const member of this.#waiting) {
      if (member.at.epoch === this.#at.epoch && member.at.seq > this.#at.seq) continue
      this.#waiting.delete(member)
      if (member.at.epoch === this.#at.epoch && member.at.seq === this.#at.seq) this.#members.add(member)
      else member.leave(member.at)
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const batches = this.#options.follow(this.#at, signal)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await batches.next()
        if (next.done) break
        const gathered = this.tail.everyMs > 0 ? await this.#gather(next.value, batches) : [next.value]
        for (const batch of gathered) await this.#take(batch)
        if (signal.aborted) break
      }
    } catch (error) {
      if (!signal.aborted) this.#options.failed(error)
    } finally {
      for (const member of [...this.#members, ...this.#waiting]) member.leave(undefined)
    }
  }

  /** Waits until the next message is due, and takes all that is there by then. */
  async #gather(first: FeedBatch, batches: AsyncIterator<FeedBatch>): Promise<FeedBatch[]> {
    await pause(this.#sentAt + this.tail.everyMs - performance.now(), this.#stop.signal)
    if ('gap' in first) return [first]
    let { events, cursor } = first
    while (events.length < mostEvents && cursor.seq < this.#options.applied().seq) {
      const next = await batches.next()
      if (next.done) break
      if ('gap' in next.value) return [{ events, cursor }, next.value]
      events = [...events, ...next.value.events]
      cursor = next.value.cursor
    }
    return [{ events, cursor }]
  }

  async #take(batch: FeedBatch): Promise<void> {
    this.#isTelling = true
    if ('gap' in batch) {
      await this.#tell(this.tail.gap(batch.resumeFrom, batch.reason), this.#at)
      this.#at = batch.resumeFrom
      this.#admit()
    } else {
      let { events } = batch
      while (events.length > 0) {
        const until = Math.min(...[...this.#waiting].map(({ at }) => at.seq))
        const length = events.findIndex(({ seq }) => seq >= until) + 1 || events.length
        await this.#read(events.slice(0, length), batch.cursor.epoch)
        events = events.slice(length)
        this.#admit()
      }
    }
    this.#isTelling = false
    this.#admit()
  }

  async #read(events: readonly LoggedEvent[], epoch: string): Promise<void> {
    if (this.#members.size > 0) {
      let from = this.#at
      const told = this.#options.read(events, epoch)
      for (const { root, seq } of told) {
        await this.#tell(root, from)
        from = { epoch, seq }
      }
      const isQuiet = told.length === 0 && performance.now() - this.#sentAt >= quietMs
      const end = { epoch, seq: events.at(-1)!.seq }
      if (isQuiet && this.tail.quiet !== undefined) await this.#tell(this.tail.quiet(end), from)
    }
    this.#at = { epoch, seq: events.at(-1)!.seq }
  }

  /** `from`: from where those go on who do not get it. */
  async #tell(root: object, from: Cursor): Promise<void> {
    const result = await this.#options.answer(root, this.#stop.signal)
    this.#sentAt = performance.now()
    const answer = new SharedAnswer(bytesOfAnswer(result))
    const isTooLarge = answer.bytes.length > this.#options.answerBytes
    let first: SharedAnswer | undefined
    let count = 0
    for (const member of this.#members) {
      if (++count % atOnce === 0) await nextTurn()
      if (!this.#members.has(member)) continue
      if (member.extensions !== undefined)
        first ??= new SharedAnswer(bytesOfAnswer({ ...result, extensions: member.extensions }))
      const isSent = !isTooLarge && member.line.send(member.extensions === undefined ? answer : first!)
      if (isSent) member.extensions = undefined
      else {
        this.#members.delete(member)
        member.leave(from)
      }
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1))
    signal.addEventListener('abort', done)
  })
}
