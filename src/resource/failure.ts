/** What goes wrong with a source: told as an event when it begins and when it ends, not each time; and writes that come too late. */
import type { Knex } from 'knex'
import { appendEvents } from '../event/store.ts'
import { PlenumError } from '../errors.ts'
import type { Actor, ResourceId } from './resource.ts'
import { isCurrent, noteFailure } from './source/store.ts'
import type { Transacting } from './transact.ts'
import type { Fence } from './verbs.ts'

const longestFailure = 1_000

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The source says so until it is well again. */
export async function tellFailure(
  { db, wake }: Transacting,
  sourceId: ResourceId,
  failure: string | null,
  by: Actor,
): Promise<void> {
  const told = failure === null ? null : failure.slice(0, longestFailure)
  await db.transaction(async (trx) => {
    const news = await noteFailure(trx, sourceId, told)
    if (news === undefined) return
    if (told === null) await tellRecovery(trx, sourceId, news.before ?? '', by, new Date())
    else await appendEvents(trx, by.name, [{ type: 'SourceFailed', id: sourceId, detail: { failure: told } }])
  })
  wake()
}

export async function tellRecovery(
  trx: Knex.Transaction,
  sourceId: ResourceId,
  before: string,
  by: Actor,
  at: Date,
): Promise<void> {
  await appendEvents(
    trx,
    by.name,
    [{ type: 'SourceRecovered', id: sourceId, detail: { failure: before } }],
    at,
  )
}

/**
 * Fences off a process that slept past its turn. The last thing that a transaction does: the turn's row stays locked until its end, and the holder must be able
 * to renew it meanwhile.
 */
export async function refuseFormer(
  trx: Knex.Transaction,
  source: string,
  fence: Fence | undefined,
): Promise<void> {
  if (fence === undefined || (await isCurrent(trx, fence))) return
  throw new PlenumError(
    'CONFLICT',
    `The turn on source ${source} is another process' by now: what it says is dropped`,
    { reason: 'STATE' },
  )
}
