import type { GraphQLResolveInfo } from 'graphql'
import { getRef, pageSizeLimit, toEvent } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'
import { formatCursor, type Cursor } from '../src/event/event.ts'
import { toPageRequest } from '../src/graph/page.ts'
import { noteTruncated } from '../src/api/schema/truncated.ts'

interface EventsArguments {
  after?: Cursor | null
  type?: string[] | null
  resource?: string | null
  first?: number | null
}

const eventTypes = [
  'ResourceCreated',
  'ResourceUpdated',
  'ResourceDeleted',
  'ResourceMerged',
  'LinkAdded',
  'LinkRemoved',
  'SourceSynced',
  'SyncHeld',
  'SourceFailed',
  'LogRestored',
  'TokenCreated',
  'TokenRevoked',
]

async function events(_: unknown, args: EventsArguments, context: Context, info: GraphQLResolveInfo) {
  const { count, isDefault } = toPageRequest({ first: args.first }, () => '', pageSizeLimit)
  const request = await requestOf(args, context)
  const { epoch } = context.events.cursor()
  const read = await context.events.read({ ...request, ...afterOf(args.after, epoch), first: count + 1 })
  const shown = read.slice(0, count)
  const hasNextPage = read.length > count
  if (isDefault && hasNextPage) noteTruncated(context, info)
  const cursorAt = (event: { seq: number } | undefined) =>
    event ? formatCursor({ epoch, seq: event.seq }) : null
  const nodes = shown.map((event) => toEvent(context, event))
  return {
    nodes,
    edges: shown.map((event, index) => ({ node: nodes[index], cursor: cursorAt(event) })),
    pageInfo: {
      hasNextPage,
      hasPreviousPage: args.after != null,
      startCursor: cursorAt(shown[0]),
      endCursor: cursorAt(shown.at(-1)),
    },
    totalCount: () => context.events.count(request),
  }
}

async function requestOf({ type, resource }: EventsArguments, context: Context) {
  const unknown = type?.find((one) => !eventTypes.includes(one))
  if (unknown !== undefined) {
    throw invalidInput(
      `There are no events of type ${unknown.slice(0, 60)}: one of ${eventTypes.join(', ')}`,
      'type',
    )
  }
  const vertex =
    resource == null ? undefined : await getRef(context, context.graph, resource, { path: 'resource' })
  return { ...(type == null ? {} : { types: type }), ...(vertex ? { resourceId: vertex.id } : {}) }
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

export const event = { Query: { events } }
