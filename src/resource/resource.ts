/**
 * Terminology
 * - image: a resource as it stands, with what is kept in memory and nothing else; what the graph holds and events carry.
 * - observation: what one source said about one thing. Intent comes in the same form, from a source whose `role` is `intent`.
 * - origin: the fact that this source knows that resource by this key; one observation is one origin.
 */
import type { InterfaceName } from './kind/kind.ts'
import type { KindName } from './kind/index.ts'
import type { LinkType } from './kind/link.ts'
import type { IdempotencyKey } from './verbs.ts'

export const statuses = ['PLANNED', 'STAGED', 'ACTIVE', 'MAINTENANCE', 'DECOMMISSIONING', 'RETIRED'] as const
export type ResourceStatus = (typeof statuses)[number]
export type Health = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN'

/** Ids are positive integers from one sequence, never reused; the API shows them as decimal strings. */
export type ResourceId = number

export interface ResourceImage {
  id: ResourceId
  kind: KindName
  name: string
  status: ResourceStatus | null
  labels: Record<string, string>
  owner: string | null
  contact: string | null
  /** The site it stands in, through its places; null when unknown. Kept by the store, not by the reader. */
  siteId: ResourceId | null
  /** The tenant that holds it, directly or through what it is part of. */
  tenantId: ResourceId | null
  /** The kind's properties that have a value. */
  fields: Record<string, unknown>
  /** Ids of the sources (resources of kind Source) that know it, ascending. */
  sources: ResourceId[]
  /** Raised by intent; what `ifGeneration` guards. */
  generation: number
  /** Raised by intent, reconciled facts and links. */
  revision: number
  /** Milliseconds since the epoch, as all times in memory. */
  createdAt: number
  updatedAt: number
  hasDrift: boolean
  hasConflict: boolean
}

/** A link as it stands; (type, from, to) is its identity. A symmetric link has the smaller id as `from`. */
export interface LinkImage {
  type: LinkType
  from: ResourceId
  to: ResourceId
  /** When it was first said, milliseconds. */
  since: number
}

/** What a link points to, as its source can say it. */
export type LinkTarget =
  /** The same or another source's own key. */
  | { source: string; key: string }
  /** A key of the very source that says the link: what an inventory's items call each other. */
  | { key: string; source?: undefined }
  | { id: ResourceId }
  /** An identity: `{ kind: 'Switch', identity: 'chassisId', value: '…' }`. */
  | { kind: KindName | InterfaceName; identity: string; value: string; scope?: string }
  /** A Ref such as `Rack:name=r07`, resolved when the observation is written. */
  | { ref: string }

export interface LinkClaim {
  type: LinkType
  /** `out` (default): from the observed thing to the target. */
  direction?: 'out' | 'in'
  to: LinkTarget
  attributes?: Record<string, unknown>
}

/** What one source says about one thing. `null` in fields = says that it has none; absent = says nothing about it. */
export interface Observation {
  /** The source's own key; the same thing always has the same key. */
  key: string
  kind: KindName
  name: string
  status?: ResourceStatus | null
  labels?: Record<string, string>
  owner?: string | null
  contact?: string | null
  fields?: Record<string, unknown>
  /** Free attributes; shown under the source's name. */
  attributes?: Record<string, unknown>
  links?: LinkClaim[]
  /** Known only from what others said (a neighbour that never answered): joins nothing and expires. */
  hearsay?: boolean
}

/** A key that the source no longer has, as a push or a 404 says. */
export interface Gone {
  key: string
  gone: true
}

export interface Change {
  /** `name`, `status`, `labels.env`, `fields.serialNumber`, `tenant`, `site`, … */
  path: string
  before: unknown
  after: unknown
}

/** Who does something: shown in events and the audit trail. */
export interface Actor {
  name: string
  requestId?: string
  /** Makes a write repeatable: its answer is kept with it, in the same transaction, and given again. */
  idempotency?: IdempotencyKey
  /** Looks at all that a write would change, in its transaction, before anything is final; what it throws undoes the write. */
  guard?: WriteGuard
  /** When it aborts, a write that is not committed yet is undone. */
  signal?: AbortSignal
}

export type Place = Pick<ResourceImage, 'id' | 'kind' | 'siteId' | 'tenantId'>

/** What a write changes: what was stated, as it was and as it will be, and links. What only follows from it is not told. */
export interface Guarded {
  /** `path`: where it stands in the caller's input, as far as that is known. */
  items: readonly { before: Place | undefined; after: Place | undefined; path: string | undefined }[]
  links: readonly { type: LinkType; from: Place; to: Place; isNew: boolean }[]
}
export type WriteGuard = (write: Guarded) => void
