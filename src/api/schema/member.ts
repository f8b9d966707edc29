/** Links of a resource or of a line in a picture, as a connection. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import type { Graph, GraphLink } from '../../graph/graph.ts'
import type { PageArguments } from '../../graph/page.ts'
import { connectList, type Connection } from './connection.ts'
import { canSeeLink, LinkView } from './view.ts'

const keysOf = ({ type, from, to }: GraphLink): (string | number)[] => [type, from.id, to.id]

function compareKeys(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  const at = left.findIndex((value, index) => value !== right[index])
  return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1
}

export function connectLinks(
  context: Context,
  info: GraphQLResolveInfo,
  graph: Graph,
  args: PageArguments,
  list: { owner: unknown[]; links: readonly GraphLink[]; keys?: (link: GraphLink) => (string | number)[] },
): Connection<GraphLink> {
  const { owner, links, keys = keysOf } = list
  return connectList(context, info, args, {
    owner,
    items: links.filter((link) => canSeeLink(context, link)).sort((a, b) => compareKeys(keys(a), keys(b))),
    keys,
    node: (link) => new LinkView(graph, link),
  })
}

/** The field `members` of a line in a picture. */
export const connectMembers =
  (context: Context, graph: Graph, id: string, links: readonly GraphLink[]) =>
  (args: PageArguments, _: Context, info: GraphQLResolveInfo): Connection<GraphLink> =>
    connectLinks(context, info, graph, args, { owner: [id, graph.asOf], links })
