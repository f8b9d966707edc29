/** When a source is listed: at an interval, sooner when somebody asks or its watch was away, later when it fails. */
import type { SourceError } from './source.ts'

/** Processes and sources that start together do not ask together. */
const jitter = 0.1
const firstRetryMs = 5_000

export class Timetable {
  readonly #intervalMs: number
  readonly #random: () => number
  #failures = 0
  /** Milliseconds by the steady clock, as all times here. */
  dueAt: number

  constructor(intervalMs: number, lastAt: number | null, now: number, random: () => number = Math.random) {
    this.#intervalMs = intervalMs
    this.#random = random
    this.dueAt = lastAt === null ? now : Math.max(now, lastAt + this.#spread(intervalMs))
  }

  /** A listing that began at this time succeeded. */
  succeeded(beganAt: number, now: number): void {
    this.#failures = 0
    this.dueAt = Math.max(now, beganAt + this.#spread(this.#intervalMs))
  }

  failed(error: SourceError, now: number): void {
    const backoffMs = Math.min(this.#intervalMs, firstRetryMs * 2 ** Math.min(this.#failures++, 10))
    this.dueAt = now + Math.max(error.retryAfterMs ?? 0, this.#spread(backoffMs))
  }

  /** Within a moment: what was pushed meanwhile may be lost. */
  soon(now: number): void {
    this.dueAt = Math.min(this.dueAt, now)
  }

  #spread(ms: number): number {
    return ms * (1 - jitter + 2 * jitter * this.#random())
  }
}
