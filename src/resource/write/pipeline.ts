/**
 * The one way in which resources change. Inside a transaction that holds the write lock: observations come and go, reconciliation says what follows,
 * rows, links, history and events are written; numbering the events is the last step.
 */
import type { Knex } from 'knex'
import type { EventBody } from '../../event/event.ts'
import { commitEvents, readHead, stageEvents } from '../../event/store.ts'
import { Problems } from '../check.ts'
import type { KindName } from '../kind/index.ts'
import {
  changeLinks,
  learnSizes,
  pendingClaims,
  replaceClaims,
  saveAttributes,
  settleClaims,
} from '../link/store.ts'
import {
  membersOfResources,
  moveMembers,
  removeMembers,
  saveClaims,
  saveMembers,
  type StoredMember,
} from '../observation/store.ts'
import { areCompatible } from '../reconcile/partition.ts'
import { keyOf, type Member, type MemberKey } from '../reconcile/member.ts'
import { merge } from '../reconcile/merge.ts'
import type { Actor, Change, ResourceId } from '../resource.ts'
import {
  changeConflicts,
  conflictsTouching,
  loadRows,
  removeRows,
  saveHistory,
  saveRows,
  sharedIdentities,
  withConflict,
  type ConflictRow,
  type GoneRow,
  type HistoryWrite,
  type ResourceRow,
} from '../store.ts'
import type { PlannedChange, WriteResult } from '../verbs.ts'
import { each, inSlices } from './breathe.ts'
import { changesOf, imageOf, scopeOf } from './difference.ts'
import { hashOf } from './hash.ts'
import { placesAfter } from './place.ts'
import { relink, type Relinked } from './relink.ts'
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
  /** Whether faults of links refuse the write (intent) or are passed over (observed sources). */
  strict: boolean
  /** Whether what changes is intent: raises `generation`. */
  intent: boolean
  pathOf?(member: Member): string
  /** How many members were looked at and found as they were. */
  unchanged?: number
}

const sliceSize = 1_000
const mostPlanned = 1_000

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
  readonly #before = new Map<ResourceId, ResourceRow>()
  readonly #after = new Map<ResourceId, ResourceRow>()
  readonly #linkChanges = new Map<ResourceId, { added: string[]; removed: string[] }>()
  readonly #gone = new Map<ResourceId, GoneRow>()
  readonly #result: Omit<WriteResult, 'cursor'> = {
    created: 0,
    updated: 0,
    unchanged: 0,
    deleted: 0,
    linksAdded: 0,
    linksRemoved: 0,
    planned: [],
    plannedTotal: 0,
    resourceIds: [],
  }

  constructor(trx: Knex.Transaction, writing: Writing, by: Actor, at: Date) {
    this.#trx = trx
    this.#writing = writing
    this.#by = by
    this.#at = at
    this.#result.unchanged = writing.unchanged ?? 0
  }

  async run(): Promise<WriteResult> {
    const { changed, removed, again = [] } = this.#writing
    if (changed.length + removed.length + again.length === 0)
      return { ...this.#result, cursor: await readHead(this.#trx) }
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
    await this.#saveObservations(batch)
    await this.#mergeAffected()
    const links = await this.#relink()
    await this.#placeAll(links)
    await this.#findConflicts()
    return this.#finish(links)
  }

  async #saveObservations(batch: ReadonlyMap<MemberKey, Member>): Promise<void> {
    const { resourceOf, claims, moved } = this.#settled
    const { changed, removed } = this.#writing
    await removeMembers(this.#trx, removed)
    await inSlices(changed, sliceSize, (slice) =>
      saveMembers(
        this.#trx,
        slice.map((member) => ({ member, resourceId: resourceOf.get(keyOf(member))!, hash: hashOf(member) })),
        this.#at,
      ),
    )
    await moveMembers(
      this.#trx,
      [...moved.values()]
        .filter(({ member }) => !batch.has(keyOf(member)))
        .map(({ member, to }) => ({ sourceId: member.sourceId, key: member.key, resourceId: to })),
    )
    await inSlices([...claims], sliceSize, (slice) =>
      saveClaims(
        this.#trx,
        slice.map(([key, list]) => ({ ...ends(this.#settled.members.get(key)!), claims: list })),
      ),
    )
    await inSlices(changed, sliceSize, (slice) => this.#saveLinkClaims(slice))
    if (changed.length > sliceSize) await learnSizes(this.#trx)
  }

  async #saveLinkClaims(members: readonly Member[]): Promise<void> {
    const claims = members.flatMap((member) =>
      (this.#links.get(keyOf(member)) ?? []).map(({ claim, sourceId, key, id }, ordinal) => ({
        ...ends(member),
        ordinal,
        type: claim.type,
        direction: claim.direction ?? 'out',
        targetSourceId: sourceId,
        targetKey: key,
        targetId: id,
        target: claim.to,
        attributes: claim.attributes ?? {},
      })),
    )
    await replaceClaims(this.#trx, members.map(ends), claims)
  }

  /** What each affected resource is now; one without members is gone, merged where its members went. */
  async #mergeAffected(): Promise<void> {
    const ids = [...this.#settled.affected]
    await inSlices(ids, sliceSize * 2, async (slice) => {
      for (const [id, row] of await loadRows(
        this.#trx,
        slice.filter((id) => !this.#settled.created.has(id)),
      ))
        this.#before.set(id, row)
      const members = Map.groupBy(
        await this.#membersOf(slice),
        (member) => this.#settled.resourceOf.get(keyOf(member)) ?? member.resourceId!,
      )
      for (const id of slice) this.#mergeOne(id, members.get(id) ?? [])
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
    const before = this.#before.get(id)
    if (members.length === 0) {
      if (before) this.#gone.set(id, { id, kind: before.kind, name: before.name, into: this.#survivorOf(id) })
      return
    }
    const { drift, ...merged } = merge(members)
    const since = new Map(before?.drift.map((one) => [one.path, one.since]))
    const now = this.#at.getTime()
    this.#after.set(id, {
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

  async #kindsOf(ids: readonly ResourceId[]): Promise<ReadonlyMap<ResourceId, KindName>> {
    const rows = await this.#rowsOf(ids)
    return new Map([...rows].map(([id, row]) => [id, row.kind]))
  }

  /** Rows as this write leaves them; others as they are. Kept, because they are asked for again. */
  async #rowsOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, ResourceRow>> {
    const missing = ids.filter((id) => !this.#after.has(id) && !this.#gone.has(id) && !this.#before.has(id))
    if (missing.length > 0)
      for (const [id, row] of await loadRows(this.#trx, missing)) this.#before.set(id, row)
    return new Map(
      ids.flatMap((id) => {
        const row = this.#after.get(id) ?? (this.#gone.has(id) ? undefined : this.#before.get(id))
        return row === undefined ? [] : [[id, row] as const]
      }),
    )
  }

  async #relink(): Promise<Relinked> {
    await this.#settlePending()
    const links: Relinked = { added: [], removed: [], changed: [], drift: new Map() }
    await inSlices([...this.#settled.affected], sliceSize * 2, async (slice) => {
      const found = await this.#relinkSome(slice)
      links.added.push(...found.added)
      links.removed.push(...found.removed)
      links.changed.push(...found.changed)
      for (const [id, drift] of found.drift) links.drift.set(id, drift)
    })
    await this.#noteDrift(links.drift)
    for (const [list, name] of [
      [links.added, 'added'],
      [links.removed, 'removed'],
    ] as const) {
      for (const link of list)
        for (const id of [link.from, link.to])
          this.#noteLink(id, name, `${link.type}.${link.from}.${link.to}`)
    }
    return links
  }

  async #noteDrift(found: Relinked['drift']): Promise<void> {
    const rows = await this.#rowsOf([...found.keys()])
    await each(rows.values(), (row) => {
      const before = this.#before.get(row.id)?.drift ?? []
      const fresh = found.get(row.id)!.map((one) => ({
        ...one,
        since: before.find(({ path }) => path === one.path)?.since ?? this.#at.getTime(),
      }))
      const drift = [...row.drift.filter(({ path }) => !path.startsWith('links.')), ...fresh]
      if (drift.length === 0 && row.drift.length === 0) return
      this.#after.set(row.id, { ...row, drift, hasDrift: drift.length > 0 })
    })
  }

  /** A link between two slices is seen by both: it is there when the second looks. */
  async #relinkSome(affected: readonly ResourceId[]): Promise<Relinked> {
    const links = await relink(this.#trx, {
      affected,
      kindsOf: (ids) => this.#kindsOf(ids),
      strict: this.#writing.strict,
      problems: this.#problems,
      nameOf: (id) => this.#after.get(id)?.name ?? this.#before.get(id)?.name ?? String(id),
    })
    this.#problems.end()
    await changeLinks(this.#trx, links.added, links.removed, this.#at)
    await saveAttributes(this.#trx, links.changed)
    return links
  }

  #noteLink(id: ResourceId, name: 'added' | 'removed', link: string): void {
    let known = this.#linkChanges.get(id)
    if (known === undefined) this.#linkChanges.set(id, (known = { added: [], removed: [] }))
    known[name].push(link)
  }

  /** Targets that were unknown may have come with this write. */
  async #settlePending(): Promise<void> {
    if (this.#settled.created.size === 0) return
    const pending = await pendingClaims(this.#trx)
    if (pending.length === 0) return
    const asking = pending.map((one, index): Member => ({
      sourceId: one.sourceId,
      key: `${one.key} ${index}`,
      sourceName: '',
      kind: 'Service',
      name: '',
      role: 'observed',
      precedence: 0,
      resourceId: null,
      firstSeenAt: 0,
      changedAt: 0,
      links: [{ type: 'DEPENDS_ON', to: one.target }],
    }))
    const found = await resolveLinks(this.#trx, asking, new Map(), {
      strict: false,
      problems: this.#problems,
      pathOf: (member) => member.key,
    })
    await settleClaims(
      this.#trx,
      pending.flatMap((one, index) => {
        const id = found.get(keyOf(asking[index]!))?.[0]?.id ?? null
        return id === null ? [] : [{ ...one, targetId: id }]
      }),
    )
  }

  async #placeAll(links: Relinked): Promise<void> {
    const moved = [...links.added, ...links.removed].map((link) => link.from)
    const start = [...new Set([...this.#after.keys(), ...moved])].filter((id) => !this.#gone.has(id))
    const places = await placesAfter(this.#trx, start, {
      kindsOf: (ids) => this.#kindsOf(ids),
      placesOf: (ids) => this.#rowsOf(ids),
    })
    const rows = await this.#rowsOf([...places.keys()])
    for (const [id, { siteId, tenantId }] of places) {
      const row = rows.get(id)
      if (row !== undefined && (row.siteId !== siteId || row.tenantId !== tenantId))
        this.#after.set(id, { ...row, siteId, tenantId })
    }
  }

  async #findConflicts(): Promise<void> {
    const ids = [...this.#settled.affected]
    const gone = [...this.#gone.keys()]
    const shared: ConflictRow[] = []
    const before: ConflictRow[] = []
    await inSlices(ids, sliceSize * 2, async (slice) => {
      shared.push(...(await sharedIdentities(this.#trx, slice)))
    })
    await inSlices([...ids, ...gone], sliceSize * 2, async (slice) => {
      before.push(...(await conflictsTouching(this.#trx, slice)))
    })
    const kinds = await this.#kindsOf([...new Set(shared.flatMap((one) => [one.aId, one.bId]))])
    const now = shared.filter(({ aId, bId }) => {
      const [a, b] = [kinds.get(aId), kinds.get(bId)]
      return a !== undefined && b !== undefined && areCompatible(a, b)
    })
    const key = (one: ConflictRow) => `${one.aId} ${one.bId} ${one.type} ${one.scope} ${one.value}`
    const [known, wanted] = [new Set(before.map(key)), new Set(now.map(key))]
    const added = now.filter((one) => !known.has(key(one)))
    const removed = before.filter((one) => !wanted.has(key(one)))
    if (added.length + removed.length === 0) return
    await changeConflicts(this.#trx, added, removed, this.#at)
    const touched = [...new Set([...added, ...removed].flatMap((one) => [one.aId, one.bId]))]
    const conflicting = await withConflict(this.#trx, touched)
    for (const [id, row] of await this.#rowsOf(touched)) {
      if (row.hasConflict !== conflicting.has(id))
        this.#after.set(id, { ...row, hasConflict: conflicting.has(id) })
    }
  }

  async #finish(links: Relinked): Promise<WriteResult> {
    await this.#rowsOf([...this.#linkChanges.keys()])
    const events: { first: EventBody[]; updated: EventBody[]; last: EventBody[] } = {
      first: [],
      updated: [],
      last: [],
    }
    const history: HistoryWrite[] = []
    const rows: ResourceRow[] = []
    const touched = [...new Set([...this.#after.keys(), ...this.#linkChanges.keys()])]
      .filter((id) => !this.#gone.has(id))
      .sort((a, b) => a - b)
    await inSlices(touched, sliceSize, (slice) => {
      for (const id of slice) this.#finishOne(id, events, history, rows)
    })
    for (const gone of this.#gone.values()) this.#finishGone(gone, events, history)
    await inSlices(rows, sliceSize, (slice) => saveRows(this.#trx, slice))
    await removeRows(this.#trx, [...this.#gone.values()], this.#at)
    await inSlices(history, sliceSize, (slice) => saveHistory(this.#trx, slice, this.#by.name, this.#at))
    const ordered = [
      ...events.first,
      ...this.#linkEvents(links.removed, 'LinkRemoved'),
      ...events.updated,
      ...this.#linkEvents(links.added, 'LinkAdded'),
      ...events.last,
    ]
    this.#result.linksAdded = links.added.length
    this.#result.linksRemoved = links.removed.length
    if (ordered.length === 0) return { ...this.#result, cursor: await readHead(this.#trx) }
    await inSlices(ordered, sliceSize * 2, (slice) => stageEvents(this.#trx, slice))
    const { cursor } = await commitEvents(this.#trx, this.#by.name, this.#at)
    return { ...this.#result, cursor }
  }

  #finishOne(
    id: ResourceId,
    events: { first: EventBody[]; updated: EventBody[] },
    history: HistoryWrite[],
    rows: ResourceRow[],
  ): void {
    const before = this.#before.get(id)
    const after = this.#after.get(id) ?? before
    if (after === undefined) return
    if (before === undefined) {
      rows.push(after)
      events.first.push({ type: 'ResourceCreated', resource: imageOf(after) })
      history.push({ action: 'CREATED', image: imageOf(after), changes: [] })
      this.#plan('CREATE', after, [])
      this.#result.created++
      return this.#noteId(id)
    }
    const changes = changesOf(before, after)
    const linked = this.#linkChanges.get(id)
    if (linked !== undefined)
      changes.push({ path: 'links', before: linked.removed.slice(0, 100), after: linked.added.slice(0, 100) })
    if (changes.length === 0) return
    const isIntended = this.#writing.intent && this.#settled.affected.has(id)
    const row = {
      ...after,
      generation: before.generation + (isIntended ? 1 : 0),
      revision: before.revision + 1,
      updatedAt: this.#at.getTime(),
    }
    rows.push(row)
    events.updated.push({ type: 'ResourceUpdated', resource: imageOf(row), before: scopeOf(before), changes })
    history.push({ action: 'UPDATED', image: imageOf(row), changes })
    this.#plan('UPDATE', row, changes)
    this.#result.updated++
    this.#noteId(id)
  }

  #finishGone(gone: GoneRow, events: { last: EventBody[] }, history: HistoryWrite[]): void {
    const before = this.#before.get(gone.id)!
    if (gone.into === null)
      events.last.push({ type: 'ResourceDeleted', id: gone.id, before: scopeOf(before) })
    else events.last.push({ type: 'ResourceMerged', id: gone.id, into: gone.into, before: scopeOf(before) })
    history.push({
      action: gone.into === null ? 'DELETED' : 'MERGED',
      image: imageOf(before),
      changes: gone.into === null ? [] : [{ path: 'id', before: gone.id, after: gone.into }],
    })
    this.#plan(gone.into === null ? 'DELETE' : 'JOIN', before, [])
    this.#result.deleted++
  }

  #noteId(id: ResourceId): void {
    if (this.#result.resourceIds.length < mostPlanned) this.#result.resourceIds.push(id)
  }

  #plan(action: PlannedChange['action'], row: ResourceRow, changes: Change[]): void {
    this.#result.plannedTotal++
    if (this.#result.planned.length < mostPlanned)
      this.#result.planned.push({ action, resourceId: row.id, kind: row.kind, name: row.name, changes })
  }

  #linkEvents(links: Relinked['added'], type: 'LinkAdded' | 'LinkRemoved'): EventBody[] {
    const scope = (id: ResourceId) => scopeOf((this.#after.get(id) ?? this.#before.get(id))!)
    return links.map(({ attributes: _, since, ...link }) => ({
      type,
      link: { ...link, since: type === 'LinkAdded' ? this.#at.getTime() : since },
      from: scope(link.from),
      to: scope(link.to),
    }))
  }
}

const ends = ({ sourceId, key }: { sourceId: ResourceId; key: string }) => ({ sourceId, key })
