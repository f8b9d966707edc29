import type { Exchange } from './exchange.ts'
import type { Target } from './target.ts'

/** Exchanges that wait for their turn: in order within a target, the targets one after the other, so that none starves another. */
export class TargetQueue {
  #ready: Target[] = []
  #head = 0
  readonly #targets = new Set<Target>()

  add(exchange: Exchange): void {
    exchange.target.waiting.push(exchange)
    this.#targets.add(exchange.target)
    this.ready(exchange.target)
  }

  /** The target may have become able to take one more. */
  ready(target: Target): void {
    if (target.queued) return
    target.queued = true
    this.#ready.push(target)
  }

  remove(exchange: Exchange): void {
    const { waiting } = exchange.target
    const at = waiting.indexOf(exchange)
    if (at >= 0) waiting.splice(at, 1)
    if (waiting.length === 0) this.#targets.delete(exchange.target)
  }

  /** The next exchange whose target has room; targets without room come back when one of theirs ends. */
  take(): Exchange | null {
    while (this.#head < this.#ready.length) {
      const target = this.#ready[this.#head++] as Target
      if (this.#head === this.#ready.length) this.#reset()
      else if (this.#head >= 1_024) this.#compact()
      target.queued = false
      if (target.inFlight >= target.maxInFlight) continue
      const exchange = target.waiting.shift()
      if (exchange === undefined) continue
      if (target.waiting.length > 0) this.ready(target)
      else this.#targets.delete(target)
      return exchange
    }
    return null
  }

  all(): Exchange[] {
    return [...this.#targets].flatMap((target) => target.waiting)
  }

  #reset(): void {
    this.#ready = []
    this.#head = 0
  }

  #compact(): void {
    this.#ready = this.#ready.slice(this.#head)
    this.#head = 0
  }
}
