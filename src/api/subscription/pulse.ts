/**
 * Those who ask for the same latest values: what is new is found out, executed and written once for all of them. A member that has not taken what it was sent leaves, is told the latest
 * of all when it is ready, and comes back: nothing is kept for it.
 */
import type { ExecutionResult } from 'graphql'
import { SharedAnswer, tellAll, type Line, type Receiver } from './shared-answer.ts'

/** Where what is new comes from; from the moment that it is asked for nothing is missed. */
export interface Pulse {
  changes(signal: AbortSignal): AsyncGenerator<object>
}

export interface PulseOptions {
  pulse: Pulse
  answerBytes: number
  answer(root: object, signal: AbortSignal): Promise<ExecutionResult>
  /** Nobody holds it. */
  emptied(): void
}

export interface PulseMember {
  line: Line
  extensions: object | undefined
}

export class PulseGroup {
  readonly #options: PulseOptions
  readonly #members = new Map<Receiver, () => void>()
  readonly #stop = new AbortController()
  #holders = 0
  #round = 0
  #failure: { error: unknown } | undefined

  constructor(options: PulseOptions) {
    this.#options = options
    void this.#run()
  }

  /** Rises with each message: who saw what was the latest in this round has missed nothing. */
  get round(): number {
    return this.#round
  }

  get size(): number {
    return this.#members.size
  }

  /** It goes on as long as somebody holds it. */
  hold(): () => void {
    this.#holders++
    return () => {
      if (--this.#holders > 0) return
      this.#stop.abort()
      this.#options.emptied()
    }
  }

  /** Resolves when it did not take what it was sent, with what it was not told yet; at once when the round is over; with undefined when `signal` aborts. */
  async join(
    member: PulseMember,
    round: number,
    signal: AbortSignal,
  ): Promise<{ extensions: object | undefined } | undefined> {
    this.#check()
    if (signal.aborted) return undefined
    if (round !== this.#round) return member
    const left = Promise.withResolvers<void>()
    const receiver: Receiver = { ...member }
    signal.addEventListener('abort', left.resolve as () => void, { once: true })
    this.#members.set(receiver, left.resolve)
    try {
      await left.promise
    } finally {
      signal.removeEventListener('abort', left.resolve as () => void)
      this.#members.delete(receiver)
    }
    if (signal.aborted) return undefined
    this.#check()
    return { extensions: receiver.extensions }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #run(): Promise<void> {
    const { pulse, answer, answerBytes } = this.#options
    const { signal } = this.#stop
    try {
      for await (const root of pulse.changes(signal)) {
        this.#round++
        if (this.#members.size === 0) continue
        const answered = new SharedAnswer(await answer(root, signal))
        await tellAll([answered], answerBytes, this.#members.keys(), {
          isThere: (receiver) => this.#members.has(receiver),
          left: (receiver) => this.#members.get(receiver)?.(),
        })
      }
    } catch (error) {
      if (signal.aborted) return
      this.#failure = { error }
      this.#options.emptied()
    } finally {
      for (const leave of this.#members.values()) leave()
    }
  }
}
