/**
 * The one way in which resources change. Inside a transaction that holds the write lock: observations come and go, reconciliation says what follows,
 * rows, links, history and events are written; numbering the events is the last step.
 */
import type { Knex } from 'knex'
import { appendEvents, readHead } from '../../event/store.ts'
import { Problems } from '../check.ts'
import { changeLinks, saveAttributes } from '../link/store.ts'
import { membersOfResources, type StoredMember } from '../observation/store.ts'
import { keyOf, type Member, type MemberKey } from '../reconcile/member.ts'
import { merge } from '../reconcile/merge.ts'
import type { Actor, ResourceId } from '../resource.ts'
import { removeRows, saveHistory, saveRows, type ResourceRow } from '../store.ts'
import type { WriteResult } from '../verbs.ts'
import { each, inSlices } from './breathe.ts'
import { findConflicts } from './conflict.ts'
import { Outcome } from './outcome.ts'
import { toGuarded } from './guarded.ts'
import { settlePending } from './pending.ts'
import { placesAfter } from './place.ts'
import { linkDriftOf, relink, type Relinked } from './relink.ts'
import { Rows } from './rows.ts'
import { settledInPlace, staysInPlace } from './in-place.ts'
import { saveObservations, saveValues } from './save.ts'
import { settle, type Settled } from './settle.ts'
import { resolveLinks, type ResolvedLink } from './target.ts'

export interface Writing {
  /** Observations whose content is new, with where they stand in the caller's input. */
  changed: readonly Member[]
  removed: readonly StoredMember[]
  /** Members to look at again although they stay as they are: people decided about them. */
  again?: readonly StoredMember[]
  /** Resources that keep their ids when several become one. */
  keep?: ReadonlySet<ResourceId>
  /** Members that take leave of their resource. */
  leaving?: ReadonlySet<MemberKey>
  /** What is known already, so that it is not read again: the changed members as the tables have them, and rows. Together they may show that nothing moves. */
  stored?: ReadonlyMap<MemberKey, StoredMember>
  rows?: readonly ResourceRow[]
  /** Whether faults of links refuse the write (intent) or are passed over (observed sources). */
  strict: boolean
  /** Whether what changes is intent: raises `generation`. */
  intent: boolean
  pathOf?(member: Member): string
  /** How many members were looked at and found as they were. */
  unchanged?: number
}

const sliceSize = 1_000

export async function write(
  trx: Knex.Transaction,
  writing: Writing,
  by: Actor,
  at: Date,
): Promise<WriteResult> {
  return new Pipeline(trx, writing, by, at).run()
}

class Pipeline {
  readonly #trx: Knex.Transaction
  readonly #writing: Writing
  readonly #by: Actor
  readonly #at: Date
  readonly #problems = new Problems()
  #settled!: Settled
  #links = new Map<MemberKey, ResolvedLink[]>()
  readonly #rows: Rows
  readonly #outcome: Outcome

  constructor(trx: Knex.Transaction, writing: Writing, by: Actor, at: Date) {
    this.#trx = trx
    this.#writing = writing
    this.#by = by
    this.#at = at
    this.#rows = new Rows(trx)
    for (const row of writing.rows ?? []) this.#rows.before.set(row.id, row)
    this.#outcome = new Outcome(at, writing.unchanged ?? 0)
  }

  async run(): Promise<WriteResult> {
    const { changed, removed, again = [] } = this.#writing
    if (changed.length + removed.length + again.length === 0)
      return { ...this.#outcome.result, cursor: await readHead(this.#trx) }
    if (staysInPlace(this.#writing)) return this.#runInPlace()
    const batch = new Map<MemberKey, Member>()
    await each(changed, (member) => batch.set(keyOf(member), member))
    const resolve = (members: readonly Member[], strict: boolean) =>
      resolveLinks(this.#trx, members, batch, {
        strict,
        problems: this.#problems,
        pathOf: this.#writing.pathOf ?? ((member) => member.key),
      })
    this.#links = await resolve(changed, this.#writing.strict)
    this.#problems.end()
    this.#settled = await settle(this.#trx, {
      ...(this.#writing.keep === undefined ? {} : { keep: this.#writing.keep }),
      ...(this.#writing.leaving === undefined ? {} : { leaving: this.#writing.leaving }),
      changed,
      links: this.#links,
      removed,
      again,
      resolve: (members) => resolve(members, false),
    })
    const saying = { changed, batch, removed, links: this.#links, settled: this.#settled }
    await saveObservations(this.#trx, saying, this.#at)
    await this.#mergeAffected()
    const links = await this.#relink()
    await this.#placeAll(links)
    await this.#noteConflicts()
    return this.#finish(links)
  }

  /** Values change, and neither identities nor links do: no resource comes, goes, joins or moves. */
  async #runInPlace(): Promise<WriteResult> {
    this.#settled = settledInPlace(this.#writing.changed)
    await saveValues(this.#trx, this.#writing.changed, this.#settled, this.#at)
    await this.#mergeAffected()
    const links: Relinked = { added: [], removed: [], changed: [], drift: new Map() }
    await each(this.#rows.before, ([id, row]) => links.drift.set(id, linkDriftOf(row)))
    await this.#noteDrift(links.drift)
    return this.#finish(links)
  }

  /** What each affected resource is now; one without members is gone, merged where its members went. */
  async #mergeAffected(): Promise<void> {
    const ids = [...this.#settled.affected]
    await inSlices(ids, sliceSize, async (slice) => {
      await this.#rows.load(slice.filter((id) => !this.#settled.created.has(id)))
      const members = Map.groupBy(
        await this.#membersOf(slice),
        (member) => this.#settled.resourceOf.get(keyOf(member)) ?? member.resourceId!,
      )
      await each(slice, (id) => this.#mergeOne(id, members.get(id) ?? []))
    })
  }

  /** The members of new resources are all at hand; the others may have some that were not looked at. */
  async #membersOf(ids: readonly ResourceId[]): Promise<Member[]> {
    const wanted = new Set(ids)
    this.#membersById ??= await this.#groupMembers()
    const fresh = ids.flatMap((id) =>
      this.#settled.created.has(id) ? (this.#membersById!.get(id) ?? []) : [],
    )
    const stored = await membersOfResources(
      this.#trx,
      ids.filter((id) => !this.#settled.created.has(id)),
    )
    return [...fresh, ...stored.filter((member) => wanted.has(member.resourceId))]
  }
  #membersById: Map<ResourceId, Member[]> | undefined

  async #groupMembers(): Promise<Map<ResourceId, Member[]>> {
    const groups = new Map<ResourceId, Member[]>()
    await each(this.#settled.members.values(), (member) => {
      const id = this.#settled.resourceOf.get(keyOf(member))!
      const group = groups.get(id)
      if (group) group.push(member)
      else groups.set(id, [member])
    })
    return groups
  }

  #mergeOne(id: ResourceId, members: readonly Member[]): void {
    const before = this.#rows.before.get(id)
    if (members.length === 0) {
      if (before)
        this.#rows.gone.set(id, { id, kind: before.kind, name: before.name, into: this.#survivorOf(id) })
      return
    }
    const { drift, ...merged } = merge(members)
    const since = new Map(before?.drift.map((one) => [one.path, one.since]))
    const now = this.#at.getTime()
    this.#rows.after.set(id, {
      ...merged,
      id,
      siteId: before?.siteId ?? null,
      tenantId: before?.tenantId ?? null,
      generation: before?.generation ?? 1,
      revision: before?.revision ?? 1,
      createdAt: before?.createdAt ?? now,
      updatedAt: before?.updatedAt ?? now,
      drift: drift.map((one) => ({ ...one, since: since.get(one.path) ?? now })),
      hasDrift: drift.length > 0,
      hasConflict: before?.hasConflict ?? false,
    })
  }

  #survivorOf(id: ResourceId): ResourceId | null {
    for (const { from, to } of this.#settled.moved.values()) if (from === id) return to
    return null
  }

  async #relink(): Promise<Relinked> {
    if (this.#settled.created.size > 0) await settlePending(this.#trx)
    const links: Relinked = { added: [], removed: [], changed: [], drift: new Map() }
    await inSlices([...this.#settled.affected], sliceSize, async (slice) => {
      const found = await this.#relinkSome(slice)
      links.added.push(...found.added)
      links.removed.push(...found.removed)
      links.changed.push(...found.changed)
      for (const [id, drift] of found.drift) links.drift.set(id, drift)
    })
    await this.#noteDrift(links.drift)
    await this.#outcome.noteLinks(links)
    return links
  }

  async #noteDrift(found: Relinked['drift']): Promise<void> {
    await this.#rows.load(found.keys())
    await each(found, ([id, differing]) => {
      const row = this.#rows.get(id)
      if (row === undefined) return
      const before = this.#rows.before.get(id)?.drift ?? []
      const fresh = differing.map((one) => ({
        ...one,
        since: before.find(({ path }) => path === one.path)?.since ?? this.#at.getTime(),
      }))
      const drift = [...row.drift.filter(({ path }) => !path.startsWith('links.')), ...fresh]
      if (drift.length === 0 && row.drift.length === 0) return
      this.#rows.after.set(id, { ...row, drift, hasDrift: drift.length > 0 })
    })
  }

  /** A link between two slices is seen by both: it is there when the second looks. */
  async #relinkSome(affected: readonly ResourceId[]): Promise<Relinked> {
    const links = await relink(this.#trx, {
      affected,
      rows: this.#rows,
      strict: this.#writing.strict,
      problems: this.#problems,
    })
    this.#problems.end()
    await changeLinks(this.#trx, links.added, links.removed, this.#at)
    await saveAttributes(this.#trx, links.changed)
    return links
  }

  async #placeAll(links: Relinked): Promise<void> {
    const start = new Set<ResourceId>()
    const note = (id: ResourceId) => void (this.#rows.gone.has(id) || start.add(id))
    await each(this.#rows.after.keys(), note)
    await each(links.added, (link) => note(link.from))
    await each(links.removed, (link) => note(link.from))
    const places = await placesAfter(this.#trx, start, this.#rows)
    await this.#rows.load(places.keys())
    await each(places, ([id, { siteId, tenantId }]) => {
      const row = this.#rows.get(id)
      if (row !== undefined && (row.siteId !== siteId || row.tenantId !== tenantId))
        this.#rows.after.set(id, { ...row, siteId, tenantId })
    })
  }

  async #noteConflicts(): Promise<void> {
    const found = await findConflicts(this.#trx, {
      affected: [...this.#settled.affected],
      gone: [...this.#rows.gone.keys()],
      rows: this.#rows,
      at: this.#at,
    })
    await this.#rows.load(found.keys())
    await each(found, ([id, hasConflict]) => {
      const row = this.#rows.get(id)
      if (row !== undefined && row.hasConflict !== hasConflict)
        this.#rows.after.set(id, { ...row, hasConflict })
    })
  }

  async #finish(links: Relinked): Promise<WriteResult> {
    const outcome = this.#outcome
    const { after, before, gone } = this.#rows
    await this.#rows.load(outcome.linkedIds)
    this.#by.guard?.(toGuarded(this.#writing, this.#settled, links, this.#rows))
    const touched: ResourceId[] = []
    await each(after.keys(), (id) => void (gone.has(id) || touched.push(id)))
    await each(outcome.linkedIds, (id) => void (gone.has(id) || after.has(id) || touched.push(id)))
    touched.sort((a, b) => a - b)
    await each(touched, (id) => this.#tell(id))
    for (const one of gone.values()) outcome.end(one, before.get(one.id)!)
    await outcome.tellLinks(links, (id) => (after.get(id) ?? before.get(id))!)
    await inSlices(outcome.rows, sliceSize, (slice) => saveRows(this.#trx, slice))
    await removeRows(this.#trx, [...gone.values()], this.#at)
    await inSlices(outcome.history, sliceSize, (slice) =>
      saveHistory(this.#trx, slice, this.#by.name, this.#at),
    )
    const { events } = outcome
    if (events.length === 0) return { ...outcome.result, cursor: await readHead(this.#trx) }
    return { ...outcome.result, cursor: await appendEvents(this.#trx, this.#by.name, events, this.#at) }
  }

  #tell(id: ResourceId): void {
    const before = this.#rows.before.get(id)
    const after = this.#rows.after.get(id) ?? before
    if (after === undefined) return
    if (before === undefined) this.#outcome.create(after)
    else this.#outcome.update(before, after, this.#writing.intent && this.#settled.affected.has(id))
  }
}
