import type { Knex } from 'knex'
import type { Cursor } from '../event/event.ts'
import type { GraphRows } from '../graph/graph.ts'
import type { KindName } from './kind/index.ts'
import type { LinkType } from './kind/link.ts'
import type { Actor, Change, Gone, Observation, ResourceId } from './resource.ts'

/** A place in a SQL-paged list; opaque to callers. */
export interface Page {
  first: number
  after?: string
  /** Of history: only what things were while these tenants held them. */
  tenants?: readonly ResourceId[]
}
export interface PageOf<T> {
  items: { item: T; cursor: string }[]
  hasNextPage: boolean
  totalCount: number
}

export interface Origin {
  resourceId: ResourceId
  sourceId: ResourceId
  key: string
  precedence: number
  firstSeenAt: number
  lastSeenAt: number
  stale: boolean
  hearsay: boolean
}
export interface ProvenanceEntry {
  resourceId: ResourceId
  path: string
  value: unknown
  sourceId: ResourceId
  observedAt: number
  /** The values that lost, best first. */
  lost: { value: unknown; sourceId: ResourceId; observedAt: number }[]
}
export interface DriftEntry {
  resourceId: ResourceId
  path: string
  intended: unknown
  observed: unknown
  since: number
}
export interface ConflictEntry {
  resourceId: ResourceId
  otherId: ResourceId
  type: string
  scope: string
  value: string
  since: number
}
export interface HistoryEntry {
  resourceId: ResourceId
  kind: KindName
  name: string
  action: 'CREATED' | 'UPDATED' | 'DELETED' | 'MERGED'
  at: number
  seq: number
  actor: string
  changes: Change[]
}

/** One thing of an inventory as people write it, in GraphQL, YAML, CSV or NDJSON: an observation whose `key` may be left out. */
export interface InventoryItem extends Omit<Observation, 'key'> {
  /** Default: `Kind:name`, for kinds whose names repeat with their parent's key before it. */
  key?: string
  /** Where it stands in the caller's input: `input.items[3]`, `line 7`. Used in errors. */
  path: string
}

export interface ImportRequest {
  /** The intent source that says it; made when new. Default `inventory`. */
  source: string
  /** `merge` leaves what is not mentioned; `replace` ends this source's claim on it. */
  mode: 'merge' | 'replace'
  dryRun: boolean
  /** Allows `replace` to end more than 5 % and more than 20 things. */
  acceptVanished?: boolean
  items: AsyncIterable<InventoryItem[]>
  signal: AbortSignal
}

export interface PlannedChange {
  action: 'CREATE' | 'UPDATE' | 'DELETE' | 'LINK' | 'UNLINK' | 'JOIN'
  resourceId: ResourceId | null
  kind: KindName
  name: string
  changes: Change[]
}
export interface WriteResult {
  cursor: Cursor
  created: number
  updated: number
  unchanged: number
  deleted: number
  linksAdded: number
  linksRemoved: number
  /** The first 1,000 changes; `plannedTotal` counts all. Filled by dry runs. */
  planned: PlannedChange[]
  plannedTotal: number
  /** Ids of what was created or updated, first 1,000. */
  resourceIds: ResourceId[]
}

export interface UpdateRequest {
  items: {
    id: ResourceId
    ifGeneration?: number
    /** Only what changes: name, status, labels (merged; null removes), owner, contact, fields, attributes; links to add. */
    set: Partial<Omit<Observation, 'key' | 'kind' | 'labels' | 'hearsay'>> & {
      labels?: Record<string, string | null>
    }
    path: string
  }[]
  dryRun: boolean
}

export interface SyncRequest {
  sourceId: ResourceId
  /** The whole listing. Failing midway changes nothing. */
  listing: AsyncIterable<Observation>
  /** Called when the listing is read: what the source pushed meanwhile, by key, which is younger than what was listed. */
  younger?: () => ReadonlyMap<string, Observation | Gone>
  acceptVanished?: boolean
  /** Fences off a holder whose turn is over: refused unless the turn still has this epoch. */
  fence?: Fence
  /** What stays wrong although the source can be listed: its watch is down. */
  standing?: string | null
  signal: AbortSignal
}
/** The turn in which something is written; see src/turn.ts. */
export interface Fence {
  turn: string
  epoch: number
}

/** A part of a source that was listed as a whole, or that does not answer; see src/source/source.ts. */
export interface Part {
  part: string
  things: Observation[]
}
export interface Silent {
  silent: string
}
export type Pushed = Observation | Gone | Part | Silent

export interface PushResult extends WriteResult {
  /** What could not be taken in, and why: the rest was. */
  refused: { key: string; message: string }[]
  /** Things that parts left out and that are still claimed. */
  missing: number
  /** Set when an authoritative source left out too much of a part to be believed; nothing of that part was ended. */
  held: string | null
}

export interface SyncResult extends WriteResult {
  seen: number
  /** Set when too much was gone to be believed; nothing was ended. */
  held: string | null
}

export interface AttributeCondition {
  /** Dotted path, such as `openstack-kr1.metadata.role`. */
  path: string
  op: 'eq' | 'in' | 'contains' | 'exists'
  value?: unknown
}

export interface IdempotencyKey {
  actor: string
  key: string
  action: string
  input: unknown
}

/** What is to be stated by a source, and what no longer; whom resources belong to, said beside all sources. */
export interface Stated {
  items: readonly Observation[]
  /** Keys of the source. */
  gone: readonly string[]
  hold?: readonly { id: ResourceId; kind: KindName; tenantId: ResourceId }[]
  letGo?: readonly { id: ResourceId; kind: KindName }[]
}
export interface StateRequest<T extends object> {
  /** An intent source of Plenum's own; made when new. */
  source: string
  dryRun: boolean
  /** Whether links may lead to what nobody has told of yet: they come into being with it. */
  mayWait?: boolean
  /** Looks at what is, writes what is its own, and says what follows for resources. Nobody else writes resources meanwhile. */
  decide(trx: Knex.Transaction, at: Date): Promise<Stated>
  /** The last of the transaction, with the resources' ids by key; what it gives goes into the answer. */
  after(trx: Knex.Transaction, ids: ReadonlyMap<string, ResourceId>, at: Date): Promise<T>
}

/** What may be done with resources. Writes are one transaction with their events and resolve after their commit. */
export interface Resources {
  importInventory(request: ImportRequest, by: Actor): Promise<WriteResult>
  update(request: UpdateRequest, by: Actor): Promise<WriteResult>
  /** Removes intent; what no source observes ends with a tombstone. Refused with STATE when others still LOCATED_IN/PART_OF it, unless `cascade`. */
  delete(
    request: { ids: { id: ResourceId; ifGeneration?: number }[]; cascade: boolean; dryRun: boolean },
    by: Actor,
  ): Promise<WriteResult>
  deleteLink(
    request: { type: LinkType; from: ResourceId; to: ResourceId; dryRun: boolean },
    by: Actor,
  ): Promise<WriteResult>
  merge(request: { ids: ResourceId[]; into: ResourceId; dryRun: boolean }, by: Actor): Promise<WriteResult>
  /** One transaction under the write lock, for what must become true together with resources. */
  state<T extends object>(request: StateRequest<T>, by: Actor): Promise<WriteResult & T>
  /** Takes the given origins off a resource into one of their own. */
  split(
    request: { id: ResourceId; origins: { sourceId: ResourceId; key: string }[]; dryRun: boolean },
    by: Actor,
  ): Promise<WriteResult>
  sync(request: SyncRequest, by: Actor): Promise<SyncResult>
  /** Pushed changes of one source, in their order. What is faulty is refused by itself. */
  push(
    sourceId: ResourceId,
    changes: readonly Pushed[],
    by: Actor,
    options?: { fence?: Fence },
  ): Promise<PushResult>
  /** What is wrong with a source now, null: nothing; told as an event when it begins and when it ends. */
  noteFailure(sourceId: ResourceId, failure: string | null, by: Actor): Promise<void>
  /** How a source does, beyond its listings. */
  noteSource(
    sourceId: ResourceId,
    note: { seenAt?: Date; seen?: number; breaker?: string; pushLagSeconds?: number },
  ): Promise<void>
  saveSource(
    source: {
      name: string
      driver: string
      role: 'intent' | 'observed'
      precedence: number
      authoritative: boolean
      control: boolean
    },
    by: Actor,
  ): Promise<ResourceId>

  attributesOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, Record<string, unknown>>>
  originsOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, Origin[]>>
  provenanceOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, ProvenanceEntry[]>>
  driftOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, DriftEntry[]>>
  conflictsOf(ids: readonly ResourceId[]): Promise<Map<ResourceId, ConflictEntry[]>>
  /** Only what links carry, in the order asked: one look by primary key each. */
  linkAttributesOf(
    links: readonly { type: LinkType; from: ResourceId; to: ResourceId }[],
  ): Promise<Record<string, unknown>[]>
  linkDetailsOf(
    links: readonly { type: LinkType; from: ResourceId; to: ResourceId }[],
  ): Promise<{ attributes: Record<string, unknown>; origins: Origin[] }[]>
  sourceStates(): Promise<
    Map<
      ResourceId,
      {
        lastSyncAt: number | null
        tookSeconds: number | null
        seen: number | null
        changed: number | null
        failure: string | null
        held: string | null
        pushLagSeconds: number | null
        breaker: 'CLOSED' | 'OPEN' | 'HALF_OPEN' | null
      }
    >
  >
  historyOf(ids: readonly ResourceId[], page: Page): Promise<Map<ResourceId, PageOf<HistoryEntry>>>
  diff(
    request: { from: number; to: number; ids?: readonly ResourceId[] },
    page: Page,
  ): Promise<PageOf<HistoryEntry>>
  idsWhere(conditions: readonly AttributeCondition[]): Promise<Set<ResourceId>>
  /** Which resource a source's own key means: `netbox:dcim.rack.7`. */
  findByKey(source: string, key: string): Promise<ResourceId | undefined>
  /** The same for many, in their order, by one statement. */
  findByKeys(keys: readonly { source: string; key: string }[]): Promise<readonly (ResourceId | undefined)[]>
  /** What a repeated request was answered: asked before refs are resolved, for what they named may be gone. Undefined: it is new. CONFLICT/KEY_REUSED: its input is another. */
  answered(request: IdempotencyKey): Promise<WriteResult | undefined>
  /** Keeps what is answered, where that is no write of resources. */
  keepAnswer(request: IdempotencyKey, answer: { cursor: Cursor }): Promise<void>
  /** A write of another noun, with its answer kept; its events are the last that it appends. */
  once<T extends object>(by: Actor, work: (trx: Knex.Transaction, at: Date) => Promise<T>): Promise<T>
  /** What is no longer: deleted or merged away. */
  goneOf(
    ids: readonly ResourceId[],
  ): Promise<Map<ResourceId, { kind: KindName; name: string; into: ResourceId | null; at: number }>>
  /** Rows of the graph as it is now, in one snapshot with its cursor. */
  rows(): Promise<GraphRows & { close(): Promise<void> }>
  /** Rows of the graph as it was; LIMIT_EXCEEDED when it has more than `limit` resources, NOT_FOUND before the history begins. */
  rowsAt(instant: number, limit: number): Promise<GraphRows & { close(): Promise<void> }>
}
