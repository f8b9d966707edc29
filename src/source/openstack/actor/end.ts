/** Ends what bears a name, and waits for it. */
import { setTimeout as delay } from 'node:timers/promises'
import { SourceError } from '../../source.ts'
import type { Service } from '../service.ts'
import type { MadeKind } from './made.ts'
import { undeployNode } from './node.ts'

export const first = { waitMs: 25, mostMs: 2_000 }
/** So often something may refuse to be ended, since another does not let go of it yet. */
const mostRefusals = 40

/** Until nothing of the name is there. */
export async function end(
  service: Service,
  kind: MadeKind,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  let refusals = 0
  for (let waitMs = first.waitMs; ; waitMs = Math.min(2 * waitMs, first.mostMs)) {
    const left = await kind.list(service, name, signal)
    if (left.length === 0) return
    for (const { id } of left.filter(({ isEnding }) => !isEnding))
      try {
        await remove(service, kind.path, id, signal)
      } catch (error) {
        if (!(error instanceof SourceError) || error.failure !== 'bad') throw error
        // Something else has it still, or it is in between two states.
        if (++refusals >= mostRefusals)
          throw new SourceError('failed', `${name} does not go: ${error.message}`, { cause: error })
      }
    await rest(waitMs, signal)
  }
}

export async function endNode(service: Service, name: string, signal: AbortSignal): Promise<void> {
  for (let waitMs = first.waitMs; !(await undeployNode(service, name, signal));)
    await rest((waitMs = Math.min(2 * waitMs, first.mostMs)), signal)
}

/** Gone already is as good. */
export async function remove(service: Service, path: string, id: string, signal: AbortSignal): Promise<void> {
  await service.send('DELETE', `${path}/${id}`, undefined, signal).catch((error: unknown) => {
    if ((error as SourceError).failure !== 'missing') throw error
  })
}

export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new SourceError('aborted', 'given up', { cause })
  })
}
