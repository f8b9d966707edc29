/**
 * Terminology
 * - event: a durable fact with a dense sequence number, written in the transaction that made it true.
 * - cursor: a place in that sequence together with the log's epoch. A restored backup starts a new epoch.
 * Filters of subscriptions read only what events carry (values before and after), so a replay needs no old graph.
 */
import type { KindName } from '../resource/kind/index.ts'
import type { Change, LinkImage, ResourceId, ResourceImage, ResourceStatus } from '../resource/resource.ts'

/** The values that a ChangeFilter may ask for. */
export interface EventScope {
  kind: KindName
  name: string
  tenantId: ResourceId | null
  siteId: ResourceId | null
  labels: Record<string, string>
  status: ResourceStatus | null
}

export type GraphEvent =
  | { type: 'ResourceCreated'; resource: ResourceImage }
  | { type: 'ResourceUpdated'; resource: ResourceImage; before: EventScope; changes: Change[] }
  | { type: 'ResourceDeleted'; id: ResourceId; before: EventScope }
  /** `id` is now an alias of `into`; its links were moved by their own events before this one. */
  | { type: 'ResourceMerged'; id: ResourceId; into: ResourceId; before: EventScope }
  | { type: 'LinkAdded'; link: LinkImage; from: EventScope; to: EventScope }
  | { type: 'LinkRemoved'; link: LinkImage; from: EventScope; to: EventScope }

/** Facts that change no resource of the graph: kept for the audit trail and for subscribers of `events`. */
export interface NoteEvent {
  type:
    | 'SourceSynced'
    | 'SyncHeld'
    | 'SourceFailed'
    | 'SourceRecovered'
    | 'Notice'
    | 'LogRestored'
    | 'TokenCreated'
    | 'TokenRevoked'
    | 'AlertChanged'
    | 'IncidentChanged'
    | 'SilenceChanged'
    | 'RuleChanged'
    | 'AllocationChanged'
    | 'LeaseEnding'
    | 'OperationChanged'
  /** The resource it is about, if any. */
  id?: ResourceId
  detail: Record<string, unknown>
}

export type EventBody = GraphEvent | NoteEvent

const graphEvents: ReadonlySet<string> = new Set<GraphEvent['type']>([
  'ResourceCreated',
  'ResourceUpdated',
  'ResourceDeleted',
  'ResourceMerged',
  'LinkAdded',
  'LinkRemoved',
])

export const isGraphEvent = (body: EventBody): body is GraphEvent => graphEvents.has(body.type)

/** An event as the log has it. */
export interface LoggedEvent {
  seq: number
  /** Milliseconds; the time of its transaction. */
  at: number
  actor: string
  body: EventBody
}

export interface Cursor {
  /** UUID of the log. */
  epoch: string
  seq: number
}

/** `epoch` shortened to its first 8 hex digits, a dot, and the sequence: `1f0c22aa.1042`. */
export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch.slice(0, 8)}.${cursor.seq}`
}

/** The parts of a cursor's text; undefined when it is none. Whether the epoch is the log's is for the reader to compare. */
export function parseCursor(text: string): { epoch: string; seq: number } | undefined {
  const match = /^([0-9a-f]{8})\.(\d{1,15})$/.exec(text)
  return match ? { epoch: match[1] as string, seq: Number(match[2]) } : undefined
}
