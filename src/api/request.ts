/** One request's context, from whoever asks and what the process has. */
import type { Allocations } from '../allocation/index.ts'
import type { Alerts } from '../alert/index.ts'
import type { Context, EventFeed, Viewer } from '../context.ts'
import { parseCursor } from '../event/event.ts'
import { invalidInput } from '../errors.ts'
import type { Graph, LiveGraph } from '../graph/graph.ts'
import { scopeGraph } from '../graph/scope.ts'
import type { LogLines } from '../log-line/index.ts'
import type { Metrics } from '../metric/index.ts'
import type { Actor } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Sources } from '../source/index.ts'
import type { Session, Tokens } from '../token/index.ts'
import type { Usage } from '../usage/index.ts'
import { guardOf } from './grant.ts'

/** The verbs that requests are answered with. */
export interface Nouns {
  graph: LiveGraph
  resources: Resources
  sources: Pick<Sources, 'sync' | 'read' | 'logs' | 'logStores'>
  events: EventFeed
  metrics: Metrics
  allocations: Omit<Allocations, 'close'>
  alerts: Alerts
  tokens: Tokens
  usage: Usage
  logs: Pick<LogLines, 'each' | 'of'>
  /** Builds the graph of an instant. */
  graphAt: (instant: number, signal: AbortSignal) => Promise<Graph>
}

export interface Caller {
  session: Session
  requestId: string
  remoteAddress: string
  idempotencyKey: string | undefined
  signal: AbortSignal
}

export function createContext(nouns: Nouns, caller: Caller): Context {
  const past = new Map<number, Promise<Graph>>()
  const { viewer } = caller.session
  return {
    viewer,
    actor: actorOf(viewer, caller, () => scopeGraph(viewer, nouns.graph)),
    requestId: caller.requestId,
    remoteAddress: caller.remoteAddress,
    idempotencyKey: caller.idempotencyKey,
    signal: caller.signal,
    extensions: {},
    // Asked for each time: a subscription outlives a graph that is loaded again.
    get graph() {
      return scopeGraph(viewer, nouns.graph)
    },
    graphAt(instant) {
      const known = past.get(instant)
      if (known !== undefined) return known
      const building = nouns.graphAt(instant, caller.signal).then((graph): Graph => scopeGraph(viewer, graph))
      past.set(instant, building)
      return building
    },
    resources: nouns.resources,
    sources: nouns.sources,
    events: nouns.events,
    metrics: nouns.metrics,
    allocations: nouns.allocations,
    alerts: nouns.alerts,
    tokens: nouns.tokens,
    usage: nouns.usage,
    logs: nouns.logs,
  }
}

/** Who writes: what narrows the viewer narrows every write, whatever door it comes through. */
export function actorOf(
  viewer: Viewer,
  { requestId, signal }: Pick<Caller, 'requestId' | 'signal'>,
  graph: () => Graph,
): Actor {
  const guard = guardOf(viewer, graph)
  return { name: viewer.name, requestId, signal, ...(guard === undefined ? {} : { guard }) }
}

const longestWaitMs = 5_000

/** Waits until this process has applied the cursor of a `Plenum-After` header. */
export async function awaitCursor(
  events: EventFeed,
  header: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (header === undefined) return
  const cursor = parseCursor(header.trim())
  if (cursor === undefined) throw invalidInput('Not an event cursor', 'Plenum-After')
  if (!events.cursor().epoch.startsWith(cursor.epoch)) {
    throw invalidInput(
      'The cursor is of another event log: a backup was restored. Read again',
      'Plenum-After',
    )
  }
  await events.applied(cursor.seq, signal, longestWaitMs)
}

/** A caller's own request id when it is harmless to print, else a new one. */
export function toRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : crypto.randomUUID()
}
