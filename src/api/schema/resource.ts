/** Resolvers of the fields that every resource has. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { GraphLink, Reached, ReachOptions } from '../../graph/graph.ts'
import type { PageArguments } from '../../graph/page.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { LinkType } from '../../resource/kind/link.ts'
import type { ProvenanceEntry } from '../../resource/verbs.ts'
import { alerts } from './alert.ts'
import { connectList, connectNear, type VertexArguments } from './connection.ts'
import { history } from './history.ts'
import { presentOnly } from './instant.ts'
import { loadersOf } from './loader.ts'
import { logs } from './log.ts'
import { connectLinks } from './member.ts'
import { readings, series } from './metric.ts'
import { servicesOn } from './carried.ts'
import { see, seeId, seeLinks, visibleTo, type View } from './view.ts'

export type FieldResolver = (view: View, args: never, context: Context, info: GraphQLResolveInfo) => unknown

/** What NAME_ONLY leaves. */
export const nameOnlyFields: ReadonlySet<string> = new Set([
  'id',
  'currentId',
  'asOf',
  'kind',
  'name',
  'access',
  'status',
  'health',
])

interface LinksArguments extends PageArguments {
  type?: LinkType[] | null
  direction?: 'OUT' | 'IN' | 'BOTH' | null
  kind?: KindName[] | null
}
interface ReachArguments extends PageArguments {
  depth?: number | null
  kind?: KindName[] | null
}

export const resourceFields: Readonly<Record<string, FieldResolver>> = {
  id: (view) => view.id,
  currentId: ({ vertex }) => String(vertex.id),
  asOf: ({ graph }) => graph.asOf,
  kind: ({ vertex }) => vertex.kind.name,
  name: ({ vertex }) => vertex.name,
  access: (view) => view.access,
  status: ({ vertex }) => vertex.status,
  health: ({ vertex }) => vertex.health,
  labels: ({ vertex }) =>
    Object.keys(vertex.labels)
      .sort()
      .map((key) => ({ key, value: vertex.labels[key] })),
  owner: ({ vertex }) => vertex.owner,
  contact: ({ vertex }) => vertex.contact,
  generation: ({ vertex }) => vertex.generation,
  revision: ({ vertex }) => vertex.revision,
  createdAt: ({ vertex }) => vertex.createdAt,
  updatedAt: ({ vertex }) => vertex.updatedAt,
  tenant: ({ graph, vertex }, _, context) => seeId(context, graph, vertex.tenantId),
  site: ({ graph, vertex }, _, context) => seeId(context, graph, vertex.siteId),
  attributes(view, _, context) {
    presentOnly(view.graph, 'attributes')
    return loadersOf(context).attributes.load(view.vertex.id)
  },
  async attribute(view, { path }: { path: string }, context) {
    presentOnly(view.graph, 'attribute')
    return atPath(await loadersOf(context).attributes.load(view.vertex.id), path)
  },
  async observedAt(view, _, context) {
    presentOnly(view.graph, 'observedAt')
    const origins = await loadersOf(context).origins.load(view.vertex.id)
    return origins.length === 0 ? null : Math.max(...origins.map((origin) => origin.lastSeenAt))
  },
  async origins(view, _, context) {
    presentOnly(view.graph, 'origins')
    const origins = await loadersOf(context).origins.load(view.vertex.id)
    return origins.map((origin) => ({ ...origin, source: seeId(context, view.graph, origin.sourceId) }))
  },
  async provenance(view, { path }: { path?: string | null }, context) {
    presentOnly(view.graph, 'provenance')
    const entries = await loadersOf(context).provenance.load(view.vertex.id)
    const asked = path == null ? entries : entries.filter((entry) => isUnder(entry.path, path))
    return asked.map((entry) => toProvenance(entry, view, context))
  },
  drift(view, _, context) {
    presentOnly(view.graph, 'drift')
    return view.vertex.hasDrift ? loadersOf(context).drift.load(view.vertex.id) : []
  },
  async conflicts(view, _, context) {
    presentOnly(view.graph, 'conflicts')
    if (!view.vertex.hasConflict) return []
    const entries = await loadersOf(context).conflicts.load(view.vertex.id)
    return entries.flatMap((entry) => {
      const other = seeId(context, view.graph, entry.otherId)
      return other === null ? [] : [{ ...entry, other }]
    })
  },
  services: (view, args: VertexArguments, context, info) =>
    connectNear(context, view.graph, view.id, 'Service', servicesOn(view.graph, view.vertex), args, info),
  links,
  dependents: (view, args: ReachArguments, context, info) => reached(view, args, context, info, 'dependents'),
  dependencies: (view, args: ReachArguments, context, info) =>
    reached(view, args, context, info, 'dependencies'),
  readings,
  series,
  alerts,
  logs,
  history,
}

/** One value within nested attributes; undefined when absent. A key that holds dots itself is tried as well. */
function atPath(value: unknown, path: string): unknown {
  if (path === '') return value
  if (typeof value !== 'object' || value === null) return null
  const parts = path.split('.')
  for (let length = 1; length <= parts.length; length++) {
    const key = parts.slice(0, length).join('.')
    if (!Object.hasOwn(value, key)) continue
    const found = atPath((value as Record<string, unknown>)[key], parts.slice(length).join('.'))
    if (found !== null && found !== undefined) return found
  }
  return null
}

const isUnder = (path: string, asked: string): boolean => path === asked || path.startsWith(`${asked}.`)

function toProvenance(entry: ProvenanceEntry, { graph }: View, context: Context): object {
  const named = <T extends { sourceId: number }>(one: T) => ({
    ...one,
    source: seeId(context, graph, one.sourceId),
  })
  return { ...named(entry), lost: entry.lost.map(named) }
}

function links(view: View, args: LinksArguments, context: Context, info: GraphQLResolveInfo): unknown {
  const { graph, vertex } = view
  const direction = (args.direction ?? 'BOTH').toLowerCase() as 'out' | 'in' | 'both'
  const query = {
    direction,
    ...(args.type ? { type: args.type } : {}),
    ...(args.kind ? { kind: args.kind } : {}),
  }
  const keys = ({ type, from, to }: GraphLink) => [
    type,
    (from === vertex ? to : from).id,
    from === vertex ? 0 : 1,
  ]
  return connectLinks(context, info, graph, args, {
    owner: [view.id, query],
    links: graph.links(vertex, query),
    keys,
  })
}

function reached(
  view: View,
  args: ReachArguments,
  context: Context,
  info: GraphQLResolveInfo,
  verb: 'dependents' | 'dependencies',
): unknown {
  const { graph, vertex } = view
  if (args.depth != null && args.depth < 1)
    throw invalidInput(`depth must be 1 or more; it is ${args.depth}`, 'depth')
  const options: ReachOptions = {
    signal: context.signal,
    ...visibleTo(context),
    ...(args.depth == null ? {} : { depth: args.depth }),
    ...(args.kind ? { kind: args.kind } : {}),
  }
  const found = graph[verb](vertex, options)
  return connectList<Reached>(context, info, args, {
    owner: [view.id, args.depth ?? null, args.kind ?? null],
    items: found,
    keys: (item) => [item.depth, item.vertex.id],
    node: (item) => see(context, graph, item.vertex),
    edge: (item) => ({ depth: item.depth, via: () => seeLinks(context, graph, item.via) }),
  })
}
