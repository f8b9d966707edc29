/** How many items a field has, as far as that can be known before it is read. */
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
} from 'graphql'
import type { Context } from '../../context.ts'
import type { Graph } from '../../graph/graph.ts'
import { defaultPageSize } from '../../graph/page.ts'
import { mostEvents } from '../subscription/message.ts'
import { isKindName } from '../../resource/kind/index.ts'
import type { Walk } from '../../resource/kind/kind.ts'
import { fieldsOfType } from '../schema/generate.ts'
import { averageOf, type TypeName } from './average.ts'

export type Arguments = Readonly<Record<string, unknown>>

export interface Asked {
  context: Context
  args: Arguments
  /** Items of the list around: of the connection whose `nodes` this is, of the input that a payload answers. */
  page: number | undefined
}

/** What a field adds to the cost of each object that has it. */
export interface Size {
  /** Objects that stand there; absent: one that only holds others, such as a connection. */
  items?: (asked: Asked) => number
  /** Items of the lists within. */
  page?: (asked: Asked) => number | undefined
  /** Resources that are looked through. */
  scanned?: (asked: Asked) => number
  /** Whether each of its objects is asked of a source. */
  isLive?: (args: Arguments) => boolean
}

/** Alerts and incidents that are over, of which a list tells. */
const mostOver = 1_000
/** Lists that are short by nature: labels, origins, identities. */
const shortList = 4
/** Most nodes of a topology, unless it says otherwise. */
const topologyNodes = 500
/** Events that one message of a subscription has: when things change, and while it tells the present state. */
const messageEvents = 100

export const isResourceType = (name: string): name is TypeName =>
  isKindName(name) || ['Resource', 'Hardware', 'Machine'].includes(name)

const isConnection = (name: string): boolean => name.endsWith('Connection')

/** Undefined: the field costs nothing to speak of, nor does what is in it. */
export function sizeOf(
  parent: GraphQLCompositeType,
  field: GraphQLField<unknown, unknown>,
): Size | undefined {
  const type = getNamedType(field.type)
  if (!isCompositeType(type)) return undefined
  if (isConnection(type.name)) return connectionSize(parent.name, field.name, type)
  if (isListType(getNullableType(field.type))) return listSize(parent.name, field.name, type.name)
  if (type.name === 'PageInfo') return undefined
  if (isResourceType(type.name)) return { items: () => 1 }
  if (type.name === 'ResourceEvents')
    return {
      items: () => 1,
      page: ({ context: { graph }, args }) =>
        args['snapshot'] === true ? Math.min(mostEvents, graph.ofType('Resource').length) : messageEvents,
    }
  return { items: () => 1, page: ({ args }) => statedOf(args), isLive: () => field.name === 'syncSource' }
}

/** Of what an argument lists, or says itself. */
function statedOf(args: Arguments): number | undefined {
  if ('root' in args) return numberOf(args['limit']) ?? topologyNodes
  const input = (args['input'] ?? args) as Arguments
  const longest = Math.max(0, ...Object.values(input).map((one) => (Array.isArray(one) ? one.length : 0)))
  return longest === 0 ? undefined : longest
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 ? value : undefined

const pageOf = (args: Arguments): number =>
  numberOf(args['first']) ?? numberOf(args['last']) ?? defaultPageSize

const isGiven = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

function connectionSize(parent: string, field: string, type: GraphQLCompositeType): Size {
  const node = isObjectType(type) ? nodeOf(type.getFields()) : undefined
  if (isResourceType(parent)) {
    const count = countNear(parent, field)
    return { page: ({ context, args }) => Math.min(pageOf(args), count(context.graph)) }
  }
  if (parent === 'Incident' && node !== undefined) return { page: withinIncident(node) }
  if (parent === 'Query' && (node === 'Alert' || node === 'Incident'))
    return { page: ({ context, args }) => Math.min(pageOf(args), countTold(context, node, args)) }
  if (parent !== 'Query' || node === undefined || !isResourceType(node))
    return { page: ({ args }) => pageOf(args) }
  const countAll = ({ context }: Asked): number => context.graph.ofType(node).length
  if (field === 'search') return { page: (asked) => Math.min(pageOf(asked.args), countAll(asked)) }
  return {
    page: (asked) => Math.min(pageOf(asked.args), countAll(asked)),
    scanned: (asked) =>
      isGiven(asked.args['filter']) || isGiven(asked.args['orderBy']) ? countAll(asked) : 0,
  }
}

const countOpen = ({ alerts }: Context, type: 'Alert' | 'Incident'): number =>
  [...(type === 'Alert' ? alerts.open() : alerts.openIncidents())].length

/** Those that are open, and the latest of those that are over where they are asked for. */
function countTold(context: Context, type: 'Alert' | 'Incident', args: Arguments): number {
  const { state } = (args['filter'] ?? {}) as { state?: readonly string[] | null }
  const isOver = state?.some((one) => one === 'RESOLVED' || one === 'CLOSED') ?? false
  return countOpen(context, type) + (isOver ? mostOver : 0)
}

/** What hangs on a cause is at most what there is. */
const withinIncident =
  (node: string) =>
  ({ context, args }: Asked): number => {
    if (node === 'Alert') return Math.min(pageOf(args), Math.max(shortList, countOpen(context, 'Alert')))
    return Math.min(pageOf(args), context.graph.ofType('Resource').length)
  }

const nodeOf = (fields: Readonly<Record<string, GraphQLField<unknown, unknown>>>): string | undefined =>
  fields['nodes'] && getNamedType(fields['nodes'].type).name

/** Of what stands along links: the average over resources of the type. */
function countNear(parent: TypeName, name: string): (graph: Graph) => number {
  const field = fieldsOfType(parent)[name]
  if (field?.from === 'walk')
    return (graph) => averageOf(graph, parent, name, (vertex) => countAlong(graph, vertex, name))
  if (name === 'links') return (graph) => averageOf(graph, parent, name, (vertex) => graph.degree(vertex))
  if (name === 'services' || name === 'alerts') return () => shortList
  return (graph) => graph.ofType('Resource').length
}

function countAlong(graph: Graph, vertex: Parameters<Graph['walk']>[0], name: string): number {
  const walk = vertex.kind.fields[name] as Walk
  return graph.walk(vertex, walk.steps).length
}

function listSize(parent: string, field: string, type: string): Size {
  if (field === 'nodes' || field === 'edges') return { items: ({ page }) => page ?? shortList }
  if (isResourceType(parent)) {
    if (field === 'readings' || field === 'series')
      return { items: ({ args }) => statedOf(args) ?? shortList, isLive: (args) => args['maxAge'] != null }
    const walk = fieldsOfType(parent)[field]?.from === 'walk'
    return { items: walk ? ({ context }) => countNear(parent, field)(context.graph) : () => shortList }
  }
  if (parent === 'Query') return rootList(field, type)
  return { items: ({ page }) => page ?? shortList }
}

function rootList(field: string, type: string): Size {
  const all = ({ context }: Asked): number => context.graph.ofType('Resource').length
  if (field === 'path') return { items: ({ args }) => numberOf(args['max']) ?? 1 }
  if (field === 'resourcesByRef' || field === 'nodes') return { items: ({ args }) => statedOf(args) ?? 0 }
  const items = isResourceType(type)
    ? ({ context }: Asked) => context.graph.ofType(type).length
    : ({ args }: Asked) => numberOf(args['top']) ?? defaultPageSize
  return { items, scanned: (asked) => ('filter' in asked.args || 'groupBy' in asked.args ? all(asked) : 0) }
}
