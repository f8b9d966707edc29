/** Resolvers of the types that are neither root nor kind. */
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../context.ts'
import type { Vertex } from '../../graph/graph.ts'
import { access, seesAll } from '../../graph/scope.ts'
import { presentOnly } from './instant.ts'
import { loadersOf } from './loader.ts'
import { LinkView, see, seeId, View } from './view.ts'

export type AnyResolver = (source: never, args: never, context: Context, info: GraphQLResolveInfo) => unknown

const detailsOf = (view: LinkView, context: Context) => {
  const { type, from, to } = view.link
  return loadersOf(context).link.load({ type, from: from.id, to: to.id })
}

/** What a link says beyond its ends is told to those who see both in full. */
const isWhole = ({ link: { from, to } }: LinkView, { viewer }: Context): boolean =>
  seesAll(viewer) || (access(viewer, from) === 'FULL' && access(viewer, to) === 'FULL')

const endOf = (vertex: (view: LinkView) => Vertex) => (view: LinkView, _: unknown, context: Context) =>
  see(context, view.graph, vertex(view))

export const typeResolvers: Readonly<Record<string, Readonly<Record<string, AnyResolver>>>> = {
  Link: {
    id: (view: LinkView) => view.id,
    type: (view: LinkView) => view.link.type,
    from: endOf((view) => view.link.from),
    to: endOf((view) => view.link.to),
    since: (view: LinkView) => view.link.since,
    async origins(view: LinkView, _, context) {
      presentOnly(view.graph, 'origins')
      if (!isWhole(view, context)) return []
      const { origins } = await detailsOf(view, context)
      return origins.map((origin) => ({ ...origin, source: seeId(context, view.graph, origin.sourceId) }))
    },
    async attributes(view: LinkView, _, context) {
      presentOnly(view.graph, 'attributes')
      if (!isWhole(view, context)) return {}
      return (await detailsOf(view, context)).attributes
    },
  },
}

/** The name of the object type of what stands behind an interface. */
export function typeNameOf(value: unknown): string | undefined {
  if (value instanceof View) return value.vertex.kind.name
  if (value instanceof LinkView) return 'Link'
  const marked = value as { __typename?: unknown } | null
  return typeof marked?.__typename === 'string' ? marked.__typename : undefined
}
