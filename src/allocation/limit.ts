/** How much a tenant may have, and for how long. */
import { invalidInput } from '../errors.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { AllocationConfig } from './pool/config.ts'

export interface Quota {
  tenantId: ResourceId
  class: string
  limit: number | null
  used: number
}

const longestLeaseMs = 10 * 365 * 86_400_000

export function checkLease(leaseMs: number, path: string): void {
  if (leaseMs < 1_000 || leaseMs > longestLeaseMs)
    throw invalidInput('A lease is from a second to ten years', path)
}

/** The tenant's own limit goes before the one for all. */
export function limitIn({ quotas }: AllocationConfig, tenant: string, name: string): number | undefined {
  const of = (whose: string | undefined) =>
    quotas.find((quota) => quota.tenant === whose && quota.class === name)?.limit
  return of(tenant) ?? of(undefined)
}
