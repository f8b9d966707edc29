/** Connections: a list, its filter, its order, and the page of it that is asked for; each part worked out when it is selected, and once. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import { checkTime } from '../../deadline.ts'
import { candidates, toTest, type Filter, type VertexTest } from '../../graph/filter.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { toOrder, type Order, type OrderTerm, type SortValue } from '../../graph/order.ts'
import {
  formatPageCursor,
  markOf,
  takePage,
  toPageRequest,
  type Listing,
  type PageArguments,
  type PageOf,
  type PageRequest,
} from '../../graph/page.ts'
import { access, seesAll } from '../../graph/scope.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { InterfaceName } from '../../resource/kind/kind.ts'
import { toFilter, type FilterInput } from './ask.ts'
import { graphOf } from './instant.ts'
import { andThen, type Soon } from './soon.ts'
import { statOf, type StatArguments } from './stat.ts'
import { noteTruncated } from './truncated.ts'
import { see } from './view.ts'

/** More than this on one page is refused. */
export const pageSizeLimit = 1_000

export interface ConnectionParts<T> {
  listing: Listing<T>
  request: PageRequest
  mark: () => string
  /** What `node` is. */
  node: (item: T) => unknown
  /** What an edge has beside node and cursor. */
  edge?: (item: T) => object
  /** Of resources: where they are from. */
  graph?: Graph
}

/** What resolvers of connection types get as their source. */
export class Connection<T> {
  readonly #parts: ConnectionParts<T>
  readonly #context: Context
  readonly #info: GraphQLResolveInfo
  #page: PageOf<T> | undefined
  #total: number | undefined

  constructor(context: Context, info: GraphQLResolveInfo, parts: ConnectionParts<T>) {
    this.#context = context
    this.#info = info
    this.#parts = parts
  }

  nodes(): unknown[] {
    return this.#shown().items.map(this.#parts.node)
  }

  edges(): unknown[] {
    const { node, edge } = this.#parts
    return this.#shown().items.map((item) => ({
      node: node(item),
      cursor: () => this.#cursorOf(item),
      ...edge?.(item),
    }))
  }

  pageInfo(): object {
    const { items, hasNextPage, hasPreviousPage } = this.#taken()
    const cursorAt = (index: number) => () => {
      const item = items.at(index)
      return item === undefined ? null : this.#cursorOf(item)
    }
    return { hasNextPage, hasPreviousPage, startCursor: cursorAt(0), endCursor: cursorAt(-1) }
  }

  #cursorOf(item: T): string {
    const { listing, mark } = this.#parts
    return formatPageCursor(mark(), listing.order.keys(item))
  }

  totalCount(): number {
    const { items, test } = this.#parts.listing
    return (this.#total ??= test ? countOf(items, test) : items.length)
  }

  /** Of connections of resources. */
  stat(args: StatArguments): number | null {
    const { items, test } = this.#parts.listing
    const { graph } = this.#parts
    if (graph === undefined) throw new Error('only connections of resources have stat')
    return statOf(this.#context, graph, (test ? items.filter(test) : items) as readonly Vertex[], args)
  }

  #taken(): PageOf<T> {
    return (this.#page ??= takePage(this.#parts.listing, this.#parts.request))
  }

  #shown(): PageOf<T> {
    const page = this.#taken()
    if (this.#parts.request.isDefault && page.hasNextPage) noteTruncated(this.#context, this.#info)
    return page
  }
}

function countOf<T>(items: readonly T[], test: (item: T) => boolean): number {
  let count = 0
  for (const item of items) if (test(item)) count++
  return count
}

export interface VertexArguments extends PageArguments {
  filter?: FilterInput | null
  orderBy?: readonly { field: string; direction?: 'ASC' | 'DESC' | null }[] | null
}

export type RootArguments = VertexArguments & { asOf?: number | null }

interface Prepared {
  filter: Filter
  test: VertexTest | undefined
  order: Order<Vertex>
  mark: () => string
}

/** What rows of one level share: the filter is read once a query, however many rows have the field. */
const prepared = new WeakMap<Context, Map<unknown, { graph: Graph; type: string; made: Soon<Prepared> }[]>>()

function prepare(
  context: Context,
  graph: Graph,
  type: KindName | InterfaceName,
  args: VertexArguments,
  info: GraphQLResolveInfo,
): Soon<Prepared> {
  let known = prepared.get(context)
  if (!known) prepared.set(context, (known = new Map()))
  const node = info.fieldNodes[0]
  const entries = known.get(node) ?? []
  const found = entries.find((entry) => entry.graph === graph && entry.type === type)
  if (found) return found.made
  const made = andThen(toFilter(context, graph, type, args.filter), (filter): Prepared => {
    const terms = (args.orderBy ?? []).map(({ field, direction }): OrderTerm => ({
      field,
      direction: direction ?? 'ASC',
    }))
    let mark: string | undefined
    return {
      filter,
      test: timed(context, visible(context, toTest(graph, filter))),
      order: toOrder(graph, type, terms),
      // Most lists show no cursor.
      mark: () => (mark ??= markOf(info.fieldName, type, args.filter ?? null, terms)),
    }
  })
  known.set(node, [...entries, { graph, type, made }])
  return made
}

const timeEvery = 4_096

/** A filter that looks through very many ends in time all the same. */
function timed({ signal }: Context, test: VertexTest | undefined): VertexTest | undefined {
  let count = 0
  return (
    test &&
    ((vertex) => {
      if (++count % timeEvery === 0) checkTime(signal)
      return test(vertex)
    })
  )
}

function visible(context: Context, test: VertexTest | undefined): VertexTest | undefined {
  if (seesAll(context.viewer)) return test
  return (vertex) => access(context.viewer, vertex) !== null && (!test || test(vertex))
}

/** A connection over what a resource's field leads to. `list` is in ascending order of ids. */
export function connectNear(
  context: Context,
  graph: Graph,
  owner: string,
  type: KindName | InterfaceName,
  list: readonly Vertex[],
  args: VertexArguments,
  info: GraphQLResolveInfo,
): Soon<Connection<Vertex>> {
  return andThen(prepare(context, graph, type, args, info), ({ test, order, mark }) => {
    const ownMark = (): string => markOf(mark(), owner)
    return new Connection(context, info, {
      listing: { items: list, test, order },
      request: toPageRequest(args, ownMark, pageSizeLimit),
      mark: ownMark,
      node: (vertex) => see(context, graph, vertex),
      graph,
    })
  })
}

/** A root connection over all of a type. */
export function connectAll(
  context: Context,
  type: KindName | InterfaceName,
  args: RootArguments,
  info: GraphQLResolveInfo,
): Soon<Connection<Vertex>> {
  return andThen(graphOf(context, args.asOf), (graph) =>
    andThen(prepare(context, graph, type, args, info), ({ filter, test, order, mark }) => {
      const ownMark = (): string => markOf(mark(), graph.asOf)
      return new Connection(context, info, {
        listing: { items: candidates(graph, type, filter), test, order },
        request: toPageRequest(args, ownMark, pageSizeLimit),
        mark: ownMark,
        node: (vertex) => see(context, graph, vertex),
        graph,
      })
    }),
  )
}

/** A connection over a short list that is in its order already; `keys` must rise along it. */
export function connectList<T>(
  context: Context,
  info: GraphQLResolveInfo,
  args: PageArguments,
  parts: {
    owner: unknown[]
    items: readonly T[]
    keys: (item: T) => SortValue[]
    node: (item: T) => unknown
    edge?: (item: T) => object
  },
): Connection<T> {
  const { owner, items, keys, node, edge } = parts
  const mark = (): string => markOf(info.fieldName, ...owner)
  return new Connection<T>(context, info, {
    listing: { items, order: { natural: true, keys, compareKeys: compareAscending } },
    request: toPageRequest(args, mark, pageSizeLimit),
    mark,
    node,
    ...(edge ? { edge } : {}),
  })
}

function compareAscending(left: readonly SortValue[], right: readonly SortValue[]): number {
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [left[index] ?? '', right[index] ?? '']
    if (a !== b) return a < b ? -1 : 1
  }
  return 0
}
