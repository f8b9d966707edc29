/**
 * Makes the observations of one source equal to what it lists now. The whole listing is read before anything is touched, so one that fails changes nothing.
 * An authoritative source ends its claim on what it leaves out of two complete listings; another one's claims only go stale, except hearsay, which expires.
 */
import type { Knex } from 'knex'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { appendEvents } from '../event/store.ts'
import { notFound } from '../errors.ts'
import { checkObservation, Problems } from './check.ts'
import { messageOf, refuseFormer, tellFailure, tellRecovery } from './failure.ts'
import { vanishingCount, vanishingShare } from './inventory.ts'
import { findSource, membersByKey, noteMissed, noteSeen, type SourceRow } from './observation/store.ts'
import { toMember } from './origin.ts'
import { knownOfSource, type KnownKey } from './part/store.ts'
import type { Member } from './reconcile/member.ts'
import type { Actor, Observation, ResourceId } from './resource.ts'
import { noteFailure, noteSync } from './source/store.ts'
import { transact, type Transacting } from './transact.ts'
import type { SyncRequest, SyncResult } from './verbs.ts'
import { each } from './write/breathe.ts'
import { hashOf } from './write/hash.ts'
import { write } from './write/pipeline.ts'

export const listingsUntilGone = 2

/** What is listed, by key, with its mark: made before anything is locked. */
type Listing = ReadonlyMap<string, { thing: Observation; hash: Buffer }>

export async function sync(transacting: Transacting, request: SyncRequest, by: Actor): Promise<SyncResult> {
  const began = new Date()
  const listed = await readListing(request).catch(async (error: unknown) => {
    if (!request.signal.aborted) await tellFailure(transacting, request.sourceId, messageOf(error), by)
    throw error
  })
  return transact(transacting, by, false, async (trx, at) => {
    const source = await sourceOf(trx, request.sourceId)
    const known = await knownOfSource(trx, source.id)
    const missing = known.filter((member) => !listed.has(member.key))
    const held = request.acceptVanished ? null : heldBecause(missing, known.length, source)
    const ending = held === null ? missing.filter((member) => isOver(member, source, request)) : []
    if (held === null) await noteAbsent(trx, source, missing, ending, at)
    else await tellHeld(trx, source, held, { missing: missing.length, known: known.length }, by, at)
    const changed = await changedOf(listed, known, source, at)
    await noteBack(trx, source, known, listed, changed)
    const gone = ending.map((member) => member.key)
    const removed = gone.length === 0 ? [] : await membersByKey(trx, source.id, gone)
    const writing = { changed, removed, unchanged: listed.size - changed.length }
    const result = await write(trx, { ...writing, strict: false, intent: source.role === 'intent' }, by, at)
    const former = await noteFailure(trx, source.id, request.standing ?? null)
    await noteSync(trx, source.id, {
      failure: request.standing ?? null,
      at: began,
      tookSeconds: (Date.now() - began.getTime()) / 1_000,
      seen: listed.size,
      changed: changed.length + ending.length,
      held,
    })
    if (former?.before != null) await tellRecovery(trx, source.id, former.before, by, at)
    await refuseFormer(trx, source.name, request.fence)
    return { ...result, seen: listed.size, held }
  })
}

/** Whether a claim ends with this listing: at once when people accept it, else when it was missed often enough. */
function isOver(member: KnownKey, source: SourceRow, { acceptVanished }: SyncRequest): boolean {
  if (source.authoritative && acceptVanished) return true
  return (source.authoritative || member.hearsay) && member.missedListings + 1 >= listingsUntilGone
}

async function noteAbsent(
  trx: Knex.Transaction,
  source: SourceRow,
  missing: readonly KnownKey[],
  ending: readonly KnownKey[],
  at: Date,
): Promise<void> {
  const going = new Set(ending)
  const missed = missing.filter((member) => !going.has(member)).map((member) => member.key)
  if (missed.length > 0) await noteMissed(trx, source.id, missed, at)
}

export async function tellHeld(
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
  known: readonly KnownKey[],
  listed: Listing,
  changed: readonly Member[],
): Promise<void> {
  const fresh = new Set(changed.map((member) => member.key))
  const back = known
    .filter((member) => member.isMissed && listed.has(member.key) && !fresh.has(member.key))
    .map((member) => member.key)
  if (back.length > 0) await noteSeen(trx, source.id, back)
}

export async function sourceOf(trx: Transacting['db'], id: ResourceId): Promise<SourceRow> {
  const source = await findSource(trx, { id })
  if (source === undefined) throw notFound(`There is no source ${id}`)
  return source
}

/** The same thing listed twice is one; one key for two different things is a fault of the source. */
async function readListing({ listing, signal, younger }: SyncRequest): Promise<Listing> {
  const listed = new Map<string, { thing: Observation; hash: Buffer }>()
  const problems = new Problems()
  let taken = 0
  for await (const observation of listing) {
    signal.throwIfAborted()
    if (++taken % 200 === 0) await nextTurn()
    const checked = checkObservation(observation, observation.key, problems)
    const hash = hashOf(checked)
    if (listed.get(observation.key)?.hash.equals(hash) === false) {
      problems.add(observation.key, 'the source gives this key to two different things')
    }
    listed.set(observation.key, { thing: checked, hash })
  }
  problems.end()
  for (const [key, told] of younger?.() ?? []) {
    const faults = new Problems()
    if ('gone' in told) listed.delete(key)
    else {
      const thing = checkObservation(told, key, faults)
      // What is faulty is refused where it was pushed.
      if (faults.isEmpty) listed.set(key, { thing, hash: hashOf(thing) })
    }
  }
  return listed
}

export function heldBecause(missing: readonly unknown[], known: number, source: SourceRow): string | null {
  if (!source.authoritative || missing.length <= vanishingCount || missing.length <= known * vanishingShare)
    return null
  return `${missing.length} of ${known} things are gone at once: nothing was ended; accept it by syncSource with acceptVanished, or repair the source`
}

async function changedOf(
  listed: Listing,
  known: readonly KnownKey[],
  source: SourceRow,
  at: Date,
): Promise<Member[]> {
  const before = new Map<string, KnownKey>()
  await each(known, (member) => before.set(member.key, member))
  const changed: Member[] = []
  await each(listed.values(), ({ thing, hash }) => {
    const old = before.get(thing.key)
    if (old?.hash.equals(hash)) return
    changed.push({
      ...toMember(thing, source, at),
      resourceId: old?.resourceId ?? null,
      firstSeenAt: old?.firstSeenAt ?? at.getTime(),
    })
  })
  return changed
}
