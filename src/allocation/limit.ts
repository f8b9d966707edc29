/** How much a tenant may have. */
import type { ResourceId } from '../resource/resource.ts'
import type { AllocationConfig } from './pool/config.ts'

export interface Quota {
  tenantId: ResourceId
  class: string
  limit: number | null
  used: number
}

/** The tenant's own limit goes before the one for all. */
export function limitIn({ quotas }: AllocationConfig, tenant: string, name: string): number | undefined {
  const of = (whose: string | undefined) =>
    quotas.find((quota) => quota.tenant === whose && quota.class === name)?.limit
  return of(tenant) ?? of(undefined)
}
