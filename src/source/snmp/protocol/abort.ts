import type { Exchange } from './exchange.ts'

/** One listener a signal, however many exchanges hang on it: adding and removing listeners one by one is linear in their number. */
export class AbortGroups {
  readonly #groups = new WeakMap<AbortSignal, Set<Exchange>>()
  readonly #abort: (exchanges: readonly Exchange[]) => void

  constructor(abort: (exchanges: readonly Exchange[]) => void) {
    this.#abort = abort
  }

  add(signal: AbortSignal, exchange: Exchange): void {
    let group = this.#groups.get(signal)
    if (group === undefined) {
      const members = new Set<Exchange>()
      this.#groups.set(signal, (group = members))
      signal.addEventListener('abort', () => this.#abort([...members]), { once: true })
    }
    group.add(exchange)
  }

  remove(signal: AbortSignal, exchange: Exchange): void {
    this.#groups.get(signal)?.delete(exchange)
  }
}
