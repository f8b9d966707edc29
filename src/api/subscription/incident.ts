/** Incidents as they change: from the log, each exactly once. */
import type { IncidentImage, IncidentState, Severity } from '../../alert/alert.ts'
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import { seesIncident, toIncident } from '../schema/incident.ts'
import { idsOfRefs } from '../schema/find.ts'
import { catchUp } from './message.ts'

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

/** All conditions but those on the state. */
export async function toIncidentTest(
  context: Context,
  { severity, cause, tenant }: IncidentFilterInput,
): Promise<(image: IncidentImage) => boolean> {
  const idsAt = async (refs: readonly string[] | null | undefined, name: string) =>
    refs == null ? undefined : idsOfRefs(context, context.graph, refs, { path: `filter.${name}` })
  const [causes, tenants] = await Promise.all([idsAt(cause, 'cause'), idsAt(tenant, 'tenant')])
  return (image) =>
    (severity == null || severity.includes(image.severity)) &&
    (causes === undefined || causes.has(image.causeId)) &&
    (tenants === undefined || (image.tenantId !== null && tenants.has(image.tenantId)))
}

export async function followIncidents(
  context: Context,
  { filter, after, snapshot }: IncidentChangedArguments,
): Promise<AsyncGenerator<object>> {
  if (after != null && snapshot === true)
    throw invalidInput('Give either after, to go on, or snapshot, to begin with what is open', 'snapshot')
  const fits = await toIncidentTest(context, filter ?? {})
  const states = new Set<IncidentState>(filter?.state ?? openIncidentStates)
  const wanted = (image: IncidentImage): boolean =>
    (states.has(image.state) || image.state === 'CLOSED') && fits(image) && seesIncident(context, image)
  const cursor = after ?? context.graph.cursor
  const open = snapshot === true ? [...context.alerts.openIncidents()].filter(wanted) : undefined
  return follow(context, wanted, cursor, open)
}

async function* follow(
  context: Context,
  wanted: (image: IncidentImage) => boolean,
  after: Cursor,
  open: readonly IncidentImage[] | undefined,
): AsyncGenerator<object> {
  if (open !== undefined) {
    const told = { cursor: after, at: Date.now(), snapshot: true }
    if (open.length === 0) yield { ...told, incident: null }
    for (const [index, image] of open.entries()) {
      const cursor = index === open.length - 1 ? after : { ...after, seq: 0 }
      yield { ...told, cursor, incident: toIncident(context, image) }
    }
  }
  await catchUp(context, after)
  for await (const batch of context.events.follow(after, context.signal)) {
    if ('gap' in batch) {
      yield { cursor: batch.resumeFrom, at: Date.now(), snapshot: false, incident: null }
      continue
    }
    for (const { body, seq, at } of batch.events) {
      if (body.type !== 'IncidentChanged') continue
      const image = body.detail as unknown as IncidentImage
      if (!wanted(image)) continue
      const cursor = { epoch: batch.cursor.epoch, seq }
      yield { cursor, at, snapshot: false, incident: toIncident(context, image) }
    }
  }
}
