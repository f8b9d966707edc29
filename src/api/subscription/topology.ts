/** A neighbourhood that is followed: what enters it, changes in it and leaves it. */
import type { Context } from '../../context.ts'
import { isGraphEvent, type Cursor, type LoggedEvent } from '../../event/event.ts'
import { PlenumError, invalidInput } from '../../errors.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { LinkType } from '../../resource/kind/link.ts'
import type { ResourceId } from '../../resource/resource.ts'
import { idsOfRefs } from '../schema/find.ts'
import { seesAll } from '../../graph/scope.ts'
import { toCreated, toLeft } from '../schema/resource-event.ts'
import { toldTo } from '../schema/told.ts'
import { everyOf } from './every.ts'
import { catchUp, gapMessage, toResourceEvent, toldOf } from './message.ts'
import { findMembers, presentLinks, rewind } from './neighbourhood.ts'
import type { Members, Neighbourhood } from './neighbourhood.ts'
import { keyOfIds, LogStream, type Tail } from './tail.ts'

export interface TopologyArguments {
  root: readonly string[]
  depth?: number | null
  type?: readonly LinkType[] | null
  collapse?: readonly KindName[] | null
  after?: Cursor | null
  every?: number | null
}

const deepest = 20
/** Events that a resumed subscriber may be behind; with more it is told to ask again. */
const longestRewind = 20_000

/** What is in the neighbourhood, as the graph has it at a place in the log. */
interface Known {
  members: Members
  seq: number
}

/** Without `after` it begins now; with it what entered or left since is told first. */
export async function followTopology(
  context: Context,
  { root, depth, type, collapse, after, every }: TopologyArguments,
): Promise<LogStream> {
  if (depth != null && (depth < 0 || depth > deepest)) {
    throw invalidInput(`depth is from 0 to ${deepest}`, 'depth')
  }
  const everyMs = everyOf(every)
  const roots = await idsOfRefs(context, context.graph, root, { path: 'root' })
  const place: Neighbourhood = {
    roots,
    depth: depth ?? 2,
    types: type == null ? undefined : new Set(type),
    collapsed: new Set(collapse),
  }
  await catchUp(context, after)
  const then = after == null ? undefined : await membersAt(context, place, after)
  const known = then === undefined ? now(context, place) : { members: then, seq: after!.seq }
  const start = then === undefined ? context.graph.cursor : after!
  const isCut = after != null && then === undefined
  return new LogStream(context, {
    ...toTail(context, place, { after: start, everyMs }, known),
    ...(isCut ? { before: [gapMessage(start)] } : {}),
  })
}

function toTail(
  context: Context,
  place: Neighbourhood,
  { after, everyMs }: Pick<Tail, 'after' | 'everyMs'>,
  start: Known,
): Tail {
  let known = start
  return {
    key: keyOfIds(place.roots),
    after,
    everyMs,
    read(reader, logged, epoch) {
      const seq = logged.at(-1)?.seq
      if (seq === undefined) return []
      const isTouched = !seesAll(reader.viewer) || touches(place, known.members, logged)
      const next = isTouched ? now(reader, place) : known
      const cursor = { epoch, seq }
      const events = tell(reader, place, known.members, next.members, logged, cursor)
      known = next
      return events.length === 0 ? [] : [{ seq, root: { events, cursor } }]
    },
    gap(resumeFrom) {
      known = now(context, place)
      return gapMessage(resumeFrom)
    },
    quiet: (cursor) => ({ events: [], cursor }),
    fork: () => toTail(context, place, { after, everyMs }, known),
    isAt: (seq) => known.seq <= seq,
  }
}

const now = ({ graph }: Context, place: Neighbourhood): Known => ({
  members: findMembers(place, presentLinks(graph)),
  seq: graph.cursor.seq,
})

/** The neighbourhood as it was at the cursor; undefined when that is too far back to be worked out. */
async function membersAt(
  context: Context,
  place: Neighbourhood,
  after: Cursor,
): Promise<Members | undefined> {
  const { epoch, seq } = context.graph.cursor
  if (!epoch.startsWith(after.epoch) || after.seq > seq) return undefined
  if (after.seq === seq) return now(context, place).members
  if (!seesAll(context.viewer)) return membersOfThen(context, place, after)
  if (seq - after.seq > longestRewind) return undefined
  const since = await context.events.read({ after: after.seq, first: longestRewind })
  if (since[0]?.seq !== after.seq + 1) return undefined
  // What the graph applied while we read is in it and has to be taken back too.
  const late = context.graph.cursor.seq - (since.at(-1)?.seq ?? 0)
  if (late > 0) return membersAt(context, place, after)
  return findMembers(
    place,
    rewind(
      presentLinks(context.graph),
      since.filter(({ seq: at }) => at <= context.graph.cursor.seq),
    ),
  )
}

/** Events before a place in the log among which the last change of the graph is looked for. */
const nearEvents = 100

/**
 * What one could know of then cannot be told by links alone: the graph as it was says it, seen with the same eyes. Undefined in the middle of a transaction, and when
 * the graph of that instant cannot be had any more.
 */
async function membersOfThen(
  context: Context,
  place: Neighbourhood,
  { seq }: Cursor,
): Promise<Members | undefined> {
  const { events } = context
  const before = await events.read({ after: seq - nearEvents, before: seq + 1, first: nearEvents })
  const [next] = await events.read({ after: seq, first: 1 })
  if (before.at(-1)?.seq !== seq || next?.seq !== seq + 1) return undefined
  const last = before.findLast(({ body }) => isGraphEvent(body))
  if (last === undefined || (isGraphEvent(next.body) && next.at === last.at)) return undefined
  try {
    return findMembers(place, presentLinks(await context.graphAt(last.at)))
  } catch (error) {
    if (error instanceof PlenumError && ['NOT_FOUND', 'LIMIT_EXCEEDED'].includes(error.code)) return undefined
    throw error
  }
}

/** Whether the events can have moved the neighbourhood's border. */
function touches(place: Neighbourhood, members: Members, events: readonly LoggedEvent[]): boolean {
  return events.some(({ body }) => {
    if (body.type === 'LinkAdded' || body.type === 'LinkRemoved') {
      const { type, from, to } = body.link
      return (place.types?.has(type) ?? true) && (members.has(from) || members.has(to))
    }
    return (body.type === 'ResourceDeleted' || body.type === 'ResourceMerged') && members.has(body.id)
  })
}

function tell(
  context: Context,
  place: Neighbourhood,
  members: Members,
  next: Members,
  logged: readonly LoggedEvent[],
  cursor: Cursor,
): object[] {
  const told = { cursor, at: logged.at(-1)?.at ?? Date.now(), actor: logged.at(-1)?.actor ?? null }
  const shown = (id: ResourceId, of: Members) => of.get(id)?.shown === true
  const entered = [...next.keys()].filter((id) => shown(id, next) && !shown(id, members))
  const gone = new Set<ResourceId>()
  const events: object[] = entered.map((id) => toCreated(context, told, id))
  for (const one of logged) {
    const event = toldTo(context, one)
    if (event === undefined || event.hasLeft) continue
    if (!isGraphEvent(event.body) || event.body.type === 'ResourceCreated') continue
    const { body } = event
    if ('link' in body) {
      const { type, from, to } = body.link
      if (!(place.types?.has(type) ?? true)) continue
      if (![from, to].some((id) => members.has(id) || next.has(id))) continue
    } else {
      const id = 'resource' in body ? body.resource.id : body.id
      if (!shown(id, members)) continue
      if (body.type !== 'ResourceUpdated') gone.add(id)
    }
    events.push(toResourceEvent(context, toldOf(event, cursor.epoch), body, 'updated'))
  }
  const left = [...members.keys()].filter((id) => shown(id, members) && !shown(id, next) && !gone.has(id))
  return [...events, ...left.map((id) => toLeft(told, id))]
}
