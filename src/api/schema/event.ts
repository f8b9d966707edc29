/** Resolvers of events, as the log and subscriptions have them. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import { formatCursor, type Cursor, type EventBody, type LoggedEvent } from '../../event/event.ts'
import { toPageRequest } from '../../graph/page.ts'
import { seesAll } from '../../graph/scope.ts'
import type { LinkImage } from '../../resource/resource.ts'
import { pageSizeLimit } from './connection.ts'
import { noteTruncated } from './truncated.ts'
import { toldChanges, toldTo, type ToldEvent } from './told.ts'
import { canSeeLink, LinkView, seeId } from './view.ts'

/** What the type Event is read from. */
export function toEvent(context: Context, logged: ToldEvent): object {
  const { body, at, actor, seq, hasLeft } = logged
  const id = resourceIdOf(body)
  return {
    cursor: { epoch: context.graph.cursor.epoch, seq },
    at,
    actor,
    type: body.type,
    resourceId: id === null ? null : String(id),
    resource: () => seeId(context, context.graph, id),
    link: () => ('link' in body ? seeLink(context, body.link) : null),
    changes: body.type === 'ResourceUpdated' && !hasLeft ? toldChanges(context, body.changes) : [],
    detail: hasLeft ? leftDetail(body) : detailOf(context, body),
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
  const read = await readTold(context, { ...request, ...afterOf(args.after, epoch) }, count + 1)
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
    totalCount: () => (seesAll(context.viewer) ? context.events.count(request) : countTold(context, request)),
  }
}

const batchSize = 1_000

async function readTold(
  context: Context,
  request: EventRequest & { after?: number },
  first: number,
): Promise<ToldEvent[]> {
  if (seesAll(context.viewer)) return context.events.read({ ...request, first })
  const told: ToldEvent[] = []
  for await (const event of toldOf(context, request)) {
    told.push(event)
    if (told.length === first) break
  }
  return told
}

async function countTold(context: Context, request: EventRequest): Promise<number> {
  let count = 0
  for await (const _ of toldOf(context, request)) count++
  return count
}

/** Those that a viewer with tenants is told of, read batch by batch. */
async function* toldOf(
  context: Context,
  request: EventRequest & { after?: number },
): AsyncGenerator<ToldEvent> {
  const tenants = [...(context.viewer.tenants ?? [])]
  // The type is that under which the viewer is told of it.
  const { types, after = 0, ...rest } = request
  for (let seq = after; ;) {
    context.signal.throwIfAborted()
    const batch = await context.events.read({ ...rest, tenants, after: seq, first: batchSize })
    for (const event of batch) {
      const told = toldTo(context, event)
      if (told && (types?.includes(told.body.type) ?? true)) yield told
    }
    if (batch.length < batchSize) return
    seq = batch.at(-1)!.seq
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

/** As it was when it was last the viewer's. */
function leftDetail(body: EventBody): unknown {
  if (body.type !== 'ResourceUpdated') return {}
  return { kind: body.before.kind, name: body.before.name, left: true }
}

/** What remains when its resource is gone. */
function detailOf(context: Context, body: EventBody): unknown {
  if ('detail' in body) return body.detail
  if ('link' in body) {
    const { type, from, to } = body.link
    return { type, from: String(from), to: String(to) }
  }
  if (body.type === 'ResourceMerged') {
    const { kind, name } = body.before
    const isKnown = seeId(context, context.graph, body.into) !== null || seesAll(context.viewer)
    return { ...(isKnown ? { into: String(body.into) } : {}), kind, name }
  }
  const { kind, name } = body.type === 'ResourceDeleted' ? body.before : body.resource
  return { kind, name }
}
