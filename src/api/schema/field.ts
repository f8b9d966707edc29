/** Resolvers of a kind's own fields, made from its definition. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import { derive } from '../../graph/derive.ts'
import type { Derived, Field, KindDefinition, Walk } from '../../resource/kind/kind.ts'
import { connectNear, type VertexArguments } from './connection.ts'
import { loadersOf } from './loader.ts'
import { plain } from './plain.ts'
import type { FieldResolver } from './resource.ts'
import { see, seeAll, seeFirst, type View } from './view.ts'

export function resolverOfField(kind: KindDefinition, name: string, field: Field): FieldResolver {
  if (field.from === 'property') return plain(({ vertex }) => vertex.fields[name] ?? null)
  if (field.from === 'walk') return walkResolvers[field.shape](field)
  return kind.name === 'Source' && name === 'state' ? sourceState : plain(derivedResolver(field))
}

const walkResolvers: Record<Walk['shape'], (walk: Walk) => FieldResolver> = {
  one: (walk) =>
    plain((view, _, context) => seeFirst(context, view.graph, view.graph.walk(view.vertex, walk.steps))),
  list: (walk) =>
    plain((view, _, context) => seeAll(context, view.graph, view.graph.walk(view.vertex, walk.steps))),
  connection: (walk) => (view: View, args: VertexArguments, context: Context, info: GraphQLResolveInfo) => {
    const list = view.graph.walk(view.vertex, walk.steps)
    return connectNear(context, view.graph, view.id, walk.to, list, args, info)
  },
}

const noState = {
  lastSyncAt: null,
  tookSeconds: null,
  seen: null,
  changed: null,
  failure: null,
  held: null,
  pushLagSeconds: null,
  breaker: null,
}

/** Not in the graph: a sync that changes nothing writes no event. */
async function sourceState({ vertex }: View, _: unknown, context: Context): Promise<object> {
  return (await loadersOf(context).sourceState.load(vertex.id)) ?? noState
}

function derivedResolver(field: Derived): FieldResolver {
  return (view, _, context) => shown(derive(field.by, view.graph, view.vertex), view, context)
}

/** Derived values hold vertices; callers get what they may see of them. */
function shown(value: unknown, view: View, context: Context): unknown {
  if (Array.isArray(value)) return value.map((item) => shown(item, view, context))
  if (typeof value !== 'object' || value === null) return value
  if (isVertex(value)) return see(context, view.graph, value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item, view, context)]))
}

const isVertex = (value: object): value is View['vertex'] =>
  'kind' in value && 'fields' in value && 'generation' in value
