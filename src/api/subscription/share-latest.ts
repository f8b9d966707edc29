/** A subscription to latest values: the latest of all it is told alone, when it is ready; then it is one of a group, until it does not take what the group is told. */
import type { ExecutionResult } from 'graphql'
import type { Joining } from './groups.ts'
import type { ReadingStream } from './reading.ts'
import type { Sharing, Subscribed } from './share.ts'

/** Yields what is told to it alone. */
export async function* shareLatest(
  stream: ReadingStream,
  asked: Subscribed,
  { groups, line, answerBytes }: Sharing,
  answer: Joining['answer'],
): AsyncGenerator<ExecutionResult> {
  const { context } = asked
  const { signal } = context
  const key = groups.keyOf(asked, context.viewer, { key: 'latest', everyMs: stream.everyMs })
  let extensions: object | undefined = { ...context.extensions }
  while (!signal.aborted) {
    const group = groups.pulse(key, { pulse: stream, answerBytes, answer })
    const release = group.hold()
    try {
      const { round } = group
      const latest = await stream.latest()
      if (latest !== undefined) {
        const result = await answer(latest, signal)
        const first = extensions
        extensions = undefined
        yield first === undefined ? result : { ...result, extensions: { ...first, ...result.extensions } }
      }
      const left = await group.join({ line, extensions }, round, signal)
      if (left === undefined) return
      extensions = left.extensions
    } finally {
      release()
    }
  }
}
