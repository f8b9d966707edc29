/** Log lines of resources: the newest first, in pages whose cursor says how far one has come, and how many lines of that millisecond were shown. */
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Graph } from '../../graph/graph.ts'
import { formatPageCursor, markOf, parsePageCursor, toPageRequest } from '../../graph/page.ts'
import { levels, severityOf, wordsOf, type KeptLine, type LineQuery } from '../../log-line/index.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { pageSizeLimit } from './connection.ts'
import { presentOnly } from './instant.ts'
import { toGrid, type TimeRangeInput } from './metric.ts'
import { noteTruncated } from './truncated.ts'
import { see, type View } from './view.ts'

export interface LogArguments {
  range: TimeRangeInput
  contains?: string | null
  severity?: Severity[] | null
  first?: number | null
  after?: string | null
}

type Query = Omit<LineQuery, 'resourceIds'>
interface Asked {
  /** The same for rows that ask the same. */
  name: string
  query: Query
  /** Lines that are to be read of each store: the page, one more, and those that were shown already. */
  most: number
}
/** What the stores say, by where they keep it. */
interface Told {
  lines: readonly (KeptLine & { store: string })[]
  stores: readonly object[]
}

const mostWords = 20
const ownStore = 'plenum'

export function logs(view: View, args: LogArguments, context: Context, info: GraphQLResolveInfo): unknown {
  presentOnly(view.graph, 'logs')
  const { id } = view.vertex
  return connect(context, view.graph, args, info, [id], (asked) => loaderOf(context, asked).load(id))
}

/** Of a set, whose ids are given; absent: of all. */
export function connectSet(
  context: Context,
  graph: Graph,
  resourceIds: readonly ResourceId[] | undefined,
  args: LogArguments & { filter: unknown },
  info: GraphQLResolveInfo,
): Promise<object> {
  return connect(context, graph, args, info, [args.filter], ({ query, most }) =>
    timed(() => context.logs.of({ ...query, ...(resourceIds ? { resourceIds } : {}) }, most)),
  )
}

const loaders = new WeakMap<Context, Map<string, DataLoader<ResourceId, Told>>>()

/** One read for all rows of a level that ask the same. */
function loaderOf(context: Context, { name, query, most }: Asked): DataLoader<ResourceId, Told> {
  const known = loaders.get(context) ?? new Map<string, DataLoader<ResourceId, Told>>()
  loaders.set(context, known)
  let loader = known.get(name)
  if (loader === undefined)
    known.set(
      name,
      (loader = new DataLoader(async (ids) => {
        const start = performance.now()
        const found = await context.logs.each(ids, query, most)
        return ids.map((id) => toTold(found.get(id) ?? [], start))
      })),
    )
  return loader
}

async function timed(read: () => Promise<KeptLine[]>): Promise<Told> {
  const start = performance.now()
  return toTold(await read(), start)
}

const toTold = (lines: readonly KeptLine[], start: number): Told => ({
  lines: lines.map((line) => ({ ...line, store: ownStore })),
  stores: [{ name: ownStore, status: 'OK', tookSeconds: (performance.now() - start) / 1_000, failure: null }],
})

async function connect(
  context: Context,
  graph: Graph,
  args: LogArguments,
  info: GraphQLResolveInfo,
  owner: unknown[],
  read: (asked: Asked) => Promise<Told>,
): Promise<object> {
  const { range, contains, severity, first, after } = args
  const mark = markOf(info.fieldName, ...owner, range, contains ?? null, severity ?? null)
  const { count, isDefault } = toPageRequest({ first }, () => mark, pageSizeLimit)
  const place = after == null ? undefined : parsePageCursor(after, mark, 'after')
  const [at, shown] = place === undefined ? [undefined, 0] : [Number(place[0]), Number(place[1])]
  const query = toQuery(context, args, at)
  const { lines, stores } = await read({ name: JSON.stringify(args), query, most: count + shown + 1 })
  const rest = lines.slice(shown)
  const page = rest.slice(0, count)
  const hasNextPage = rest.length > count
  if (isDefault && hasNextPage) noteTruncated(context, info)
  const edges = page.map((line, index) => ({
    node: toLine(context, graph, line),
    cursor: () => formatPageCursor(mark, [line.at, shownAt(lines, shown + index)]),
  }))
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    stores,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: place !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

/** How many lines of the same millisecond have been shown by then; all of it was read, since reading began there. */
function shownAt(lines: readonly KeptLine[], last: number): number {
  let count = 0
  for (let index = last; index >= 0 && lines[index]!.at === lines[last]!.at; index--) count++
  return count
}

function toQuery(
  { viewer }: Context,
  { range, contains, severity }: LogArguments,
  until: number | undefined,
): Query {
  const { from, to } = toGrid(range, null, '')
  const words = contains == null ? [] : wordsOf(contains)
  if (contains != null && words.length === 0)
    throw invalidInput('A word is needed: letters or digits', 'contains')
  if (words.length > mostWords) throw invalidInput(`At most ${mostWords} words`, 'contains')
  return {
    ...{ from, to: until ?? to, words },
    ...(severity == null ? {} : { severities: severity }),
    ...(viewer.tenants === undefined ? {} : { tenants: [...viewer.tenants] }),
  }
}

const toLine = (context: Context, graph: Graph, line: KeptLine & { store: string }): object => ({
  ...{ at: line.at, toldAt: line.toldAt, program: line.program, text: line.text, store: line.store },
  severity: severityOf(line.level),
  level: levels[line.level],
  resource: () => see(context, graph, graph.get(line.resourceId)),
  interface: () => (line.interfaceId === null ? null : see(context, graph, graph.get(line.interfaceId))),
})
