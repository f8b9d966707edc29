/**
 * Those who ask the same of the same: what happens is found out, executed and written once for all of them. A member that has not taken what it was sent leaves with the place
 * where it stands, and nothing is kept for it.
 */
import type { ExecutionResult } from 'graphql'
import type { FeedBatch } from '../../context.ts'
import type { Cursor, LoggedEvent } from '../../event/event.ts'
import { mostEvents } from './message.ts'
import { SharedAnswer, tellAll, type Receiver } from './shared-answer.ts'
import type { Tail, Told } from './tail.ts'

export interface Member extends Receiver {
  at: Cursor
  /** It goes on by itself from there, as `tail` if that is another than it came as. Undefined: it is over. */
  leave(at: Cursor | undefined, tail?: Tail): void
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

const quietMs = 60_000
/** Messages that go out in one write: what is behind catches up with few. */
const mostTogether = 16
const mostTogetherBytes = 32 * 1024

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
      const isHere = member.at.epoch === this.#at.epoch && member.at.seq === this.#at.seq
      if (isHere && (this.tail.isAt?.(this.#at.seq) ?? true)) this.#members.add(member)
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
      const former = this.tail.fork?.()
      const gap = this.tail.gap(batch.resumeFrom, batch.reason)
      await this.#tell(await this.#answer([{ root: gap }]), this.#at, former)
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
      const former = this.tail.fork?.()
      const told = this.#options.read(events, epoch)
      for (let begin = 0; begin < told.length;) {
        const answers = await this.#answer(told.slice(begin, begin + mostTogether))
        await this.#tell(answers, from, former)
        begin += answers.length
        from = { epoch, seq: told[begin - 1]!.seq }
      }
      const isQuiet = told.length === 0 && performance.now() - this.#sentAt >= quietMs
      const end = { epoch, seq: events.at(-1)!.seq }
      if (isQuiet && this.tail.quiet !== undefined)
        await this.#tell(await this.#answer([{ root: this.tail.quiet(end) }]), from, former)
    }
    this.#at = { epoch, seq: events.at(-1)!.seq }
  }

  /** As many of them as are sent in one write. */
  async #answer(told: readonly Pick<Told, 'root'>[]): Promise<SharedAnswer[]> {
    const answers: SharedAnswer[] = []
    let bytes = 0
    for (const { root } of told) {
      const answer = new SharedAnswer(await this.#options.answer(root, this.#stop.signal))
      answers.push(answer)
      bytes += answer.bytes.length
      if (bytes > mostTogetherBytes) break
    }
    return answers
  }

  /** `from`: from where those go on who do not get it, and as what. */
  async #tell(answers: readonly SharedAnswer[], from: Cursor, former: Tail = this.tail): Promise<void> {
    this.#sentAt = performance.now()
    await tellAll(answers, this.#options.answerBytes, this.#members, {
      isThere: (member) => this.#members.has(member),
      left: (member) => {
        this.#members.delete(member)
        member.leave(from, former)
      },
    })
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
