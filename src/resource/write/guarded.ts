/** What a write changes, for whoever decides whether it may be. */
import type { Guarded, Place, ResourceId } from '../resource.ts'
import { keyOf } from '../reconcile/member.ts'
import type { Writing } from './pipeline.ts'
import type { Relinked } from './relink.ts'
import type { Rows } from './rows.ts'
import type { Settled } from './settle.ts'

export function toGuarded(writing: Writing, settled: Settled, links: Relinked, rows: Rows): Guarded {
  const paths = new Map<ResourceId, string | undefined>()
  for (const member of writing.changed)
    paths.set(settled.resourceOf.get(keyOf(member))!, writing.pathOf?.(member))
  for (const { resourceId } of [...writing.removed, ...(writing.again ?? [])]) note(resourceId)
  for (const { from, to } of settled.moved.values()) [from, to].forEach(note)

  function note(id: ResourceId): void {
    if (!paths.has(id)) paths.set(id, undefined)
  }
  const placeOf = (id: ResourceId): Place => (rows.get(id) ?? rows.before.get(id))!
  const told = (list: Relinked['added'], isNew: boolean) =>
    list.map(({ type, from, to }) => ({ type, from: placeOf(from), to: placeOf(to), isNew }))
  return {
    items: [...paths].map(([id, path]) => ({
      before: rows.before.get(id),
      after: rows.gone.has(id) ? undefined : rows.get(id),
      path,
    })),
    links: [...told(links.added, true), ...told(links.removed, false)],
  }
}
