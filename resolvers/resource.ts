import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../src/context.ts'
import { limitExceeded } from '../src/errors.ts'
import {
  connectAll,
  findNode,
  findRef,
  graphOfRef,
  pageSizeLimit,
  see,
  andThen,
  type RootArguments,
} from '../src/api/schema/read.ts'

function resourceOf(context: Context, ref: string, asOf: number | null | undefined) {
  return andThen(graphOfRef(context, ref, asOf), (graph) =>
    andThen(findRef(context, graph, ref), (vertex) => see(context, graph, vertex)),
  )
}

/** A list in an argument is bounded as a page is. */
function bounded(list: readonly string[], name: string): readonly string[] {
  if (list.length <= pageSizeLimit) return list
  throw limitExceeded(
    'pageSize',
    pageSizeLimit,
    `${name} may hold at most ${pageSizeLimit}; it holds ${list.length}`,
    list.length,
  )
}

/** An error of one entry fails that entry only. */
function each<T>(list: readonly string[], read: (one: string) => T): (T | Error)[] {
  return list.map((one) => {
    try {
      return read(one)
    } catch (error) {
      return error as Error
    }
  })
}

const Query = {
  cursor: (_: unknown, __: unknown, { graph }: Context) => graph.cursor,
  node: (_: unknown, { id }: { id: string }, context: Context) => findNode(context, id),
  nodes: (_: unknown, { ids }: { ids: string[] }, context: Context) =>
    each(bounded(ids, 'ids'), (id) => findNode(context, id)),
  resource: (_: unknown, { ref, asOf }: { ref: string; asOf?: number | null }, context: Context) =>
    resourceOf(context, ref, asOf),
  resourcesByRef: (_: unknown, { refs, asOf }: { refs: string[]; asOf?: number | null }, context: Context) =>
    each(bounded(refs, 'refs'), (ref) => resourceOf(context, ref, asOf)),
  resources: (_: unknown, args: RootArguments, context: Context, info: GraphQLResolveInfo) =>
    connectAll(context, 'Resource', args, info),
}

export const resource = { Query }
