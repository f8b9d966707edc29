/** What is told, in order, to who asks for it: who tells waits while too much waits to be taken. */
import type { Told } from '../source.ts'

const most = 1_000

export class Outbox {
  readonly #told: Told[] = []
  readonly #room = new Set<() => void>()
  #wake: (() => void) | undefined
  #failure: Error | undefined

  /** Resolves when there is room for more. */
  async put(told: Told, signal: AbortSignal): Promise<void> {
    this.#told.push(told)
    this.#wake?.()
    while (this.#told.length > most && !signal.aborted)
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#room.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#room.add(done)
        signal.addEventListener('abort', done)
      })
  }

  /** Ends the taking with an error. */
  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  async *take(signal: AbortSignal): AsyncGenerator<Told> {
    const end = () => this.#wake?.()
    signal.addEventListener('abort', end)
    try {
      while (!signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure
        const told = this.#told.shift()
        if (told !== undefined) {
          for (const resume of this.#room) resume()
          yield told
          continue
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        if (!signal.aborted && this.#failure === undefined) await promise
        this.#wake = undefined
      }
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
}
