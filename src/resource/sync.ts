/**
 * Makes the observations of one source equal to what it lists now. The whole listing is read before anything is touched, so one that fails changes nothing.
 * An authoritative source ends its claim on what it leaves out of two complete listings; another one's claims only go stale, except hearsay, which expires.
 */
import type { Knex } from 'knex'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { appendEvents } from '../event/store.ts'
import { notFound, PlenumError } from '../errors.ts'
import { checkObservation, Problems } from './check.ts'
import { vanishingCount, vanishingShare } from './inventory.ts'
import {
  findSource,
  membersByKey,
  membersOfSource,
  noteMissed,
  noteSeen,
  type SourceRow,
  type StoredMember,
} from './observation/store.ts'
import { toMember } from './origin.ts'
import type { Member } from './reconcile/member.ts'
import type { Actor, Gone, Observation, ResourceId } from './resource.ts'
import { isCurrentEpoch, noteFailure, noteSync } from './source/store.ts'
import { transact, type Transacting } from './transact.ts'
import type { SyncRequest, SyncResult, WriteResult } from './verbs.ts'
import { each } from './write/breathe.ts'
import { hashOf } from './write/hash.ts'
import { canonical } from './write/relink.ts'
import { write } from './write/pipeline.ts'

const listingsUntilGone = 2

export async function sync(transacting: Transacting, request: SyncRequest, by: Actor): Promise<SyncResult> {
  const began = new Date()
  const listed = await readListing(request).catch(async (error: unknown) => {
    if (!request.signal.aborted) await tellFailure(transacting, request.sourceId, error, by)
    throw error
  })
  return transact(transacting, by, false, async (trx, at) => {
    const source = await sourceOf(trx, request.sourceId)
    await refuseFormer(trx, source, request.epoch)
    const known = await membersOfSource(trx, source.id)
    const missing = known.filter((member) => !listed.has(member.key))
    const held = request.acceptVanished ? null : heldBecause(missing, known.length, source)
    const ending = held === null ? missing.filter((member) => isOver(member, source, request)) : []
    if (held === null) await noteAbsent(trx, source, missing, ending, at)
    else await tellHeld(trx, source, held, { missing: missing.length, known: known.length }, by, at)
    const changed = await changedOf(listed, known, source, at)
    await noteBack(trx, source, known, listed, changed)
    const writing = { changed, removed: ending, unchanged: listed.size - changed.length }
    const result = await write(trx, { ...writing, strict: false, intent: source.role === 'intent' }, by, at)
    await noteSync(trx, source.id, {
      at: began,
      tookSeconds: (Date.now() - began.getTime()) / 1_000,
      seen: listed.size,
      changed: changed.length + ending.length,
      held,
    })
    return { ...result, seen: listed.size, held }
  })
}

/** Fences off a process that slept past its turn. */
async function refuseFormer(
  trx: Knex.Transaction,
  source: SourceRow,
  epoch: number | undefined,
): Promise<void> {
  if (epoch === undefined || (await isCurrentEpoch(trx, source.id, epoch))) return
  throw new PlenumError(
    'CONFLICT',
    `The turn on source ${source.name} is another process' by now: its listing is dropped`,
    { reason: 'STATE' },
  )
}

/** Whether a claim ends with this listing: at once when people accept it, else when it was missed often enough. */
function isOver(member: StoredMember, source: SourceRow, { acceptVanished }: SyncRequest): boolean {
  if (source.authoritative && acceptVanished) return true
  return (source.authoritative || member.hearsay === true) && member.missedListings + 1 >= listingsUntilGone
}

async function noteAbsent(
  trx: Knex.Transaction,
  source: SourceRow,
  missing: readonly StoredMember[],
  ending: readonly StoredMember[],
  at: Date,
): Promise<void> {
  const going = new Set(ending)
  const missed = missing.filter((member) => !going.has(member)).map((member) => member.key)
  if (missed.length > 0) await noteMissed(trx, source.id, missed, at)
}

async function tellHeld(
  trx: Knex.Transaction,
  source: SourceRow,
  held: string,
  counts: { missing: number; known: number },
  by: Actor,
  at: Date,
): Promise<void> {
  await appendEvents(trx, by.name, [{ type: 'SyncHeld', id: source.id, detail: { held, ...counts } }], at)
}

/** What was missed before and is listed again as it was. */
async function noteBack(
  trx: Knex.Transaction,
  source: SourceRow,
  known: readonly StoredMember[],
  listed: ReadonlyMap<string, Observation>,
  changed: readonly Member[],
): Promise<void> {
  const fresh = new Set(changed.map((member) => member.key))
  const back = known
    .filter((member) => member.missedListings > 0 && listed.has(member.key) && !fresh.has(member.key))
    .map((member) => member.key)
  if (back.length > 0) await noteSeen(trx, source.id, back)
}

/** Pushed changes: what is said to be gone is gone at once. */
export function push(
  transacting: Transacting,
  sourceId: ResourceId,
  changes: readonly (Observation | Gone)[],
  by: Actor,
): Promise<WriteResult> {
  const last = new Map(changes.map((change) => [change.key, change]))
  const problems = new Problems()
  const listed = new Map<string, Observation>()
  for (const change of last.values())
    if (!('gone' in change)) listed.set(change.key, checkObservation(change, change.key, problems))
  problems.end()
  return transact(transacting, by, false, async (trx, at) => {
    const source = await sourceOf(trx, sourceId)
    const known = await membersByKey(trx, source.id, [...last.keys()])
    const changed = await changedOf(listed, known, source, at)
    const removed = known.filter((member) => !listed.has(member.key))
    return write(
      trx,
      {
        changed,
        removed,
        unchanged: listed.size - changed.length,
        strict: false,
        intent: source.role === 'intent',
      },
      by,
      at,
    )
  })
}

async function sourceOf(trx: Transacting['db'], id: ResourceId): Promise<SourceRow> {
  const source = await findSource(trx, { id })
  if (source === undefined) throw notFound(`There is no source ${id}`)
  return source
}

/** The same thing listed twice is one; one key for two different things is a fault of the source. */
async function readListing({ listing, signal }: SyncRequest): Promise<Map<string, Observation>> {
  const listed = new Map<string, Observation>()
  const problems = new Problems()
  let taken = 0
  for await (const observation of listing) {
    signal.throwIfAborted()
    if (++taken % 500 === 0) await nextTurn()
    const checked = checkObservation(observation, observation.key, problems)
    const known = listed.get(observation.key)
    if (known !== undefined && canonical(known) !== canonical(checked)) {
      problems.add(observation.key, 'the source gives this key to two different things')
    }
    listed.set(observation.key, checked)
  }
  problems.end()
  return listed
}

function heldBecause(missing: readonly StoredMember[], known: number, source: SourceRow): string | null {
  if (!source.authoritative || missing.length <= vanishingCount || missing.length <= known * vanishingShare)
    return null
  return `${missing.length} of ${known} things are gone at once: nothing was ended; accept it by syncSource with acceptVanished, or repair the source`
}

async function changedOf(
  listed: ReadonlyMap<string, Observation>,
  known: readonly StoredMember[],
  source: SourceRow,
  at: Date,
): Promise<Member[]> {
  const before = new Map<string, StoredMember>()
  await each(known, (member) => before.set(member.key, member))
  const changed: Member[] = []
  await each(listed.values(), (observation) => {
    const old = before.get(observation.key)
    if (old?.hash.equals(hashOf(observation))) return
    changed.push({
      ...toMember(observation, source, at),
      resourceId: old?.resourceId ?? null,
      firstSeenAt: old?.firstSeenAt ?? at.getTime(),
    })
  })
  return changed
}

const longestFailure = 1_000

/** A listing failed: the source says so until one succeeds. Told as an event when it was not known yet. */
async function tellFailure(
  { db, wake }: Transacting,
  sourceId: ResourceId,
  error: unknown,
  by: Actor,
): Promise<void> {
  const failure = (error instanceof Error ? error.message : String(error)).slice(0, longestFailure)
  await db.transaction(async (trx) => {
    if (!(await noteFailure(trx, sourceId, failure))) return
    await appendEvents(trx, by.name, [{ type: 'SourceFailed', id: sourceId, detail: { failure } }])
  })
  wake()
}
