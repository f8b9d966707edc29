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
import { everyOf, gather } from './gather.ts'
import { matches, meaningOf } from './match.ts'
import type { ChangeCondition, LabelCondition, Meaning } from './match.ts'
import { catchUp, gapMessage, toResourceEvent, toSnapshot, toldOf } from './message.ts'
import type { Message } from './message.ts'

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
): Promise<AsyncGenerator<Message>> {
  if (after != null && snapshot === true) {
    throw invalidInput(
      'Give either after, to go on, or snapshot, to begin with the present state',
      'snapshot',
    )
  }
  const condition = await toCondition(context, filter ?? {})
  const everyMs = everyOf(every)
  if (snapshot !== true)
    return gather(resourceMessages(context, condition, after ?? context.graph.cursor), everyMs)
  const { cursor } = context.graph
  const ids = idsOf(context, condition)
  return (async function* () {
    yield* toSnapshot(context, ids, cursor)
    yield* gather(resourceMessages(context, condition, cursor), everyMs)
  })()
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

async function* resourceMessages(
  context: Context,
  condition: ChangeCondition,
  after: Cursor,
): AsyncGenerator<Message> {
  await catchUp(context, after)
  for await (const batch of context.events.follow(after, context.signal)) {
    if ('gap' in batch) yield gapMessage(batch.resumeFrom)
    else
      yield {
        events: resourceEvents(context, condition, batch.events, batch.cursor.epoch),
        cursor: batch.cursor,
      }
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
export async function* followEvents(
  context: Context,
  after: Cursor | null | undefined,
  types: ReadonlySet<string> | undefined,
): AsyncGenerator<object> {
  await catchUp(context, after)
  for await (const batch of context.events.follow(after ?? context.events.cursor(), context.signal)) {
    if ('gap' in batch) yield gapEvent(batch.resumeFrom, batch.reason)
    else {
      for (const one of batch.events) {
        const event = toldTo(context, one)
        if (event && (types?.has(event.body.type) ?? true)) yield toEvent(context, event)
      }
    }
  }
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
