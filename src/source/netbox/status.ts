/** NetBox's statuses in Plenum's words. A status that is not here has none; its raw word is always kept in attributes when it differs. */
import type { ResourceStatus } from '../../resource/resource.ts'

const statusOf: Readonly<Record<string, ResourceStatus>> = {
  active: 'ACTIVE',
  connected: 'ACTIVE',
  container: 'ACTIVE',
  dhcp: 'ACTIVE',
  slaac: 'ACTIVE',
  paused: 'ACTIVE',
  planned: 'PLANNED',
  reserved: 'PLANNED',
  provisioning: 'PLANNED',
  staged: 'STAGED',
  staging: 'STAGED',
  inventory: 'STAGED',
  available: 'STAGED',
  offline: 'MAINTENANCE',
  failed: 'MAINTENANCE',
  deprovisioning: 'DECOMMISSIONING',
  decommissioning: 'DECOMMISSIONING',
  decommissioned: 'RETIRED',
  deprecated: 'RETIRED',
  retired: 'RETIRED',
}

/** The status, and the raw word when it says more. */
export function toStatus(raw: string | undefined): { status?: ResourceStatus; raw?: string } {
  if (raw === undefined) return {}
  const status = statusOf[raw]
  if (status === undefined) return { raw }
  return status.toLowerCase() === raw ? { status } : { status, raw }
}
