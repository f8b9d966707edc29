/** Goes round among many independent pieces, such as management controllers: each is asked at its interval, tells all that it holds, or is silent. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Observation } from '../resource/resource.ts'
import { Pace } from './pace.ts'
import { howItWent } from './scrape.ts'
import {
  shardOf,
  SourceError,
  type Notice,
  type Reading,
  type SourceEnvironment,
  type Told,
} from './source.ts'

export interface RoundOptions {
  /** Names of parts. */
  parts: readonly string[]
  everyMs: number
  environment: Pick<SourceEnvironment, 'shards' | 'log' | 'collection'>
  /** The key of what is asked itself, such as the management controller: whether that answers says nothing of the machine. It is known before it has answered. */
  keyOf(part: string): string
  ask(part: string, signal: AbortSignal): Promise<{ things: Observation[]; readings: Reading[] }>
  /** Hears what a part tells by itself: ends where it tells nothing, throws where that breaks off. */
  follow?:
    ((part: string, hear: (notices: Notice[]) => void, signal: AbortSignal) => Promise<void>) | undefined
}

/** How many are asked at the same time; requests have their own bounds beside. */
const atOnce = 32
const jitter = 0.1
/** Until a part is followed again that broke off, and one that tells nothing by itself is asked whether it does. */
const firstRetryMs = 1_000
const longestRetryMs = 300_000
const noEventsMs = 3_600_000
/** Between two askings because of what a part told. */
const mostOftenMs = 2_000

export async function* goRound(options: RoundOptions, signal: AbortSignal): AsyncGenerator<Told> {
  const { environment } = options
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const round = new Round(options, both)
  const wake = () => round.wake()
  const off = environment.shards.onChange(wake)
  both.addEventListener('abort', wake, { once: true })
  const asking = round.run()
  try {
    for (;;) {
      const told = await round.next()
      if (told === undefined) throw new SourceError('aborted', 'the watch was given up')
      yield* told
    }
  } finally {
    off()
    stop.abort()
    await asking
  }
}

class Round {
  readonly #options: RoundOptions
  readonly #signal: AbortSignal
  readonly #dueAt = new Map<string, number>()
  readonly #busy = new Set<string>()
  readonly #queue: Told[][] = []
  readonly #pace: Pace
  /** What is followed; when what told something is to be asked, and when it was because of that. */
  readonly #followed = new Map<string, AbortController>()
  readonly #soon = new Map<string, number>()
  readonly #heardAt = new Map<string, number>()
  /** Whose policy a part goes by: what it told first, a server before what is in it. */
  readonly #leads = new Map<string, string>()
  #wake: () => void = () => {}
  #told: () => void = () => {}

  constructor(options: RoundOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#pace = new Pace(options.environment.collection, options.everyMs)
  }

  wake(): void {
    this.#wake()
    this.#told()
  }

  async next(): Promise<Told[] | undefined> {
    while (this.#queue.length === 0 && !this.#signal.aborted)
      await new Promise<void>((resolve) => (this.#told = resolve))
    return this.#signal.aborted ? undefined : this.#queue.shift()
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const now = performance.now()
      const own = this.#mine()
      this.#followOnly(own)
      const mine = own.filter((part) => !this.#busy.has(part))
      const due = mine.filter((part) => this.#nextOf(part) <= now)
      for (const part of due.slice(0, atOnce - this.#busy.size)) void this.#ask(part)
      const waiting = mine.map((part) => this.#nextOf(part)).filter((at) => at > now)
      const forMs = Math.min(60_000, ...waiting.map((at) => at - now))
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await delay(forMs, undefined, { signal: woken.signal, ref: false }).catch(() => {})
    }
    this.#followOnly([])
    while (this.#busy.size > 0) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** What this process has not at the moment is asked at once when it comes back. */
  #mine(): string[] {
    const { parts, environment } = this.#options
    const { count, mine } = environment.shards
    const shards = new Set(mine())
    return parts.filter((part) => {
      if (shards.has(shardOf(part, count))) return true
      this.#dueAt.delete(part)
      return false
    })
  }

  #nextOf(part: string): number {
    return Math.min(this.#soon.get(part) ?? Infinity, this.#dueAt.get(part) ?? 0)
  }

  async #ask(part: string): Promise<void> {
    const { ask, environment, keyOf } = this.#options
    const waitMs = this.#pace.tickMs * (1 - jitter + 2 * jitter * Math.random())
    this.#busy.add(part)
    let beganMs = performance.now()
    this.#dueAt.set(part, beganMs + waitMs)
    try {
      const isTime = !this.#soon.delete(part)
      if (!isTime) this.#heardAt.set(part, performance.now())
      if (!(await this.#pace.wants(this.#leads.get(part) ?? part, isTime))) return
      beganMs = performance.now()
      const { things, readings } = await ask(part, this.#signal)
      const seconds = (performance.now() - beganMs) / 1_000
      if (things[0] !== undefined) this.#leads.set(part, things[0].key)
      this.#queue.push([
        { part, things },
        { readings: [...readings, ...howItWent(keyOf(part), true, seconds, Date.now())] },
      ])
    } catch (error) {
      if (!this.#signal.aborted) {
        environment.log.debug({ part, reason: (error as Error).message }, 'a part does not answer')
        this.#queue.push([
          { silent: part },
          { readings: howItWent(keyOf(part), false, (performance.now() - beganMs) / 1_000, Date.now()) },
        ])
      }
    } finally {
      this.#busy.delete(part)
      this.wake()
    }
  }

  /** Those of them that are asked already: a part that never answered is not followed either. */
  #followOnly(parts: readonly string[]): void {
    const { follow } = this.#options
    if (follow === undefined) return
    const wanted = new Set(parts.filter((part) => this.#leads.has(part)))
    for (const [part, stop] of this.#followed) {
      if (wanted.has(part)) continue
      stop.abort()
      this.#followed.delete(part)
    }
    for (const part of wanted) {
      if (this.#followed.has(part)) continue
      const stop = new AbortController()
      this.#followed.set(part, stop)
      void this.#hear(part, follow, AbortSignal.any([this.#signal, stop.signal]))
    }
  }

  async #hear(part: string, follow: NonNullable<RoundOptions['follow']>, signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const beganMs = performance.now()
      let waitMs = noEventsMs
      try {
        await follow(part, (notices) => this.#take(part, notices), signal)
      } catch (error) {
        if (signal.aborted) return
        this.#options.environment.log.debug(
          { part, reason: (error as Error).message },
          'what a part tells by itself cannot be followed now',
        )
        if (performance.now() - beganMs > longestRetryMs) tries = 0
        waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(tries, 10))
      }
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #take(part: string, notices: Notice[]): void {
    const key = this.#leads.get(part)
    this.#queue.push(notices.map((one) => (key === undefined ? one : { ...one, key })))
    // One that tells something all the time is not asked all the time.
    const last = this.#heardAt.get(part) ?? -Infinity
    this.#soon.set(part, Math.max(performance.now(), last + mostOftenMs))
    this.wake()
  }
}
