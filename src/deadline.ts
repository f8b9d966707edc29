/**
 * What one request may still do. A signal aborts when the event loop comes round; what runs long without a pause asks here, by the clock.
 */
import { limitExceeded } from './errors.ts'

interface Deadline {
  at: number
  tooLate: () => Error
}

const deadlines = new WeakMap<AbortSignal, Deadline>()
const visits = new WeakMap<AbortSignal, number>()

/** Says by when what obeys the signal has to end. */
export function setDeadline(signal: AbortSignal, milliseconds: number, tooLate: () => Error): void {
  deadlines.set(signal, { at: performance.now() + milliseconds, tooLate })
}

/** Throws when the signal is aborted, or its time is over. */
export function checkTime(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  signal.throwIfAborted()
  const deadline = deadlines.get(signal)
  if (deadline !== undefined && performance.now() > deadline.at) throw deadline.tooLate()
}

/** Counts what walks come by: one request has one limit, however many walks it makes. */
export function countVisits(
  signal: AbortSignal | undefined,
  count: number,
  limit: number,
  message: string,
): void {
  const before = signal === undefined ? 0 : (visits.get(signal) ?? 0)
  if (signal !== undefined) visits.set(signal, before + count)
  if (before + count > limit) throw limitExceeded('visited', limit, message)
}
