/**
 * What a subscription does with the log, so that it can be done once for all who ask the same: what is told before it, what each piece of it says, and what a gap is.
 */
import type { Context } from '../../context.ts'
import type { Cursor, LoggedEvent } from '../../event/event.ts'

/** A message: the root of an answer, and the last event that it tells the whole of. */
export interface Told {
  root: object
  seq: number
}

export interface Tail {
  /** Equal for those to whom the same events say the same. */
  key: string
  after: Cursor
  /** Messages are gathered for so long; 0: none waits. */
  everyMs: number
  /** What comes before the log: the present state. */
  before?: Iterable<object>
  read(context: Context, events: readonly LoggedEvent[], epoch: string): Told[]
  gap(resumeFrom: Cursor, reason: string): object
  /** Moves the cursor of one to whom nothing happens; absent: it is not moved. */
  quiet?(cursor: Cursor): object
  /** What it has read so far changes what it tells: another one that stands where this one does. Such a one tells at most one message of a piece. */
  fork?(): Tail
  /** Whether what it has read so far reaches no further than there. */
  isAt?(seq: number): boolean
}

/** A subscription that follows the log. Iterated by itself it tells everything alone, as it comes. */
export class LogStream implements AsyncIterable<object> {
  readonly tail: Tail
  readonly #context: Context

  constructor(context: Context, tail: Tail) {
    this.#context = context
    this.tail = tail
  }

  /** The same, each root under its field. */
  under(field: string): LogStream {
    return new LogStream(this.#context, tailUnder(field, this.tail))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    yield* this.tail.before ?? []
    for await (const { roots } of followTail(this.#context, this.tail, this.tail.after)) yield* roots
  }
}

function tailUnder(field: string, tail: Tail): Tail {
  const { before, quiet, fork } = tail
  return {
    ...tail,
    ...(before === undefined ? {} : { before: eachUnder(field, before) }),
    read: (context, events, epoch) =>
      tail.read(context, events, epoch).map(({ root, seq }) => ({ seq, root: { [field]: root } })),
    gap: (resumeFrom, reason) => ({ [field]: tail.gap(resumeFrom, reason) }),
    ...(quiet === undefined ? {} : { quiet: (cursor: Cursor) => ({ [field]: quiet(cursor) }) }),
    ...(fork === undefined ? {} : { fork: () => tailUnder(field, fork()) }),
  }
}

function* eachUnder(field: string, roots: Iterable<object>): Generator<object> {
  for (const root of roots) yield { [field]: root }
}

/** Message by message, and after each piece of the log where it stands. */
export async function* followTail(
  context: Context,
  tail: Tail,
  after: Cursor,
): AsyncGenerator<{ roots: object[]; at: Cursor }> {
  for await (const batch of context.events.follow(after, context.signal)) {
    if ('gap' in batch) yield { roots: [tail.gap(batch.resumeFrom, batch.reason)], at: batch.resumeFrom }
    else {
      // Of a piece of the log in which nothing stands there is only its end.
      const told = batch.events.length === 0 ? [] : tail.read(context, batch.events, batch.cursor.epoch)
      yield { roots: told.map(({ root }) => root), at: batch.cursor }
    }
  }
}

type Ids = ReadonlySet<number> | readonly number[] | undefined

/** Of conditions by what refs were resolved to: the same ref may be another resource tomorrow. */
export const keyOfIds = (...all: readonly Ids[]): string =>
  JSON.stringify(all.map((ids) => (ids === undefined ? null : [...ids].sort((a, b) => a - b))))
