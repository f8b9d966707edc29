/** Messages gathered for a while, so that what happens at once is told at once. Nothing is dropped: a full message goes out early. */
import { invalidInput } from '../../errors.ts'
import { mostEvents } from './message.ts'
import type { Message } from './message.ts'

/** A subscriber to whom nothing happens still learns how far the log has got, so that its cursor does not grow too old. */
const quietMs = 60_000

const longestEveryMs = 3_600_000

/** Milliseconds to gather for; INVALID_INPUT above an hour. */
export function everyOf(every: number | null | undefined): number {
  if (every != null && every > longestEveryMs) throw invalidInput('every is PT1H at most', 'every')
  return every ?? 0
}

/**
 * At most one message each `everyMs`, unless one is full. Messages without events only move the cursor: they are sent when nothing else
 * was for a minute. What it is given is not asked for more than it takes.
 */
export async function* gather(
  source: AsyncIterable<Message>,
  everyMs: number,
  quiet = quietMs,
): AsyncGenerator<Message> {
  const iterator = source[Symbol.asyncIterator]()
  let pending: Promise<IteratorResult<Message>> | undefined
  let gathered: Message | undefined
  let sentAt = performance.now()
  try {
    for (;;) {
      pending ??= iterator.next()
      const next = gathered === undefined ? await pending : await within(pending, dueAt(gathered))
      if (next === late) {
        yield gathered!
        gathered = undefined
        sentAt = performance.now()
        continue
      }
      pending = undefined
      if (next.done) break
      const full = gathered !== undefined && gathered.events.length + next.value.events.length > mostEvents
      if (full) {
        yield gathered!
        sentAt = performance.now()
        gathered = undefined
      }
      gathered = join(gathered, next.value)
    }
    if (gathered !== undefined) yield gathered
  } finally {
    pending?.catch(() => undefined)
    await iterator.return?.()
  }

  function dueAt({ events }: Message): number {
    return sentAt + (events.length > 0 ? everyMs : Math.max(quiet, everyMs))
  }
}

const late = Symbol('late')

function within<T>(pending: Promise<T>, dueAt: number): Promise<T | typeof late> {
  const left = dueAt - performance.now()
  if (left <= 0) return Promise.race([pending, Promise.resolve(late)]) as Promise<T | typeof late>
  let timer: NodeJS.Timeout | undefined
  const due = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), Math.min(left, 2 ** 31 - 1))
  })
  return Promise.race([pending, due]).finally(() => clearTimeout(timer))
}

const join = (one: Message | undefined, two: Message): Message =>
  one === undefined ? two : { events: [...one.events, ...two.events], cursor: two.cursor }
