/**
 * A subscription that follows the log: what was before and what was missed it is told alone, as fast as it takes it; then it is one of a group. When it does not take what the
 * group is told it goes on alone, from the log, until it has caught up.
 */
import type { ExecutionResult } from 'graphql'
import type { Context } from '../../context.ts'
import type { Cursor } from '../../event/event.ts'
import type { Groups, Joining } from './groups.ts'
import type { Line } from './shared-answer.ts'
import { catchUp } from './message.ts'
import { followTail, type LogStream, type Tail } from './tail.ts'

export interface Sharing {
  groups: Groups
  line: Line
  answerBytes: number
}

export type Subscribed = Pick<Joining, 'document' | 'operationName' | 'variables' | 'context'>

/** Yields what is told to it alone. `answer` executes a message; `extensions` go with the first one. */
export async function* share(
  stream: LogStream,
  asked: Subscribed,
  { groups, line, answerBytes }: Sharing,
  answer: Joining['answer'],
): AsyncGenerator<ExecutionResult> {
  const { context } = asked
  let { tail } = stream
  let extensions: object | undefined = { ...context.extensions }
  for (const root of tail.before ?? []) yield await alone(root)
  await catchUp(context, tail.after)
  const key = groups.keyOf(asked, context.viewer, tail)
  let at = fullCursor(context, tail.after)
  while (!context.signal.aborted) {
    if ((tail.isAt?.(at.seq) ?? true) && groups.mayJoin(key, at, context.events.cursor())) {
      const left = await groups.join(key, { ...asked, tail, line, at, extensions, answerBytes, answer })
      if (left === undefined) return
      ;({ at, tail, extensions } = left)
    }
    at = yield* piece(tail, at)
  }

  /** The next piece of the log; gives where it ends. */
  async function* piece(one: Tail, from: Cursor): AsyncGenerator<ExecutionResult, Cursor> {
    for await (const { roots, at: end } of followTail(context, one, from)) {
      for (const root of roots) yield await alone(root)
      return end
    }
    return from
  }

  async function alone(root: object): Promise<ExecutionResult> {
    const result = await answer(root, context.signal)
    const first = extensions
    extensions = undefined
    return first === undefined ? result : { ...result, extensions: { ...first, ...result.extensions } }
  }
}

/** Clients may have cut the epoch short. */
function fullCursor({ events }: Context, cursor: Cursor): Cursor {
  const { epoch } = events.cursor()
  return epoch.startsWith(cursor.epoch) && cursor.epoch !== '' ? { epoch, seq: cursor.seq } : cursor
}
