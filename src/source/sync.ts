/** A listing that somebody asked for, in whichever process has the source's turn. */
import type { Db } from '../db.ts'
import { invalidInput, PlenumError } from '../errors.ts'
import type { Cursor } from '../event/event.ts'
import type { ResourceId } from '../resource/resource.ts'
import { orAborted } from './guard.ts'
import type { Running } from './running.ts'
import { findAnswer, type SyncAnswer } from './store.ts'

export interface Synced {
  seen: number
  changed: number
  held: string | null
  cursor: Cursor
}

const patienceMs = 50_000

/** INVALID_INPUT when it is not one that is listed. */
export function checkListed(running: ReadonlyMap<ResourceId, Running>, sourceId: ResourceId): void {
  const one = running.get(sourceId)
  if (one === undefined)
    throw invalidInput(
      running.size === 0
        ? 'No source is configured'
        : 'This source is not in the configuration: nothing lists it',
      'input.source',
    )
  if (one.shards > 1 || (one.source !== undefined && one.source.list === undefined))
    throw invalidInput(
      `The source ${one.name} is not listed as a whole: it tells by itself what changes`,
      'input.source',
    )
}

/** SOURCE_UNAVAILABLE when that fails or nobody does it in time. `at`: when it was asked for. */
export async function untilSynced(db: Db, id: ResourceId, at: string, signal: AbortSignal): Promise<Synced> {
  return toSynced(await untilAnswered(db, id, at, signal))
}

async function untilAnswered(db: Db, id: ResourceId, at: string, signal: AbortSignal): Promise<SyncAnswer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  for (let waitMs = 5; ; waitMs = Math.min(50, waitMs * 1.2)) {
    const answer = await findAnswer(db, id, at)
    if (answer !== undefined) return answer
    try {
      await orAborted(new Promise((resolve) => setTimeout(resolve, waitMs)), deadline)
    } catch (cause) {
      const details = { retryAfterSeconds: 30 }
      const message = 'The sync has not ended yet: see the state of the source'
      throw new PlenumError('SOURCE_UNAVAILABLE', message, details, { cause })
    }
  }
}

function toSynced({ failure, cursor, ...rest }: SyncAnswer): Synced {
  if (failure === null && cursor !== null) return { ...rest, cursor }
  throw new PlenumError(
    'SOURCE_UNAVAILABLE',
    `The source could not be listed: ${failure ?? 'it was given up'}`,
  )
}
