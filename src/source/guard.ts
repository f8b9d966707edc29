/**
 * Stands before a source: how much is asked of it at once and a second, and whether it is asked at all. After some failures in a row nothing goes out for a while
 * (open); then one request tries (half open), and what comes of it decides. So a source that is ill is left alone, and costs its callers no time.
 */
import { Gate } from './gate.ts'
import { SourceError, type SourceFailure } from './source.ts'

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

export interface GuardOptions {
  /** Requests under way at the same time. */
  atOnce: number
  /** Requests a second. */
  perSecond: number
  /** Failures in a row after which nothing goes out. */
  failures?: number
  /** How long, at first; doubles with each try that fails, up to 16 times. */
  openMs?: number
  onChange?(state: BreakerState): void
  /** A steady clock, milliseconds. */
  now?(): number
}

/** Failures that say nothing about whether the source is well. */
const harmless: ReadonlySet<SourceFailure> = new Set(['missing', 'aborted'])

export class Guard {
  readonly #failuresToOpen: number
  readonly #openMs: number
  readonly #onChange: (state: BreakerState) => void
  readonly #now: () => number
  readonly #requests: Gate
  readonly #runs: Gate
  #state: BreakerState = 'CLOSED'
  #failed = 0
  #tries = 0
  #openUntilMs = 0

  constructor(options: GuardOptions) {
    this.#failuresToOpen = options.failures ?? 3
    this.#openMs = options.openMs ?? 5_000
    this.#onChange = options.onChange ?? (() => {})
    this.#now = options.now ?? (() => performance.now())
    this.#requests = new Gate(options.atOnce, options.perSecond, this.#now)
    this.#runs = new Gate(options.atOnce, Infinity, this.#now)
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Waits until one more request may go out; call what it gives when its answer is there. */
  admit(signal: AbortSignal): Promise<() => void> {
    return this.#requests.enter(signal)
  }

  /** Runs `work` if the source is to be asked now, within `deadlineMs`. SourceError `unreachable` at once when it is not. */
  async run<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<T> {
    const isTry = this.#enter()
    const deadline = AbortSignal.timeout(deadlineMs)
    const both = AbortSignal.any([signal, deadline])
    try {
      const leave = await this.#runs.enter(both)
      try {
        const result = await orAborted(work(both), both)
        this.succeeded()
        return result
      } finally {
        leave()
      }
    } catch (error) {
      throw this.#told(error, signal, deadline, deadlineMs, isTry)
    }
  }

  succeeded(): void {
    this.#failed = 0
    this.#tries = 0
    this.#turn('CLOSED')
  }

  failed(error: SourceError): void {
    if (harmless.has(error.failure)) return
    this.#failed += 1
    if (error.failure === 'busy' && error.retryAfterMs !== undefined) return this.#open(error.retryAfterMs)
    if (this.#state === 'HALF_OPEN' || this.#failed >= this.#failuresToOpen)
      this.#open(this.#openMs * 2 ** Math.min(this.#tries++, 4))
  }

  #open(forMs: number): void {
    this.#openUntilMs = this.#now() + forMs
    this.#turn('OPEN')
  }

  /** Whether this run is the one that tries. */
  #enter(): boolean {
    if (this.#state === 'CLOSED') return false
    const leftMs = Math.max(0, this.#openUntilMs - this.#now())
    if (this.#state === 'HALF_OPEN' || leftMs > 0)
      throw new SourceError('unreachable', 'it failed too often: it is not asked for a while', {
        retryAfterMs: leftMs,
      })
    this.#turn('HALF_OPEN')
    return true
  }

  /** The failure, counted. A try that its caller gave up has decided nothing: the next may try. */
  #told(
    error: unknown,
    signal: AbortSignal,
    deadline: AbortSignal,
    deadlineMs: number,
    isTry: boolean,
  ): SourceError {
    const told = toSourceError(error, signal, deadline, deadlineMs)
    this.failed(told)
    if (isTry && this.#state === 'HALF_OPEN') {
      if (told.failure === 'missing') this.succeeded()
      else this.#turn('OPEN')
    }
    return told
  }

  #turn(state: BreakerState): void {
    if (this.#state === state) return
    this.#state = state
    this.#onChange(state)
  }
}

function toSourceError(
  error: unknown,
  signal: AbortSignal,
  deadline: AbortSignal,
  deadlineMs: number,
): SourceError {
  if (signal.aborted) return new SourceError('aborted', 'the caller gave up', { cause: error })
  if (deadline.aborted)
    return new SourceError('timeout', `no answer within ${deadlineMs} ms`, { cause: error })
  if (error instanceof SourceError) return error
  return new SourceError('failed', error instanceof Error ? error.message : String(error), { cause: error })
}

/** The promise, or the abort, whichever is first: a driver that does not obey costs its caller no time. */
export function orAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  running.catch(() => {})
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new SourceError('aborted', 'given up', { cause: signal.reason }))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** As `orAborted`, for many promises one after the other: the signal is listened to once. Call `end` when none comes any more. */
export function abortable(signal: AbortSignal): { run<T>(running: Promise<T>): Promise<T>; end(): void } {
  let giveUp: ((reason: SourceError) => void) | undefined
  const onAbort = () => giveUp?.(new SourceError('aborted', 'given up', { cause: signal.reason }))
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    run: (running) =>
      new Promise((resolve, reject) => {
        giveUp = reject
        running.then(resolve, reject)
        if (signal.aborted) onAbort()
      }),
    end: () => signal.removeEventListener('abort', onAbort),
  }
}

/** The same with a time; what it was about is for the caller to say. */
export function inTime<T>(running: Promise<T>, signal: AbortSignal, ms: number): Promise<T> {
  const deadline = AbortSignal.timeout(ms)
  return orAborted(running, AbortSignal.any([signal, deadline])).catch((error: unknown) => {
    if (deadline.aborted && !signal.aborted)
      throw new SourceError('timeout', `nothing within ${ms / 1_000} s`)
    throw error
  })
}

/** What it tells until the signal aborts, whether it obeys that or not. */
export async function* obeying<T>(things: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const telling = things[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await orAborted(telling.next(), signal)
      if (step.done === true) return
      yield step.value
    }
  } finally {
    void telling.return?.(undefined).catch(() => {})
  }
}
