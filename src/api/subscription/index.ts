/**
 * Subscriptions over the event log. A subscriber pulls: it is given the next message when it has taken the one before, and what it has not taken
 * yet is in the log, not in memory. What the log no longer has is told as a gap.
 */
import type { Context } from '../../context.ts'
import { isGraphEvent, type Cursor, type GraphEvent, type LoggedEvent } from '../../event/event.ts'
import { invalidInput } from '../../errors.ts'
import { kindNames } from '../../resource/kind/index.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { ResourceStatus } from '../../resource/resource.ts'
import { access } from '../../graph/scope.ts'
import { toEvent } from '../schema/event.ts'
import { idsOfRefs } from '../schema/find.ts'
import { toldTo } from '../schema/told.ts'
import { everyOf } from './every.ts'
import { matches, meaningOf } from './match.ts'
import type { ChangeCondition, LabelCondition, Meaning } from './match.ts'
import { gapMessage, toResourceEvent, toSnapshot, toldOf } from './message.ts'
import { keyOfIds, LogStream } from './tail.ts'

export { followTopology } from './topology.ts'
export type { TopologyArguments } from './topology.ts'

export interface ChangeFilterInput {
  ref?: readonly string[] | null
  kind?: readonly KindName[] | null
  tenant?: readonly string[] | null
  site?: readonly string[] | null
  label?: readonly LabelCondition[] | null
  status?: readonly ResourceStatus[] | null
}

export interface ChangeArguments {
  filter?: ChangeFilterInput | null
  after?: Cursor | null
  snapshot?: boolean | null
  every?: number | null
}

/** Follows what matches. The arguments are checked before anything is awaited for long. */
export async function followResources(
  context: Context,
  { filter, after, snapshot, every }: ChangeArguments,
): Promise<LogStream> {
  if (after != null && snapshot === true) {
    throw invalidInput(
      'Give either after, to go on, or snapshot, to begin with the present state',
      'snapshot',
    )
  }
  const condition = await toCondition(context, filter ?? {})
  const everyMs = everyOf(every)
  const cursor = after ?? context.graph.cursor
  return new LogStream(context, {
    key: keyOfIds(condition.ids, condition.tenants, condition.sites),
    after: cursor,
    everyMs,
    ...(snapshot === true ? { before: toSnapshot(context, idsOf(context, condition), cursor) } : {}),
    read(reader, logged, epoch) {
      const events = resourceEvents(reader, condition, logged, epoch)
      const seq = logged.at(-1)?.seq
      return events.length === 0 || seq === undefined
        ? []
        : [{ seq, root: { events, cursor: { epoch, seq } } }]
    },
    gap: gapMessage,
    quiet: (at) => ({ events: [], cursor: at }),
  })
}

/** All that match now, read in one go so that they are of one instant. */
function idsOf(context: Context, condition: ChangeCondition): number[] {
  const found: number[] = []
  for (const kind of condition.kinds ?? kindNames) {
    for (const vertex of context.graph.ofType(kind)) {
      const { tenantId, siteId, labels, status } = vertex
      // By name only is known what carries a thing; what happens to that is not followed.
      if (access(context.viewer, vertex) !== 'FULL') continue
      if (matches(condition, vertex.id, { kind, tenantId, siteId, labels: labels as never, status })) {
        found.push(vertex.id)
      }
    }
  }
  return found
}

async function toCondition(context: Context, filter: ChangeFilterInput): Promise<ChangeCondition> {
  const idsAt = async (refs: readonly string[], name: string) =>
    new Set(await idsOfRefs(context, context.graph, refs, { path: `filter.${name}` }))
  return {
    ...(filter.ref == null ? {} : { ids: await idsAt(filter.ref, 'ref') }),
    ...(filter.kind == null ? {} : { kinds: new Set(filter.kind) }),
    ...(filter.tenant == null ? {} : { tenants: await idsAt(filter.tenant, 'tenant') }),
    ...(filter.site == null ? {} : { sites: await idsAt(filter.site, 'site') }),
    ...(filter.label == null ? {} : { labels: filter.label }),
    ...(filter.status == null ? {} : { statuses: new Set(filter.status) }),
  }
}

function resourceEvents(
  context: Context,
  condition: ChangeCondition,
  logged: readonly LoggedEvent[],
  epoch: string,
): object[] {
  const events: object[] = []
  for (const one of logged) {
    const event = toldTo(context, one)
    if (event === undefined || !isGraphEvent(event.body)) continue
    const meaning = event.hasLeft ? leftMeaning(condition, event.body) : meaningOf(condition, event.body)
    if (meaning === undefined) continue
    // Who follows a resource by its id goes on to follow what it was merged into.
    if (event.body.type === 'ResourceMerged') condition.ids?.add(event.body.into)
    events.push(toResourceEvent(context, toldOf(event, epoch), event.body, meaning))
  }
  return events
}

/** Of one that is no longer the viewer's, to whom it matched before. */
function leftMeaning(condition: ChangeCondition, body: GraphEvent): Meaning {
  if (body.type !== 'ResourceUpdated') return undefined
  return matches(condition, body.resource.id, body.before) ? 'left' : undefined
}

/** The log itself, one event a message; a gap is an event of type Gap. */
export function followEvents(
  context: Context,
  after: Cursor | null | undefined,
  types: ReadonlySet<string> | undefined,
): LogStream {
  return new LogStream(context, {
    key: '',
    after: after ?? context.events.cursor(),
    everyMs: 0,
    read: (reader, events) =>
      events.flatMap((one) => {
        const event = toldTo(reader, one)
        const isWanted = event !== undefined && (types?.has(event.body.type) ?? true)
        return isWanted ? [{ seq: one.seq, root: toEvent(reader, event) }] : []
      }),
    gap: gapEvent,
  })
}

const gapEvent = (resumeFrom: Cursor, reason: string): object => ({
  cursor: resumeFrom,
  at: Date.now(),
  actor: null,
  type: 'Gap',
  resourceId: null,
  resource: null,
  link: null,
  changes: [],
  detail: { reason },
})
