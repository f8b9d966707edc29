/**
 * Takes in what a source tells as it happens. What it says to be gone is gone at once. A part that was listed anew is a small listing: what it left out is missed
 * once; an authoritative source's claim on it, and hearsay, ends with the second time, another one's claims only go stale. What is faulty is refused by itself, so
 * that one device that talks nonsense does not hold up the others.
 */
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import { checkObservation, Problems } from './check.ts'
import { refuseFormer } from './failure.ts'
import { membersByKey, noteMissed, noteSeen, type SourceRow } from './observation/store.ts'
import { toMember } from './origin.ts'
import { knownOf, notePart, notePartsSilent, type KnownKey } from './part/store.ts'
import type { Member } from './reconcile/member.ts'
import type { Actor, Observation, ResourceId } from './resource.ts'
import { heldBecause, listingsUntilGone, sourceOf, tellHeld } from './sync.ts'
import { transact, type Transacting } from './transact.ts'
import type { Fence, Pushed, PushResult } from './verbs.ts'
import { hashOf } from './write/hash.ts'
import { write } from './write/pipeline.ts'

/** What is left of many changes, the later ones over the earlier ones. */
class Telling {
  readonly listed = new Map<string, { thing: Observation; part: string | undefined }>()
  readonly gone = new Set<string>()
  /** Every key that a part has, also what was refused: that is not missing. */
  readonly parts = new Map<string, Set<string>>()
  readonly silent = new Set<string>()
  readonly refused: PushResult['refused'] = []

  constructor(changes: readonly Pushed[]) {
    for (const change of changes) this.#add(change)
  }

  #add(change: Pushed): void {
    if ('silent' in change) {
      if (!this.parts.has(change.silent)) this.silent.add(change.silent)
    } else if ('part' in change) this.#addPart(change.part, change.things)
    else if ('gone' in change) {
      this.gone.add(change.key)
      this.listed.delete(change.key)
    } else this.#addThing(change, this.listed.get(change.key)?.part)
  }

  #addPart(part: string, things: readonly Observation[]): void {
    for (const [key, former] of this.listed) if (former.part === part) this.listed.delete(key)
    this.silent.delete(part)
    this.parts.set(part, new Set(things.map((thing) => thing.key)))
    for (const thing of things) this.#addThing(thing, part)
  }

  #addThing(thing: Observation, part: string | undefined): void {
    const problems = new Problems()
    const checked = checkObservation(thing, thing.key, problems)
    try {
      problems.end()
      this.listed.set(thing.key, { thing: checked, part })
      this.gone.delete(thing.key)
    } catch (error) {
      if (!(error instanceof PlenumError)) throw error
      this.refused.push({ key: thing.key, message: error.message })
    }
  }
}

export function push(
  transacting: Transacting,
  sourceId: ResourceId,
  changes: readonly Pushed[],
  by: Actor,
  { fence }: { fence?: Fence } = {},
): Promise<PushResult> {
  const telling = new Telling(changes)
  return transact(transacting, by, false, async (trx, at) => {
    const source = await sourceOf(trx, sourceId)
    const result = await new Push(trx, source, telling, by, at).run()
    await refuseFormer(trx, source.name, fence)
    return { ...result, refused: telling.refused }
  })
}

class Push {
  readonly #trx: Knex.Transaction
  readonly #source: SourceRow
  readonly #telling: Telling
  readonly #by: Actor
  readonly #at: Date

  constructor(trx: Knex.Transaction, source: SourceRow, telling: Telling, by: Actor, at: Date) {
    this.#trx = trx
    this.#source = source
    this.#telling = telling
    this.#by = by
    this.#at = at
  }

  async run(): Promise<Omit<PushResult, 'refused'>> {
    const { listed, gone, parts, silent } = this.#telling
    const keys = [...listed.keys(), ...gone]
    const known = await knownOf(this.#trx, this.#source.id, keys, [...parts.keys()])
    const missing = known.filter((one) => this.#isMissing(one))
    const held = await this.#holdBack(missing, known)
    const ending = held === null ? missing.filter((one) => this.#isOver(one)) : []
    if (held === null) await this.#noteMissed(missing, ending)
    if (silent.size > 0) await notePartsSilent(this.#trx, this.#source.id, [...silent], this.#at)
    const changed = this.#changedOf(known)
    await this.#noteBack(known, changed)
    const result = await this.#write(changed, [...gone, ...ending.map((one) => one.key)])
    return { ...result, held, missing: missing.length - ending.length }
  }

  async #write(changed: Member[], removedKeys: string[]) {
    const { listed } = this.#telling
    const removed =
      removedKeys.length === 0 ? [] : await membersByKey(this.#trx, this.#source.id, removedKeys)
    const unchanged = listed.size - changed.length
    const intent = this.#source.role === 'intent'
    return write(this.#trx, { changed, removed, unchanged, strict: false, intent }, this.#by, this.#at)
  }

  #isMissing({ key, part }: KnownKey): boolean {
    const { listed, gone, parts } = this.#telling
    const now = part === null ? undefined : parts.get(part)
    return now !== undefined && !now.has(key) && !listed.has(key) && !gone.has(key)
  }

  #isOver({ missedListings, hearsay }: KnownKey): boolean {
    return (this.#source.authoritative || hearsay) && missedListings + 1 >= listingsUntilGone
  }

  async #holdBack(missing: readonly KnownKey[], known: readonly KnownKey[]): Promise<string | null> {
    const held = heldBecause(missing, known.length, this.#source)
    if (held === null) return null
    const counts = { missing: missing.length, known: known.length, parts: [...this.#telling.parts.keys()] }
    await tellHeld(this.#trx, this.#source, held, counts, this.#by, this.#at)
    return held
  }

  async #noteMissed(missing: readonly KnownKey[], ending: readonly KnownKey[]): Promise<void> {
    const going = new Set(ending)
    // Another one's claim is stale from the first time on: there is nothing to count.
    const missed = missing
      .filter((one) => !going.has(one) && (this.#source.authoritative || one.hearsay || !one.isMissed))
      .map((one) => one.key)
    if (missed.length > 0) await noteMissed(this.#trx, this.#source.id, missed, this.#at)
  }

  #changedOf(known: readonly KnownKey[]): Member[] {
    const before = new Map(known.map((one) => [one.key, one]))
    const changed: Member[] = []
    for (const { thing, part } of this.#telling.listed.values()) {
      const old = before.get(thing.key)
      if (old?.hash.equals(hashOf(thing))) continue
      changed.push({
        ...toMember(thing, this.#source, this.#at),
        ...(part === undefined ? {} : { part }),
        resourceId: old?.resourceId ?? null,
        firstSeenAt: old?.firstSeenAt ?? this.#at.getTime(),
      })
    }
    return changed
  }

  /** What was missed before and is told again as it was; and what now belongs to a part. */
  async #noteBack(known: readonly KnownKey[], changed: readonly Member[]): Promise<void> {
    const { listed } = this.#telling
    const fresh = new Set(changed.map((member) => member.key))
    const same = known.filter((one) => listed.has(one.key) && !fresh.has(one.key))
    const back = same.filter((one) => one.isMissed).map((one) => one.key)
    if (back.length > 0) await noteSeen(this.#trx, this.#source.id, back)
    const moved = same.filter((one) => (listed.get(one.key)?.part ?? one.part) !== one.part)
    for (const [part, of] of Map.groupBy(moved, (one) => listed.get(one.key)!.part!))
      await notePart(
        this.#trx,
        this.#source.id,
        part,
        of.map((one) => one.key),
      )
  }
}
