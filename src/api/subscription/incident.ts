/** Incidents as they change: from the log, each exactly once. */
import type { IncidentImage, IncidentState, Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import { seesIncident, toIncident } from '../schema/incident.ts'
import { idsOfRefs } from '../schema/find.ts'
import { keyOfIds, LogStream } from './tail.ts'

export interface IncidentFilterInput {
  state?: readonly IncidentState[] | null
  severity?: readonly Severity[] | null
  cause?: readonly string[] | null
  tenant?: readonly string[] | null
}

export interface IncidentChangedArguments {
  filter?: IncidentFilterInput | null
  after?: Cursor | null
  snapshot?: boolean | null
}

export const openIncidentStates: readonly IncidentState[] = ['OPEN', 'ACKNOWLEDGED']

/** All conditions but those on the state; `key`: equal for equal ones. */
export async function toIncidentTest(
  context: Context,
  { severity, cause, tenant }: IncidentFilterInput,
): Promise<{ test: (image: IncidentImage) => boolean; key: string }> {
  const idsAt = async (refs: readonly string[] | null | undefined, name: string) =>
    refs == null ? undefined : idsOfRefs(context, context.graph, refs, { path: `filter.${name}` })
  const [causes, tenants] = await Promise.all([idsAt(cause, 'cause'), idsAt(tenant, 'tenant')])
  const test = (image: IncidentImage): boolean =>
    (severity == null || severity.includes(image.severity)) &&
    (causes === undefined || causes.has(image.causeId)) &&
    (tenants === undefined || (image.tenantId !== null && tenants.has(image.tenantId)))
  return { test, key: keyOfIds(causes, tenants) }
}

export async function followIncidents(
  context: Context,
  { filter, after, snapshot }: IncidentChangedArguments,
): Promise<LogStream> {
  if (after != null && snapshot === true)
    throw invalidInput('Give either after, to go on, or snapshot, to begin with what is open', 'snapshot')
  const { test, key } = await toIncidentTest(context, filter ?? {})
  const states = new Set<IncidentState>(filter?.state ?? openIncidentStates)
  const wanted = (reader: Context, image: IncidentImage): boolean =>
    (states.has(image.state) || image.state === 'CLOSED') && test(image) && seesIncident(reader, image)
  const cursor = after ?? context.graph.cursor
  return new LogStream(context, {
    key: `${key} ${[...states].sort().join()}`,
    after: cursor,
    everyMs: 0,
    ...(snapshot === true ? { before: snapshotOf(context, wanted, cursor) } : {}),
    read: (reader, events, epoch) =>
      events.flatMap(({ body, seq, at }) => {
        if (body.type !== 'IncidentChanged') return []
        const image = body.detail as unknown as IncidentImage
        if (!wanted(reader, image)) return []
        const incident = toIncident(reader, image)
        return [{ seq, root: { cursor: { epoch, seq }, at, snapshot: false, incident } }]
      }),
    gap: (resumeFrom) => ({ cursor: resumeFrom, at: Date.now(), snapshot: false, incident: null }),
  })
}

function snapshotOf(
  context: Context,
  wanted: (context: Context, image: IncidentImage) => boolean,
  after: Cursor,
): object[] {
  const open = [...context.alerts.openIncidents()].filter((image) => wanted(context, image))
  const said = { cursor: after, at: Date.now(), snapshot: true }
  if (open.length === 0) return [{ ...said, incident: null }]
  return open.map((image, index) => {
    const cursor = index === open.length - 1 ? after : { ...after, seq: 0 }
    return { ...said, cursor, incident: toIncident(context, image) }
  })
}
