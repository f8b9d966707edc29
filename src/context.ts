/** What one request gets. Resolvers know this and the errors, nothing else. */
import type { Graph, LiveGraph } from './graph/graph.ts'
import type { Cursor, LoggedEvent } from './event/event.ts'
import type { Allocations } from './allocation/index.ts'
import type { Alerts } from './alert/index.ts'
import type { LogLines } from './log-line/index.ts'
import type { Metrics } from './metric/index.ts'
import type { Resources } from './resource/verbs.ts'
import type { Actor, ResourceId } from './resource/resource.ts'
import type { Sources } from './source/index.ts'
import type { KindName } from './resource/kind/index.ts'
import type { Usage } from './usage/index.ts'
import type { Tokens } from './token/index.ts'

export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/** What may be done with a write, for roles and tokens that may do some of it. */
export const verbs = ['IMPORT', 'UPDATE', 'DELETE', 'LINK', 'MERGE', 'SYNC', 'ALLOCATE', 'CONTROL'] as const
export type Verb = (typeof verbs)[number]

/** To what the writes of a viewer are narrowed; what is absent narrows nothing. */
export interface WriteScope {
  kinds?: ReadonlySet<KindName>
  verbs?: ReadonlySet<Verb>
  sites?: ReadonlySet<ResourceId>
  blueprints?: ReadonlySet<string>
}

export interface Viewer {
  /** The token's name, or what the identity provider calls who asks. */
  name: string
  role: Role
  /** Of one that an identity provider made: a negative number, the same for the same person. */
  tokenId: number
  /** The role's name, when it is one of the configuration. */
  roleName?: string
  writes?: WriteScope
  /** Whose resources are seen; absent: all of them. See src/graph/scope.ts. */
  tenants?: ReadonlySet<ResourceId>
}

/** Follows the log in this process: what was applied, and waiting for it. */
export interface EventFeed {
  /** Resolves when the graph of this process has applied `seq`; rejects with LIMIT_EXCEEDED after `timeoutMs`. */
  applied(seq: number, signal: AbortSignal, timeoutMs?: number): Promise<void>
  /** Events after `after`, first replayed from the table, then live, each exactly once and in order, in batches. Yields a gap when `after` is no longer kept or of another epoch. */
  follow(after: Cursor, signal: AbortSignal): AsyncIterable<FeedBatch>
  read(request: {
    after?: number
    before?: number
    types?: readonly string[]
    resourceId?: number
    /** Only what has to do with these tenants: not less than they may be told of, and somewhat more. */
    tenants?: readonly ResourceId[]
    first: number
  }): Promise<LoggedEvent[]>
  count(request: { types?: readonly string[]; resourceId?: number }): Promise<number>
  cursor(): Cursor
}
export type FeedBatch =
  { events: LoggedEvent[]; cursor: Cursor } | { gap: true; resumeFrom: Cursor; reason: string }

export interface Context {
  viewer: Viewer
  actor: Actor
  requestId: string
  /** Where the request came from; for the audit trail. */
  remoteAddress: string
  /** The header Idempotency-Key; an input's own `idempotencyKey` goes before it. */
  idempotencyKey: string | undefined
  /** Aborts at the deadline and when the caller goes away. */
  signal: AbortSignal
  /** What the answer's `extensions` will say, such as `truncated`: the paths of pages that were cut short. */
  extensions: Record<string, unknown>
  graph: LiveGraph
  /** The graph as it was at an instant (milliseconds), kept for this request. */
  graphAt(instant: number): Promise<Graph>
  resources: Resources
  sources: Pick<Sources, 'sync' | 'read' | 'logs' | 'logStores'>
  events: EventFeed
  metrics: Metrics
  allocations: Omit<Allocations, 'close'>
  alerts: Alerts
  tokens: Tokens
  usage: Usage
  logs: Pick<LogLines, 'each' | 'of'>
}
