/** What actors made, as the backends have it now, of every source that may be changed. */
import type { ResourceId } from '../resource/resource.ts'
import type { Touch } from './live.ts'
import type { Running } from './running.ts'
import { SourceError, type MadeThing } from './source.ts'

export interface MadeAnswer {
  sourceId: ResourceId
  name: string
  /** Undefined: it is not known. */
  things: readonly MadeThing[] | undefined
  touch: Touch
}

const deadlineMs = 30_000

export const readMade = (
  running: ReadonlyMap<ResourceId, Running>,
  only: ReadonlySet<ResourceId> | undefined,
  signal: AbortSignal,
): Promise<MadeAnswer[]> =>
  Promise.all(
    [...running.values()]
      .filter(({ sourceId, config, source }) => {
        const isAsked = only?.has(sourceId) ?? true
        // One that is not open yet may have one.
        return isAsked && config.control && (source === undefined || source.actor !== undefined)
      })
      .map((one) => ask(one, signal)),
  )

async function ask(
  { sourceId, name, source, guard, redactor }: Running,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const began = performance.now()
  const answer = (status: Touch['status'], rest: Partial<MadeAnswer & { reason: string }>): MadeAnswer => {
    const { things, reason } = rest
    const milliseconds = Math.round(performance.now() - began)
    const ageSeconds = things === undefined ? null : 0
    const touch = { status, ageSeconds, milliseconds, ...(reason === undefined ? {} : { reason }) }
    return { sourceId, name, things, touch }
  }
  try {
    const actor = source?.actor
    if (actor === undefined) throw new SourceError('unreachable', 'it is not open yet')
    return answer('OK', { things: await guard.run((both) => actor.made(both), signal, deadlineMs) })
  } catch (error) {
    const { failure, message } = redactor.cleanError(error)
    return answer(failure === 'timeout' ? 'TIMEOUT' : 'ERROR', { reason: `${failure}: ${message}` })
  }
}
