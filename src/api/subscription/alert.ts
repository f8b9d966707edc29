/** Alerts as they change: from the log, each exactly once, by what events carry. */
import type { AlertImage, AlertState, Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import { seesAll } from '../../graph/scope.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { openStates, seesAlert, toAlert } from '../schema/alert.ts'
import { idsOfRefs } from '../schema/find.ts'
import { catchUp } from './message.ts'

export interface AlertFilterInput {
  state?: readonly AlertState[] | null
  severity?: readonly Severity[] | null
  rule?: readonly string[] | null
  resource?: readonly string[] | null
  kind?: readonly KindName[] | null
  tenant?: readonly string[] | null
  site?: readonly string[] | null
  silenced?: boolean | null
}

export interface AlertChangedArguments {
  filter?: AlertFilterInput | null
  after?: Cursor | null
  snapshot?: boolean | null
}

type AlertTest = (image: AlertImage) => boolean

/** All conditions but those on the state. */
export async function toAlertTest(context: Context, filter: AlertFilterInput): Promise<AlertTest> {
  const { severity, rule, resource, kind, tenant, site, silenced } = filter
  const idsAt = async (refs: readonly string[] | null | undefined, name: string) =>
    refs == null ? undefined : idsOfRefs(context, context.graph, refs, { path: `filter.${name}` })
  const [resources, tenants, sites] = await Promise.all([
    idsAt(resource, 'resource'),
    idsAt(tenant, 'tenant'),
    idsAt(site, 'site'),
  ])
  const has = (ids: ReadonlySet<ResourceId> | undefined, id: ResourceId | null): boolean =>
    ids === undefined || (id !== null && ids.has(id))
  return (image) =>
    (severity == null || severity.includes(image.severity)) &&
    (rule == null || rule.includes(image.rule)) &&
    has(resources, image.resourceId) &&
    has(tenants, image.tenantId) &&
    has(sites, image.siteId) &&
    (kind == null || kind.some((name) => context.graph.get(image.resourceId ?? 0)?.kind.name === name)) &&
    (silenced == null || (context.alerts.silencedBy(image) !== undefined) === silenced)
}

export async function followAlerts(
  context: Context,
  { filter, after, snapshot }: AlertChangedArguments,
): Promise<AsyncGenerator<object>> {
  if (after != null && snapshot === true)
    throw invalidInput('Give either after, to go on, or snapshot, to begin with what is open', 'snapshot')
  if (filter?.silenced != null)
    throw invalidInput('Silences come and go without an event of the alert: ask `alerts`', 'filter.silenced')
  const fits = await toAlertTest(context, filter ?? {})
  const states = new Set<AlertState>(filter?.state ?? openStates)
  const wanted = (image: AlertImage): boolean =>
    (states.has(image.state) || image.state === 'RESOLVED') && fits(image)
  const cursor = after ?? context.graph.cursor
  const open =
    snapshot === true
      ? [...context.alerts.open()].filter((image) => wanted(image) && seesAlert(context, image))
      : []
  return follow(context, wanted, cursor, snapshot === true ? open : undefined)
}

async function* follow(
  context: Context,
  wanted: AlertTest,
  after: Cursor,
  open: readonly AlertImage[] | undefined,
): AsyncGenerator<object> {
  if (open !== undefined) {
    const told = { cursor: after, at: Date.now(), snapshot: true }
    if (open.length === 0) yield { ...told, alert: null }
    // Only from the last one may be gone on: what was cut off in the middle begins anew.
    for (const [index, image] of open.entries()) {
      const cursor = index === open.length - 1 ? after : { ...after, seq: 0 }
      yield { ...told, cursor, alert: toAlert(context, image) }
    }
  }
  await catchUp(context, after)
  for await (const batch of context.events.follow(after, context.signal)) {
    if ('gap' in batch) {
      yield { cursor: batch.resumeFrom, at: Date.now(), snapshot: false, alert: null }
      continue
    }
    for (const { body, seq, at } of batch.events) {
      if (body.type !== 'AlertChanged') continue
      const image = body.detail as unknown as AlertImage
      if (!wanted(image) || !isToldTo(context, image)) continue
      yield {
        cursor: { epoch: batch.cursor.epoch, seq },
        at,
        snapshot: false,
        alert: toAlert(context, image),
      }
    }
  }
}

/** Of what is gone by now nothing can be told but to those who see everything, and its resource is needed. */
const isToldTo = (context: Context, image: AlertImage): boolean =>
  seesAlert(context, image) && (seesAll(context.viewer) || image.tenantId !== null)
