/** Incidents as the schema has them. One whose cause a viewer does not see in full is not told to it: neither it nor how much hangs on it. */
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { AlertState, IncidentImage } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Reached } from '../../graph/graph.ts'
import type { PageArguments } from '../../graph/page.ts'
import { seesAll } from '../../graph/scope.ts'
import type { KindName } from '../../resource/kind/index.ts'
import { connectAlerts, seesAlert } from './alert.ts'
import { connectList } from './connection.ts'
import { connectHistory } from './history.ts'
import { see, seeId, seeLinks, visibleTo } from './view.ts'

export const incidentId = (id: number): string => `incident.${id}`

export function seesIncident(context: Context, { causeId, tenantId }: IncidentImage): boolean {
  const { viewer } = context
  if (!seesAll(viewer) && (tenantId === null || !viewer.tenants!.has(tenantId))) return false
  return seeId(context, context.graph, causeId)?.access === 'FULL'
}

type Pages = PageArguments & { kind?: KindName[] | null; within?: number | null; state?: AlertState[] | null }

export const toIncident = (context: Context, image: IncidentImage) => ({
  ...image,
  __typename: 'Incident',
  id: incidentId(image.id),
  cause: () => seeId(context, context.graph, image.causeId),
  alerts: async ({ state, ...args }: Pages, _: Context, info: GraphQLResolveInfo) => {
    const found = await context.alerts.byIds(image.alertIds)
    const via = context.alerts.viaOf(image)
    const wanted = found.filter((alert) => state == null || state.includes(alert.state))
    return connectAlerts(
      context,
      info,
      args,
      [image.id, state ?? null],
      wanted,
      ({ id }) => via.get(id) ?? [],
    )
  },
  impact: ({ kind, ...args }: Pages, _: Context, info: GraphQLResolveInfo) => {
    const { graph } = context
    const cause = graph.get(image.causeId)
    const options = { signal: context.signal, ...visibleTo(context), ...(kind == null ? {} : { kind }) }
    return connectList<Reached>(context, info, args, {
      owner: [image.id, kind ?? null],
      items: cause === undefined ? [] : graph.dependents(cause, options),
      keys: (item) => [item.depth, item.vertex.id],
      node: (item) => see(context, graph, item.vertex),
      edge: (item) => ({ depth: item.depth, via: () => seeLinks(context, graph, item.via) }),
    })
  },
  changesBefore: (args: Pages, _: Context, info: GraphQLResolveInfo) =>
    changesBefore(context, image, args, info),
  timeline: ({ first }: { first?: number | null }) => timeline(context, image, first),
})

const hourMs = 3_600_000
const mostNeeds = 1_000

/** Of the cause, its parts, and what it needs. */
function changesBefore(context: Context, image: IncidentImage, args: Pages, info: GraphQLResolveInfo) {
  const { graph, resources } = context
  const within = args.within ?? hourMs
  if (within <= 0 || within > 31 * 24 * hourMs) throw invalidInput('within is P31D at most', 'within')
  const cause = graph.get(image.causeId)
  const needs = cause === undefined ? [] : graph.dependencies(cause, { depth: 3, signal: context.signal })
  const parts = cause === undefined ? [] : graph.neighbors(cause, 'PART_OF', 'in')
  const ids = [image.causeId, ...parts.map(({ id }) => id), ...needs.map(({ vertex }) => vertex.id)].slice(
    0,
    mostNeeds,
  )
  return connectHistory(context, info, { first: args.first, after: args.after }, [image.id, within], (page) =>
    resources.diff({ from: image.startsAt - within, to: image.startsAt, ids }, page),
  )
}

const mostMoments = 1_000

async function timeline(context: Context, image: IncidentImage, first: number | null | undefined) {
  if (first != null && (first < 1 || first > mostMoments))
    throw invalidInput(`first is 1 to ${mostMoments}`, 'first')
  const moments = await momentsOf(context).load(image.id)
  // What was held to be the cause then may be somebody else's, and its summary names it.
  const told = moments.filter(({ image: then }) => seesAll(context.viewer) || seesIncident(context, then))
  return told.slice(0, first ?? mostMoments).map(({ at, actor, image: then }) => ({
    at,
    actor,
    state: then.state,
    severity: then.severity,
    summary: then.summary,
    cause: () => seeId(context, context.graph, then.causeId),
    alertCount: () => countAlerts(context, then),
  }))
}

/** Alerts that the viewer is told of. */
async function countAlerts(context: Context, { alertIds }: IncidentImage): Promise<number> {
  if (seesAll(context.viewer)) return alertIds.length
  const alerts = await context.alerts.byIds(alertIds)
  return alerts.filter((alert) => seesAlert(context, alert)).length
}

interface Moment {
  at: number
  actor: string
  image: IncidentImage
}
const loaders = new WeakMap<Context, DataLoader<number, Moment[]>>()

function momentsOf(context: Context): DataLoader<number, Moment[]> {
  const known = loaders.get(context)
  if (known) return known
  const made = new DataLoader<number, Moment[]>(async (ids) => {
    const moments = await context.alerts.moments(ids, mostMoments)
    return ids.map((id) => moments.filter(({ image }) => image.id === id))
  })
  loaders.set(context, made)
  return made
}

export async function findIncident(context: Context, id: number) {
  const image = await context.alerts.incident(id)
  return image && seesIncident(context, image) ? toIncident(context, image) : null
}

/** The latest first. */
export const connectIncidents = (
  context: Context,
  info: GraphQLResolveInfo,
  args: PageArguments,
  owner: unknown[],
  images: readonly IncidentImage[],
) =>
  connectList<IncidentImage>(context, info, args, {
    owner,
    items: images.filter((image) => seesIncident(context, image)).sort((a, b) => b.id - a.id),
    keys: ({ id }) => [-id],
    node: (image) => toIncident(context, image),
  })
