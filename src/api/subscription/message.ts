/** What a subscriber is sent: events in order, and the cursor to go on from. */
import type { Context } from '../../context.ts'
import type { Cursor, GraphEvent, LoggedEvent } from '../../event/event.ts'
import { PlenumError } from '../../errors.ts'
import {
  toCreated,
  toDeleted,
  toGap,
  toLeft,
  toLinkAdded,
  toLinkRemoved,
  toMerged,
  toUpdated,
} from '../schema/resource-event.ts'
import type { Told } from '../schema/resource-event.ts'
import { seesAll } from '../../graph/scope.ts'
import { seeId } from '../schema/view.ts'
import type { Meaning } from './match.ts'

export interface Message {
  events: object[]
  cursor: Cursor
}

/** Most events of one message; what is more goes into the next. */
export const mostEvents = 2_500

export const toldOf = ({ seq, at, actor }: LoggedEvent, epoch: string): Told => ({
  cursor: { epoch, seq },
  at,
  actor,
})

/** The event in the schema's shape, by what it means to the subscriber. */
export function toResourceEvent(context: Context, told: Told, body: GraphEvent, meaning: Meaning): object {
  switch (body.type) {
    case 'ResourceCreated':
      return toCreated(context, told, body.resource.id)
    case 'ResourceUpdated':
      if (meaning === 'created') return toCreated(context, told, body.resource.id)
      if (meaning === 'left') return toLeft(told, body.resource.id)
      return toUpdated(context, told, body.resource.id, body.changes)
    case 'ResourceDeleted':
      return toDeleted(told, body.id, body.before.kind, body.before.name)
    case 'ResourceMerged':
      // Into what it does not know, to the viewer it is gone.
      if (seesAll(context.viewer) || seeId(context, context.graph, body.into) !== null)
        return toMerged(told, body.id, body.into)
      return toDeleted(told, body.id, body.before.kind, body.before.name)
    case 'LinkAdded':
      return toLinkAdded(context, told, body.link)
    case 'LinkRemoved':
      return toLinkRemoved(told, body.link)
  }
}

/** The present state as messages: Created for each id. Only the last one's cursor may be gone on from; the others' begin anew. */
export function* toSnapshot(context: Context, ids: readonly number[], cursor: Cursor): Generator<Message> {
  const told: Told = { cursor, at: Date.now(), actor: null }
  for (let start = 0; start === 0 || start < ids.length; start += mostEvents) {
    const isLast = start + mostEvents >= ids.length
    yield {
      events: ids.slice(start, start + mostEvents).map((id) => toCreated(context, told, id)),
      cursor: isLast ? cursor : { ...cursor, seq: 0 },
    }
  }
}

export const gapMessage = (resumeFrom: Cursor): Message => ({
  events: [toGap({ cursor: resumeFrom, at: Date.now(), actor: null }, resumeFrom)],
  cursor: resumeFrom,
})

const longestWaitMs = 5_000

/**
 * Waits until this process has what a cursor of another one has: a client that comes over from there is a few milliseconds ahead of us. What never comes is
 * told as a gap by the feed.
 */
export async function catchUp({ events, signal }: Context, after: Cursor | null | undefined): Promise<void> {
  if (after == null) return
  const { epoch, seq } = events.cursor()
  if (!epoch.startsWith(after.epoch) || after.seq <= seq) return
  await events.applied(after.seq, signal, longestWaitMs).catch((error: unknown) => {
    if (!(error instanceof PlenumError)) throw error
  })
}
