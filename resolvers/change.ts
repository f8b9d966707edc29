import type { GraphQLResolveInfo } from 'graphql'
import {
  carriedBy,
  connectHistory,
  getRef,
  graphOf,
  matching,
  type FilterInput,
  type Graph,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput, PlenumError } from '../src/errors.ts'

interface DiffArguments {
  from: number
  to?: number | null
  root?: string | null
  filter?: FilterInput | null
  first?: number | null
  after?: string | null
}

async function diff(_: unknown, args: DiffArguments, context: Context, info: GraphQLResolveInfo) {
  const { from, root, filter } = args
  const to = args.to ?? Date.now()
  if (to < from) throw invalidInput('to lies before from', 'to')
  const ids = root == null && filter == null ? undefined : await idsWithin(context, args)
  const owner = [from, args.to ?? null, root ?? null, filter ?? null]
  return connectHistory(context, info, args, owner, (page) =>
    context.resources.diff(ids === undefined ? { from, to } : { from, to, ids }, page),
  )
}

/** What matches at either end of the time; what came and went in between is seen by neither. */
async function idsWithin(context: Context, args: DiffArguments): Promise<number[]> {
  const before = await graphBefore(context, args.from)
  const after = await graphOf(context, args.to)
  const ids = new Set<number>()
  for (const graph of before ? [before, after] : [after]) {
    for (const id of await idsIn(context, graph, args)) ids.add(id)
  }
  return [...ids].sort((a, b) => a - b)
}

/** Nothing when the history begins later. */
async function graphBefore(context: Context, instant: number): Promise<Graph | undefined> {
  try {
    return await graphOf(context, instant)
  } catch (error) {
    if (error instanceof PlenumError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

async function idsIn(context: Context, graph: Graph, { root, filter }: DiffArguments): Promise<number[]> {
  const found = await matching(context, graph, 'Resource', filter)
  if (root == null) return found.map((vertex) => vertex.id)
  const { id } = await getRef(context, context.graph, root, { path: 'root' })
  const start = graph.get(id)
  if (start === undefined) return []
  const within = carriedBy(graph, start)
  return found.filter((vertex) => within.has(vertex)).map((vertex) => vertex.id)
}

export const change = { Query: { diff } }
