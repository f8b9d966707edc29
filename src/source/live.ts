/**
 * Live values of one source: what is young enough is told as it is known, the rest is asked in one call; who asks for what is being asked already waits for that.
 * A source that fails or is late costs its deadline at most, and then the last known values are told with their age.
 */
import { steadyNow } from '../clock.ts'
import type { Guard } from './guard.ts'
import { orAborted } from './guard.ts'
import { SourceError, type Reading, type Source } from './source.ts'

export type TouchStatus = 'OK' | 'STALE' | 'TIMEOUT' | 'ERROR'

/** How a source did in one request. */
export interface Touch {
  /** OK: all that could be told is as young as was asked for. STALE: it failed, older values are told. TIMEOUT, ERROR: it failed, and nothing is known. */
  status: TouchStatus
  /** Age of the oldest value that is told; null when none is. */
  ageSeconds: number | null
  milliseconds: number
  reason?: string
}

export interface LiveAnswer extends Touch {
  readings: Reading[]
}

export interface LiveRequest {
  keys: readonly string[]
  metrics: readonly string[]
  /** Values that are older are asked for anew. */
  maxAgeMs: number
  deadlineMs: number
}

/** One call that is under way for these keys. */
interface Flight {
  keys: ReadonlySet<string>
  metrics: string
  running: Promise<void>
  waiting: number
  abort: AbortController
}

const mostKept = 200_000
const nameOf = (key: string, metric: string): string => `${metric} ${key}`

export class Live {
  readonly #guard: Guard
  readonly #clean: (error: unknown) => SourceError
  readonly #onRead: (readings: readonly Reading[]) => void
  readonly #known = new Map<string, Reading>()
  /** When, by the steady clock, a key was last answered for these metrics: what a source has no value of need not be asked again at once. */
  readonly #answered = new Map<string, number>()
  readonly #flights = new Set<Flight>()

  constructor(
    guard: Guard,
    clean: (error: unknown) => SourceError,
    onRead: (readings: readonly Reading[]) => void,
  ) {
    this.#guard = guard
    this.#clean = clean
    this.#onRead = onRead
  }

  /** Never rejects, and ends by its deadline. */
  async read(source: Source, request: LiveRequest, signal: AbortSignal): Promise<LiveAnswer> {
    const beganMs = performance.now()
    const metrics = [...request.metrics].sort().join(' ')
    const old = steadyNow() - request.maxAgeMs
    const wanted = request.keys.filter((key) => (this.#answered.get(nameOf(key, metrics)) ?? -Infinity) < old)
    const failure = await this.#fetch(source, { ...request, keys: wanted }, metrics, signal)
    return this.#answer(request, failure, Math.round(performance.now() - beganMs))
  }

  /** What went wrong, if anything. */
  async #fetch(
    source: Source,
    request: LiveRequest,
    metrics: string,
    signal: AbortSignal,
  ): Promise<SourceError | undefined> {
    if (request.keys.length === 0) return undefined
    const joined = [...this.#flights].filter(
      (flight) => flight.metrics === metrics && request.keys.some((key) => flight.keys.has(key)),
    )
    const rest = request.keys.filter((key) => !joined.some((flight) => flight.keys.has(key)))
    const flights =
      rest.length === 0 ? joined : [...joined, this.#fly(source, { ...request, keys: rest }, metrics)]
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(request.deadlineMs)])
    const ends = await Promise.all(flights.map((flight) => this.#join(flight, deadline)))
    const [failure] = ends.filter((end) => end !== undefined)
    if (failure?.failure !== 'aborted') return failure
    return new SourceError(
      signal.aborted ? 'aborted' : 'timeout',
      `no answer within ${request.deadlineMs} ms`,
    )
  }

  #fly(source: Source, { keys, metrics, deadlineMs }: LiveRequest, name: string): Flight {
    const abort = new AbortController()
    const running = this.#guard
      .run((signal) => source.read!(keys, metrics, signal), abort.signal, deadlineMs)
      .then((readings) => this.#take(keys, name, readings))
      .finally(() => this.#flights.delete(flight))
    running.catch(() => {})
    const flight: Flight = { keys: new Set(keys), metrics: name, running, waiting: 0, abort }
    this.#flights.add(flight)
    return flight
  }

  /** Gives up by itself; the call is given up when nobody waits for it any more. */
  async #join(flight: Flight, signal: AbortSignal): Promise<SourceError | undefined> {
    flight.waiting += 1
    try {
      await orAborted(flight.running, signal)
      return undefined
    } catch (error) {
      return this.#clean(error)
    } finally {
      flight.waiting -= 1
      if (flight.waiting === 0) flight.abort.abort()
    }
  }

  #take(keys: readonly string[], metrics: string, readings: readonly Reading[]): void {
    const now = steadyNow()
    if (this.#known.size + readings.length > mostKept) this.#known.clear()
    if (this.#answered.size + keys.length > mostKept) this.#answered.clear()
    for (const reading of readings) this.#known.set(nameOf(reading.key, reading.metric), reading)
    for (const key of keys) this.#answered.set(nameOf(key, metrics), now)
    this.#onRead(readings)
  }

  #answer(
    { keys, metrics }: LiveRequest,
    failure: SourceError | undefined,
    milliseconds: number,
  ): LiveAnswer {
    const readings = keys.flatMap((key) =>
      metrics.flatMap((metric) => this.#known.get(nameOf(key, metric)) ?? []),
    )
    const oldest = readings.reduce((least, { at }) => Math.min(least, at), Infinity)
    const ageSeconds = readings.length === 0 ? null : Math.max(0, Date.now() - oldest) / 1_000
    if (failure === undefined) return { status: 'OK', ageSeconds, milliseconds, readings }
    const without = failure.failure === 'timeout' ? 'TIMEOUT' : 'ERROR'
    const status = readings.length > 0 ? 'STALE' : without
    return { status, ageSeconds, milliseconds, readings, reason: `${failure.failure}: ${failure.message}` }
  }
}
