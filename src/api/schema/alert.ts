/** Alerts, rules and silences as the schema has them, and who sees them: an alert is told to those who see its resource in full; rules and silences to those who see everything. */
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { Hop } from '../../alert/alert.ts'
import { alertStates, type AlertImage, type AlertState, type SilenceImage } from '../../alert/alert.ts'
import type { Rule } from '../../alert/rule/rule.ts'
import type { Context } from '../../context.ts'
import type { PageArguments } from '../../graph/page.ts'
import { seesAll } from '../../graph/scope.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { connectList } from './connection.ts'
import { presentOnly } from './instant.ts'
import { formatDuration } from './scalar.ts'
import { findIncident, seesIncident, toIncident } from './incident.ts'
import { canSeeLink, LinkView, seeAll, seeId, type View } from './view.ts'

export const alertId = (id: number): string => `alert.${id}`
export const silenceId = (id: number): string => `silence.${id}`
export const ruleId = (name: string): string => `rule.${name}`

/** Whether the viewer is told of it: it holds the resource now, and held it then. */
export function seesAlert(context: Context, { resourceId, tenantId }: AlertImage): boolean {
  if (resourceId === null) return false
  const { viewer } = context
  if (!seesAll(viewer) && (tenantId === null || !viewer.tenants!.has(tenantId))) return false
  return seeId(context, context.graph, resourceId)?.access === 'FULL'
}

export const toAlert = (context: Context, image: AlertImage) => ({
  ...image,
  __typename: 'Alert',
  id: alertId(image.id),
  ruleName: image.rule,
  rule: () => {
    const rule = context.alerts.rules().find(({ name }) => name === image.rule)
    return rule && seesAll(context.viewer) ? toRule(context, rule) : null
  },
  resource: () => seeId(context, context.graph, image.resourceId),
  source: () => seeId(context, context.graph, image.sourceId || null),
  labels: toLabels(image.labels),
  incident: () => {
    const incident = context.alerts.incidentOf(image.id)
    return incident && seesIncident(context, incident) ? toIncident(context, incident) : null
  },
  silencedBy: () => {
    const silence = seesAll(context.viewer) ? context.alerts.silencedBy(image) : undefined
    return silence === undefined ? null : toSilence(context, silence)
  },
})

export const toLabels = (labels: Readonly<Record<string, string>>) =>
  Object.keys(labels)
    .sort()
    .map((key) => ({ key, value: labels[key] }))

const times: ReadonlySet<string> = new Set(['over', 'after', 'within'])

export const toRule = (context: Context, rule: Rule) => ({
  ...rule,
  __typename: 'Rule',
  id: ruleId(rule.name),
  condition: Object.fromEntries(
    Object.entries(rule.condition).map(([name, value]) => [
      name,
      times.has(name) ? formatDuration(Number(value)) : (value as unknown),
    ]),
  ),
  for: rule.forMs,
  keep: rule.keepMs,
  selected: () => context.alerts.statusOf(rule).selected,
  problem: () => context.alerts.statusOf(rule).problem,
})

export function toSilence(context: Context, silence: SilenceImage) {
  const now = Date.now()
  const vertices = silence.resourceIds.flatMap((id) => context.graph.get(id) ?? [])
  return {
    ...silence,
    __typename: 'Silence',
    id: silenceId(silence.id),
    maintenance: silence.isMaintenance,
    resources: () => seeAll(context, context.graph, vertices),
    labels: toLabels(silence.labels),
    active: silence.startsAt <= now && now < silence.endsAt,
  }
}

/** Ended alerts of one resource that are told. */
const mostEnded = 1_000
type EndedLoader = DataLoader<ResourceId, AlertImage[]>
const loaders = new WeakMap<Context, EndedLoader>()

function endedOf(context: Context): EndedLoader {
  const known = loaders.get(context)
  if (known) return known
  const made: EndedLoader = new DataLoader(async (resourceIds) => {
    const ended = Map.groupBy(
      await context.alerts.ended({ resourceIds, first: mostEnded }),
      ({ resourceId }) => resourceId,
    )
    return resourceIds.map((id) => ended.get(id) ?? [])
  })
  loaders.set(context, made)
  return made
}

export interface AlertsArguments extends PageArguments {
  state?: AlertState[] | null
}

export const openStates: readonly AlertState[] = alertStates.filter((state) => state !== 'RESOLVED')

/** The field `alerts` of every resource. */
export async function alerts(
  view: View,
  { state, ...args }: AlertsArguments,
  context: Context,
  info: GraphQLResolveInfo,
) {
  presentOnly(view.graph, 'alerts')
  const states = new Set<AlertState>(state ?? openStates)
  const { id } = view.vertex
  const ended = states.has('RESOLVED') ? await endedOf(context).load(id) : []
  const all = [...context.alerts.of(id), ...ended].filter((one) => states.has(one.state))
  return connectAlerts(context, info, args, [view.id, [...states]], all)
}

/** The latest first. */
export function connectAlerts(
  context: Context,
  info: GraphQLResolveInfo,
  args: PageArguments,
  owner: unknown[],
  images: readonly AlertImage[],
  viaOf: (image: AlertImage) => readonly Hop[] = () => [],
) {
  return connectList<AlertImage>(context, info, args, {
    owner,
    items: images.filter((image) => seesAlert(context, image)).sort((a, b) => b.id - a.id),
    keys: ({ id }) => [-id],
    node: (image) => toAlert(context, image),
    edge: (image) => ({ via: () => seeHops(context, viaOf(image)) }),
  })
}

const seeHops = (context: Context, hops: readonly Hop[]): LinkView[] =>
  hops.flatMap(({ type, from, to }) => {
    const link = context.graph.findLink(type, from, to)
    return link && canSeeLink(context, link) ? [new LinkView(context.graph, link)] : []
  })

/** What a node id such as `alert.5` means; undefined when it is of another form. */
export async function findAlertNode(context: Context, id: string): Promise<object | null | undefined> {
  const incidentId = /^incident\.(\d{1,15})$/.exec(id)?.[1]
  if (incidentId !== undefined) return findIncident(context, Number(incidentId))
  const match = /^(alert|rule|silence)\.(.{1,120})$/.exec(id)
  if (match === null) return undefined
  const [, what, name] = match
  if (what === 'alert') {
    const [image] = /^\d{1,15}$/.test(name!) ? await context.alerts.byIds([Number(name)]) : []
    return image && seesAlert(context, image) ? toAlert(context, image) : null
  }
  if (!seesAll(context.viewer)) return null
  if (what === 'rule') {
    const rule = context.alerts.rules().find((one) => one.name === name)
    return rule ? toRule(context, rule) : null
  }
  const silence = context.alerts.silences().find((one) => String(one.id) === name)
  return silence ? toSilence(context, silence) : null
}
