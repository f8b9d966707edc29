import {
  findPaths,
  getRef,
  graphOf,
  seeAll,
  seeLinks,
  visibleTo,
  type LinkType,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput, limitExceeded } from '../src/errors.ts'

interface PathArguments {
  from: string
  to: string
  type?: LinkType[] | null
  max?: number | null
  asOf?: number | null
}

const mostPaths = 100

async function path(_: unknown, args: PathArguments, context: Context) {
  const max = args.max ?? 1
  if (max < 1) throw invalidInput(`max must be 1 or more; it is ${max}`, 'max')
  if (max > mostPaths)
    throw limitExceeded('paths', mostPaths, `max may be at most ${mostPaths}; it is ${max}`, max)
  const graph = await graphOf(context, args.asOf)
  const from = await getRef(context, graph, args.from, { path: 'from' })
  const to = await getRef(context, graph, args.to, { path: 'to' })
  const options = {
    max,
    signal: context.signal,
    ...(args.type ? { type: args.type } : {}),
    ...visibleTo(context),
  }
  return findPaths(graph, from, to, options).map(({ vertices, links }) => ({
    length: links.length,
    nodes: seeAll(context, graph, vertices),
    links: seeLinks(context, graph, links),
  }))
}

export const ways = { Query: { path } }
