/** Alerts as they change: from the log, each exactly once, by what events carry. */
import type { AlertImage, AlertState, Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Cursor, LoggedEvent } from '../../event/event.ts'
import { seesAll } from '../../graph/scope.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { openStates, seesAlert, toAlert } from '../schema/alert.ts'
import { idsOfRefs } from '../schema/find.ts'
import { keyOfIds, LogStream } from './tail.ts'

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

/** All conditions but those on the state; `key`: equal for equal ones. */
export async function toAlertTest(
  context: Context,
  filter: AlertFilterInput,
): Promise<{ test: AlertTest; key: string }> {
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
  const test: AlertTest = (image) =>
    (severity == null || severity.includes(image.severity)) &&
    (rule == null || rule.includes(image.rule)) &&
    has(resources, image.resourceId) &&
    has(tenants, image.tenantId) &&
    has(sites, image.siteId) &&
    (kind == null || kind.some((name) => context.graph.get(image.resourceId ?? 0)?.kind.name === name)) &&
    (silenced == null || (context.alerts.silencedBy(image) !== undefined) === silenced)
  return { test, key: keyOfIds(resources, tenants, sites) }
}

export async function followAlerts(
  context: Context,
  { filter, after, snapshot }: AlertChangedArguments,
): Promise<LogStream> {
  if (after != null && snapshot === true)
    throw invalidInput('Give either after, to go on, or snapshot, to begin with what is open', 'snapshot')
  if (filter?.silenced != null)
    throw invalidInput('Silences come and go without an event of the alert: ask `alerts`', 'filter.silenced')
  const { test, key } = await toAlertTest(context, filter ?? {})
  const states = new Set<AlertState>(filter?.state ?? openStates)
  const wanted = (image: AlertImage): boolean =>
    (states.has(image.state) || image.state === 'RESOLVED') && test(image)
  const cursor = after ?? context.graph.cursor
  return new LogStream(context, {
    key: `${key} ${[...states].sort().join()}`,
    after: cursor,
    everyMs: 0,
    ...(snapshot === true ? { before: snapshotOf(context, wanted, cursor) } : {}),
    read: (reader, events, epoch) => events.flatMap((event) => told(reader, wanted, event, epoch)),
    gap: (resumeFrom) => ({ cursor: resumeFrom, at: Date.now(), snapshot: false, alert: null }),
  })
}

function snapshotOf(context: Context, wanted: AlertTest, after: Cursor): object[] {
  const open = [...context.alerts.open()].filter((image) => wanted(image) && seesAlert(context, image))
  const said = { cursor: after, at: Date.now(), snapshot: true }
  if (open.length === 0) return [{ ...said, alert: null }]
  // Only from the last one may be gone on: what was cut off in the middle begins anew.
  return open.map((image, index) => {
    const cursor = index === open.length - 1 ? after : { ...after, seq: 0 }
    return { ...said, cursor, alert: toAlert(context, image) }
  })
}

function told(
  context: Context,
  wanted: AlertTest,
  { body, seq, at }: LoggedEvent,
  epoch: string,
): { root: object; seq: number }[] {
  if (body.type !== 'AlertChanged') return []
  const image = body.detail as unknown as AlertImage
  if (!wanted(image) || !isToldTo(context, image)) return []
  return [{ seq, root: { cursor: { epoch, seq }, at, snapshot: false, alert: toAlert(context, image) } }]
}

/** Of what is gone by now nothing can be told but to those who see everything, and its resource is needed. */
const isToldTo = (context: Context, image: AlertImage): boolean =>
  seesAlert(context, image) && (seesAll(context.viewer) || image.tenantId !== null)
