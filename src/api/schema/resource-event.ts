/** What subscriptions tell, in the shapes that the schema's ResourceEvent types are read from. Resources are read when they are selected. */
import type { Context } from '../../context.ts'
import type { Cursor } from '../../event/event.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { Change, LinkImage, ResourceId } from '../../resource/resource.ts'
import { seeLink } from './event.ts'
import { toldChanges } from './told.ts'
import { seeId } from './view.ts'

/** When and by whom. */
export interface Told {
  cursor: Cursor
  /** Milliseconds. */
  at: number
  actor: string | null
}

export const toCreated = (context: Context, told: Told, id: ResourceId) => ({
  __typename: 'Created',
  ...told,
  resource: () => seeId(context, context.graph, id),
})

export const toUpdated = (context: Context, told: Told, id: ResourceId, changes: readonly Change[]) => ({
  __typename: 'Updated',
  ...told,
  resource: () => seeId(context, context.graph, id),
  changes: () => toldChanges(context, changes),
})

export const toDeleted = (told: Told, id: ResourceId, kind: KindName, name: string) => ({
  __typename: 'Deleted',
  ...told,
  id: String(id),
  kind,
  name,
})

export const toLeft = (told: Told, id: ResourceId) => ({ __typename: 'Left', ...told, id: String(id) })

export const toMerged = (told: Told, id: ResourceId, into: ResourceId) => ({
  __typename: 'Merged',
  ...told,
  id: String(id),
  into: String(into),
})

export const toLinkAdded = (context: Context, told: Told, link: LinkImage) => ({
  __typename: 'LinkAdded',
  ...told,
  link: () => seeLink(context, link),
})

export const toLinkRemoved = (told: Told, { type, from, to }: LinkImage) => ({
  __typename: 'LinkRemoved',
  ...told,
  id: `${type}.${from}.${to}`,
})

export const toGap = (told: Told, resumeFrom: Cursor) => ({ __typename: 'Gap', ...told, resumeFrom })
