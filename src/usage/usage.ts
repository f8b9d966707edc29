/**
 * Terminology
 * - usage: how long tenants held resources, in resource-hours, and how much of them: amount-hours of a class. Worked out from history, so that it is exact over resizes,
 *   moves and deletions.
 * - price: what one resource, or one unit of a class, costs for an hour, from an instant on.
 */
import type { KindName } from '../resource/kind/index.ts'
import type { ResourceId } from '../resource/resource.ts'

/** What a record is of. */
export const usageKeys = ['tenant', 'kind', 'flavor', 'class'] as const
export type UsageKey = (typeof usageKeys)[number]

/** The resource classes that are counted, as Placement calls them. */
export const usedClasses = ['VCPU', 'MEMORY_MB', 'DISK_GB'] as const
export type UsedClass = (typeof usedClasses)[number]

export interface Price {
  kind?: KindName | undefined
  flavor?: string | undefined
  /** Absent: the price of the resource as a whole. */
  class?: UsedClass | undefined
  perHour: number
  /** Milliseconds; absent: always. */
  from?: number | undefined
}

/** How long resources that were alike were held within a window; what `store` gives. */
export interface Span {
  /** Where the window begins: decides which prices held. */
  at: number
  tenantId: ResourceId
  kind: KindName
  flavor: string | null
  cores: string | null
  memoryBytes: string | null
  diskBytes: string | null
  milliseconds: number
}

/** Null stands for what was not asked by, and for what there is not. */
export interface UsageRecord {
  tenantId: ResourceId | null
  kind: KindName | null
  flavor: string | null
  class: UsedClass | null
  hours: number
  amountHours: number | null
  cost: number | null
}
