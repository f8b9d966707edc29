/** What a write did: rows to be saved, history, events in the order in which a graph can apply them, and the answer to who asked for it. */
import type { EventBody } from '../../event/event.ts'
import type { Change, ResourceId } from '../resource.ts'
import type { GoneRow, HistoryWrite, ResourceRow } from '../store.ts'
import type { PlannedChange, WriteResult } from '../verbs.ts'
import { each } from './breathe.ts'
import { changesOf, imageOf, scopeOf } from './difference.ts'
import type { Relinked } from './relink.ts'

const mostPlanned = 1_000
const mostLinksTold = 100

export class Outcome {
  readonly rows: ResourceRow[] = []
  readonly history: HistoryWrite[] = []
  readonly result: Omit<WriteResult, 'cursor'>
  readonly #at: number
  readonly #created: EventBody[] = []
  readonly #unlinked: EventBody[] = []
  readonly #updated: EventBody[] = []
  readonly #linked: EventBody[] = []
  readonly #gone: EventBody[] = []
  readonly #linkChanges = new Map<ResourceId, { added: string[]; removed: string[] }>()

  constructor(at: Date, unchanged: number) {
    this.#at = at.getTime()
    this.result = {
      created: 0,
      updated: 0,
      unchanged,
      deleted: 0,
      linksAdded: 0,
      linksRemoved: 0,
      planned: [],
      plannedTotal: 0,
      resourceIds: [],
    }
  }

  /** Events in order: what a link needs is there before it, what ends has no links left. */
  get events(): EventBody[] {
    return [...this.#created, ...this.#unlinked, ...this.#updated, ...this.#linked, ...this.#gone]
  }

  /** Resources whose links changed. */
  get linkedIds(): Iterable<ResourceId> {
    return this.#linkChanges.keys()
  }

  async noteLinks({ added, removed }: Relinked): Promise<void> {
    this.result.linksAdded = added.length
    this.result.linksRemoved = removed.length
    await each(added, (link) => this.#noteLink(link, 'added'))
    await each(removed, (link) => this.#noteLink(link, 'removed'))
  }

  #noteLink({ type, from, to }: Relinked['added'][number], how: 'added' | 'removed'): void {
    for (const id of [from, to]) {
      let known = this.#linkChanges.get(id)
      if (known === undefined) this.#linkChanges.set(id, (known = { added: [], removed: [] }))
      known[how].push(`${type}.${from}.${to}`)
    }
  }

  /** The links' own events, with what their ends are after the write. */
  async tellLinks({ added, removed }: Relinked, rowOf: (id: ResourceId) => ResourceRow): Promise<void> {
    const tell = (links: Relinked['added'], type: 'LinkAdded' | 'LinkRemoved', to: EventBody[]) =>
      each(links, ({ attributes: _, since, ...link }) =>
        to.push({
          type,
          link: { ...link, since: type === 'LinkAdded' ? this.#at : since },
          from: scopeOf(rowOf(link.from)),
          to: scopeOf(rowOf(link.to)),
        }),
      )
    await tell(removed, 'LinkRemoved', this.#unlinked)
    await tell(added, 'LinkAdded', this.#linked)
  }

  create(row: ResourceRow): void {
    this.rows.push(row)
    this.#created.push({ type: 'ResourceCreated', resource: imageOf(row) })
    this.history.push({ action: 'CREATED', image: imageOf(row), changes: [] })
    this.#plan('CREATE', row, [])
    this.result.created++
    this.#noteId(row.id)
  }

  update(before: ResourceRow, after: ResourceRow, isIntended: boolean): void {
    const changes = changesOf(before, after)
    const linked = this.#linkChanges.get(after.id)
    if (linked !== undefined)
      changes.push({
        path: 'links',
        before: linked.removed.slice(0, mostLinksTold),
        after: linked.added.slice(0, mostLinksTold),
      })
    if (changes.length === 0) return
    const row = {
      ...after,
      generation: before.generation + (isIntended ? 1 : 0),
      revision: before.revision + 1,
      updatedAt: this.#at,
    }
    this.rows.push(row)
    this.#updated.push({
      type: 'ResourceUpdated',
      resource: imageOf(row),
      before: scopeOf(before),
      changes,
    })
    this.history.push({ action: 'UPDATED', image: imageOf(row), changes })
    this.#plan('UPDATE', row, changes)
    this.result.updated++
    this.#noteId(row.id)
  }

  end({ id, into }: GoneRow, before: ResourceRow): void {
    const scope = scopeOf(before)
    if (into === null) this.#gone.push({ type: 'ResourceDeleted', id, before: scope })
    else this.#gone.push({ type: 'ResourceMerged', id, into, before: scope })
    this.history.push({
      action: into === null ? 'DELETED' : 'MERGED',
      image: imageOf(before),
      changes: into === null ? [] : [{ path: 'id', before: id, after: into }],
    })
    this.#plan(into === null ? 'DELETE' : 'JOIN', before, [])
    this.result.deleted++
  }

  #noteId(id: ResourceId): void {
    if (this.result.resourceIds.length < mostPlanned) this.result.resourceIds.push(id)
  }

  #plan(action: PlannedChange['action'], row: ResourceRow, changes: Change[]): void {
    this.result.plannedTotal++
    if (this.result.planned.length < mostPlanned)
      this.result.planned.push({ action, resourceId: row.id, kind: row.kind, name: row.name, changes })
  }
}
