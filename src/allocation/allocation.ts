/** The shapes of allocations and operations: the words that rooms speak. */
import type { Cursor } from '../event/event.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Domain, Shortage } from './plan.ts'

export type { Domain } from './plan.ts'

export const allocationStates = ['PENDING', 'CREATING', 'ACTIVE', 'RELEASING', 'RELEASED', 'FAILED'] as const
export type AllocationState = (typeof allocationStates)[number]

/** What is asked for; refs are resolved. */
export interface AllocationRequest {
  tenantId: ResourceId
  tenantName: string
  name: string
  blueprint: string
  count?: number
  size?: readonly { class: string; amount: number }[]
  require?: readonly string[]
  forbid?: readonly string[]
  prefer?: readonly string[]
  near?: readonly ResourceId[]
  spread?: { over: Domain; atMost: number; required: boolean }
  /** Names of pools; default: all that fit. */
  pool?: readonly string[]
  leaseMs?: number
  parameters?: unknown
}

/** One class of one member, and from whom. */
export interface PlannedClaim {
  member: number
  class: string
  amount: number
  pool: string
  provider: string
  resourceId: ResourceId | null
  providerName: string
  /** The names of the units, where they have some. */
  units: readonly string[]
  /** Of VLANs: the group in which their numbers are theirs. */
  group?: string
  /** What the thing is called that it makes. */
  name: string | null
}

export interface PlanRejection {
  class: string
  reason: string
  count: number
  resourceIds: readonly ResourceId[]
}

export interface Plan {
  feasible: boolean
  token: string | null
  claims: readonly PlannedClaim[]
  short: readonly Shortage[]
  rejected: readonly PlanRejection[]
}

export interface Claim {
  member: number
  pool: string
  providerName: string
  resourceId: ResourceId | null
  class: string
  amount: number
  unit: string | null
}

export interface Allocation {
  id: number
  tenantId: ResourceId
  name: string
  state: AllocationState
  blueprint: string
  createdBy: string
  createdAt: number
  leaseEndsAt: number | null
  endedAt: number | null
}

/** What allocate and release answer. */
export interface Given {
  allocationId: number
  operationId: number
  cursor: Cursor
}

export interface PoolState {
  name: string
  kind: string
  traits: readonly string[]
  providers: number
  capacity: readonly Capacity[]
}
/** A provider, as one of a pool. */
export interface ProviderState {
  pool: string
  key: string
  /** Null: the pool itself, as of a range of VLANs. */
  resourceId: ResourceId | null
  capacity: readonly Capacity[]
}
export interface Capacity {
  class: string
  total: number
  reserved: number
  used: number
  free: number
  largestFree: number
}
