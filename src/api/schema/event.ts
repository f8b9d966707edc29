/** Resolvers of events, as the log and subscriptions have them. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import { formatCursor, type Cursor, type EventBody, type LoggedEvent } from '../../event/event.ts'
import { toPageRequest } from '../../graph/page.ts'
import type { LinkImage } from '../../resource/resource.ts'
import { pageSizeLimit } from './connection.ts'
import { noteTruncated } from './truncated.ts'
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

interface EventRequest {
  types?: readonly string[]
  resourceId?: number
}

/** A page of the log. Its cursors are event cursors: a place in the log is the same for everybody. */
export async function connectEvents(
  context: Context,
  info: GraphQLResolveInfo,
  args: { first?: number | null; after?: Cursor | null },
  request: EventRequest,
): Promise<object> {
  const { count, isDefault } = toPageRequest({ first: args.first }, () => '', pageSizeLimit)
  const { epoch } = context.events.cursor()
  const read = await context.events.read({ ...request, ...afterOf(args.after, epoch), first: count + 1 })
  const shown = read.slice(0, count)
  const hasNextPage = read.length > count
  if (isDefault && hasNextPage) noteTruncated(context, info)
  const cursorAt = (event: LoggedEvent | undefined) =>
    event ? formatCursor({ epoch, seq: event.seq }) : null
  const edges = shown.map((event) => ({ node: toEvent(context, event), cursor: cursorAt(event) }))
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage: args.after != null,
      startCursor: cursorAt(shown[0]),
      endCursor: cursorAt(shown.at(-1)),
    },
    totalCount: () => context.events.count(request),
  }
}

function afterOf(after: Cursor | null | undefined, epoch: string): { after?: number } {
  if (after == null) return {}
  if (!epoch.startsWith(after.epoch)) {
    throw invalidInput(
      'after is a cursor of another event log: a backup was restored. Ask without it',
      'after',
    )
  }
  return { after: after.seq }
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
