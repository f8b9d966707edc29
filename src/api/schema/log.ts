/** Log lines of resources: the newest first, in pages whose cursor says how far one has come, and how many lines of that millisecond were shown. */
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { formatPageCursor, markOf, parsePageCursor, toPageRequest } from '../../graph/page.ts'
import {
  levels,
  severityOf,
  wordsOf,
  type KeptLine,
  type LineQuery,
  type StoreAnswer,
} from '../../log-line/index.ts'
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
interface StoredLine extends KeptLine {
  store: string
}
const mostWords = 20
const ownStore = 'plenum'

export function logs(view: View, args: LogArguments, context: Context, info: GraphQLResolveInfo): unknown {
  presentOnly(view.graph, 'logs')
  const { vertex } = view
  return connect(context, view.graph, args, info, [vertex.id], (asked) =>
    loaderOf(context, asked).load(vertex),
  )
}

/** Of a set; `isAll`: of all that there are. */
export function connectSet(
  context: Context,
  graph: Graph,
  { vertices, isAll }: { vertices: readonly Vertex[]; isAll: boolean },
  args: LogArguments & { filter: unknown },
  info: GraphQLResolveInfo,
): Promise<object> {
  const ids = isAll ? {} : { resourceIds: vertices.map(({ id }) => id) }
  return connect(context, graph, args, info, [args.filter], async ({ query, most }) => {
    const start = performance.now()
    const [own, others] = await Promise.all([
      context.logs.of({ ...query, ...ids }, most).then((lines) => toAnswer(lines, start)),
      askSources(context, vertices, query, most),
    ])
    return [own, ...others]
  })
}

const loaders = new WeakMap<Context, Map<string, DataLoader<Vertex, StoreAnswer[]>>>()

/** One read for all rows of a level that ask the same. */
function loaderOf(context: Context, { name, query, most }: Asked): DataLoader<Vertex, StoreAnswer[]> {
  const known = loaders.get(context) ?? new Map<string, DataLoader<Vertex, StoreAnswer[]>>()
  loaders.set(context, known)
  let loader = known.get(name)
  if (loader === undefined)
    known.set(name, (loader = new DataLoader((vertices) => readEach(context, vertices, query, most))))
  return loader
}

async function readEach(
  context: Context,
  vertices: readonly Vertex[],
  query: Query,
  most: number,
): Promise<StoreAnswer[][]> {
  const start = performance.now()
  const ids = vertices.map(({ id }) => id)
  const [own, others] = await Promise.all([
    context.logs
      .each(ids, query, most)
      .then((found) => ids.map((id) => toAnswer(found.get(id) ?? [], start))),
    Promise.all(vertices.map((vertex) => askSources(context, [vertex], query, most))),
  ])
  return own.map((answer, index) => [answer, ...others[index]!])
}

const toAnswer = (lines: readonly KeptLine[], start: number): StoreAnswer => ({
  ...{ name: ownStore, status: 'OK', failure: null, lines },
  tookSeconds: (performance.now() - start) / 1_000,
})

/** Of what a source that keeps lines knows; and of what others know, where it finds that by its name or labels. */
async function askSources(
  context: Context,
  vertices: readonly Vertex[],
  { tenants, ...query }: Query,
  most: number,
): Promise<StoreAnswer[]> {
  const stores = context.sources.logStores()
  if (stores.size === 0) return []
  const listed = vertices.filter(
    ({ kind, sources }) => logged.has(kind.name) && sources.some((id) => stores.has(id)),
  )
  const origins =
    listed.length === 0 ? undefined : await context.resources.originsOf(listed.map(({ id }) => id))
  const targets = listed.flatMap(({ id }) =>
    (origins?.get(id) ?? [])
      .filter(({ sourceId }) => stores.get(sourceId)?.keyOf === undefined)
      .map(({ sourceId, key }) => ({ resourceId: id, sourceId, key })),
  )
  // Tenants choose names of what is theirs: one could call it like what is another's.
  if (tenants === undefined) targets.push(...namedTargets(stores, vertices))
  return context.sources.logs({ targets, query, most }, context.signal)
}

const namedTargets = (stores: ReturnType<Context['sources']['logStores']>, vertices: readonly Vertex[]) =>
  [...stores].flatMap(([sourceId, { keyOf }]) =>
    vertices.flatMap(({ id, kind, name, fields, labels }) => {
      const key = keyOf?.({ kind: kind.name, name, fields, labels })
      return key === undefined ? [] : [{ resourceId: id, sourceId, key }]
    }),
  )

/** Kinds whose lines sources keep. */
const logged: ReadonlySet<string> = new Set(['Container'])

/** The newest first; of one millisecond by store, so that pages go on where they ended. */
const merged = (answers: readonly StoreAnswer[]): StoredLine[] =>
  answers
    .flatMap(({ name, lines }) => lines.map((line) => ({ ...line, store: name })))
    .sort((one, other) => other.at - one.at)

async function connect(
  context: Context,
  graph: Graph,
  args: LogArguments,
  info: GraphQLResolveInfo,
  owner: unknown[],
  read: (asked: Asked) => Promise<StoreAnswer[]>,
): Promise<object> {
  const { range, contains, severity, first, after } = args
  const mark = markOf(info.fieldName, ...owner, range, contains ?? null, severity ?? null)
  const { count, isDefault } = toPageRequest({ first }, () => mark, pageSizeLimit)
  const place = after == null ? undefined : parsePageCursor(after, mark, 'after')
  const [at, shown] = place === undefined ? [undefined, 0] : [Number(place[0]), Number(place[1])]
  const query = toQuery(context, args, at)
  const stores = await read({ name: JSON.stringify(args), query, most: count + shown + 1 })
  const lines = merged(stores)
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

const toLine = (context: Context, graph: Graph, line: StoredLine): object => ({
  ...{ at: line.at, toldAt: line.toldAt, program: line.program, text: line.text, store: line.store },
  severity: severityOf(line),
  level: line.level === null ? null : levels[line.level],
  resource: () => see(context, graph, graph.get(line.resourceId)),
  interface: () => (line.interfaceId === null ? null : see(context, graph, graph.get(line.interfaceId))),
})
