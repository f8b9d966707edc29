/** Goes round among many independent pieces, such as management controllers: each is asked at its interval, tells all that it holds, or is silent. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Observation } from '../resource/resource.ts'
import { shardOf, SourceError, type Reading, type SourceEnvironment, type Told } from './source.ts'

export interface RoundOptions {
  /** Names of parts. */
  parts: readonly string[]
  everyMs: number
  environment: Pick<SourceEnvironment, 'shards' | 'log'>
  ask(part: string, signal: AbortSignal): Promise<{ things: Observation[]; readings: Reading[] }>
}

/** How many are asked at the same time; requests have their own bounds beside. */
const atOnce = 32
const jitter = 0.1

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
  #wake: () => void = () => {}
  #told: () => void = () => {}

  constructor(options: RoundOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
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
      const mine = this.#mine().filter((part) => !this.#busy.has(part))
      const due = mine.filter((part) => (this.#dueAt.get(part) ?? 0) <= now)
      for (const part of due.slice(0, atOnce - this.#busy.size)) void this.#ask(part)
      const waiting = mine.map((part) => this.#dueAt.get(part) ?? 0).filter((at) => at > now)
      const forMs = Math.min(60_000, ...waiting.map((at) => at - now))
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await delay(forMs, undefined, { signal: woken.signal, ref: false }).catch(() => {})
    }
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

  async #ask(part: string): Promise<void> {
    const { everyMs, ask, environment } = this.#options
    this.#busy.add(part)
    this.#dueAt.set(part, performance.now() + everyMs * (1 - jitter + 2 * jitter * Math.random()))
    try {
      const { things, readings } = await ask(part, this.#signal)
      this.#queue.push([{ part, things }, ...(readings.length > 0 ? [{ readings }] : [])])
    } catch (error) {
      if (!this.#signal.aborted) {
        environment.log.debug({ part, reason: (error as Error).message }, 'a part does not answer')
        this.#queue.push([{ silent: part }])
      }
    } finally {
      this.#busy.delete(part)
      this.wake()
    }
  }
}
