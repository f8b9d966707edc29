/** What changed: of one resource, or between two instants. Pages come from the tables; their cursors are bound to their query here. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import {
  formatPageCursor,
  markOf,
  parsePageCursor,
  toPageRequest,
  type PageArguments,
} from '../../graph/page.ts'
import type { HistoryEntry, Page, PageOf } from '../../resource/verbs.ts'
import { pageSizeLimit } from './connection.ts'
import { loadersOf } from './loader.ts'
import { tenantsOf, toldChanges } from './told.ts'
import { noteTruncated } from './truncated.ts'
import { seeId, type View } from './view.ts'

export async function history(
  view: View,
  args: PageArguments,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<object> {
  const { graph, vertex } = view
  return connectHistory(context, info, args, [view.id], (page) =>
    graph.asOf === null
      ? loadersOf(context).history(page).load(vertex.id)
      : context.resources.diff({ from: 0, to: graph.asOf, ids: [vertex.id] }, page),
  )
}

/** A connection of changes over a page that `read` gets from the tables. `owner` is what its cursors are bound to. */
export async function connectHistory(
  context: Context,
  info: GraphQLResolveInfo,
  args: PageArguments,
  owner: unknown[],
  read: (page: Page) => Promise<PageOf<HistoryEntry>>,
): Promise<object> {
  const mark = markOf(info.fieldName, ...owner)
  const { count, isDefault } = toPageRequest({ first: args.first }, () => mark, pageSizeLimit)
  const after = args.after == null ? undefined : String(parsePageCursor(args.after, mark, 'after')[0])
  const page = await read({
    first: count,
    ...(after === undefined ? {} : { after }),
    ...tenantsOf(context.viewer),
  })
  if (isDefault && page.hasNextPage) noteTruncated(context, info)
  const edges = page.items.map(({ item, cursor }) => ({
    node: toChange(context, item),
    cursor: formatPageCursor(mark, [cursor]),
  }))
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    totalCount: page.totalCount,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function toChange(context: Context, entry: HistoryEntry): object {
  const { resourceId, kind, name, action, at, seq, actor, changes } = entry
  return {
    resource: () => seeId(context, context.graph, resourceId),
    resourceId: String(resourceId),
    kind,
    name,
    action,
    at,
    actor,
    cursor: { epoch: context.graph.cursor.epoch, seq },
    changes: toldChanges(context, changes),
  }
}
