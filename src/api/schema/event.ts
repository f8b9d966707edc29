/** Resolvers of events, as the log and subscriptions have them. */
import type { Context } from '../../context.ts'
import type { EventBody, LoggedEvent } from '../../event/event.ts'
import type { LinkImage } from '../../resource/resource.ts'
import { canSeeLink, LinkView, seeId } from './view.ts'

/** What the type Event is read from. */
export function toEvent(context: Context, logged: LoggedEvent): object {
  const { body, at, actor, seq } = logged
  const id = resourceIdOf(body)
  return {
    cursor: { epoch: context.graph.cursor.epoch, seq },
    at,
    actor,
    type: body.type,
    resourceId: id === null ? null : String(id),
    resource: () => seeId(context, context.graph, id),
    link: () => ('link' in body ? seeLink(context, body.link) : null),
    changes: body.type === 'ResourceUpdated' ? body.changes : [],
    detail: detailOf(body),
  }
}

export function seeLink(context: Context, image: LinkImage): LinkView | null {
  const link = context.graph.findLink(image.type, image.from, image.to)
  return link && canSeeLink(context, link) ? new LinkView(context.graph, link) : null
}

function resourceIdOf(body: EventBody): number | null {
  if ('resource' in body) return body.resource.id
  if ('link' in body) return body.link.from
  return body.id ?? null
}

/** What remains when its resource is gone. */
function detailOf(body: EventBody): unknown {
  if ('detail' in body) return body.detail
  if ('link' in body) {
    const { type, from, to } = body.link
    return { type, from: String(from), to: String(to) }
  }
  if (body.type === 'ResourceMerged')
    return { into: String(body.into), kind: body.before.kind, name: body.before.name }
  const { kind, name } = body.type === 'ResourceDeleted' ? body.before : body.resource
  return { kind, name }
}
