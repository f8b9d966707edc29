/**
 * Terminology
 * - rule: a condition on a metric of the resources that it selects. alert: its state on one resource: pending until the condition has held for as long as the rule says, then firing, then resolved.
 * - failure: how what an alert tells spreads along links: DOWN, LINK, SESSION, HOT, SILENT, or NONE, which spreads to nothing.
 * - incident: alerts under the one thing that explains them, its cause. silence: what is not told of for a while; a maintenance is one with all that depends on a resource.
 */
import type { LinkType } from '../resource/kind/link.ts'
import type { ResourceId } from '../resource/resource.ts'

export const severities = ['INFO', 'WARNING', 'CRITICAL'] as const
export type Severity = (typeof severities)[number]

export const alertStates = ['PENDING', 'FIRING', 'RESOLVED'] as const
export type AlertState = (typeof alertStates)[number]

export const incidentStates = ['OPEN', 'ACKNOWLEDGED', 'CLOSED'] as const
export type IncidentState = (typeof incidentStates)[number]

export const failures = ['DOWN', 'LINK', 'SESSION', 'HOT', 'SILENT', 'NONE'] as const
export type Failure = (typeof failures)[number]

/** A link on the way from an alert to its cause. */
export interface Hop {
  type: LinkType
  from: ResourceId
  to: ResourceId
}

/** An alert as it stands, and as events carry it. Times are milliseconds. */
export interface AlertImage {
  id: number
  rule: string
  /** Null: what was sent to the intake and fits no resource. */
  resourceId: ResourceId | null
  /** Who holds the resource at this moment: whom it is told to. */
  tenantId: ResourceId | null
  siteId: ResourceId | null
  /** The source whose values say it; 0: Plenum itself, or the intake. */
  sourceId: ResourceId
  state: AlertState
  severity: Severity
  failure: Failure
  value: number | null
  summary: string
  runbookUrl: string | null
  labels: Record<string, string>
  startsAt: number
  firedAt: number | null
  endsAt: number | null
}

export interface IncidentImage {
  id: number
  causeId: ResourceId
  failure: Failure
  /** Who holds the cause. */
  tenantId: ResourceId | null
  summary: string
  severity: Severity
  state: IncidentState
  runbookUrl: string | null
  startsAt: number
  endsAt: number | null
  acknowledgedBy: string | null
  acknowledgedAt: number | null
  /** The incident that this one turned out to be a part of. */
  mergedInto: number | null
  alertIds: number[]
}

/** An incident as it is to be; without an id it is new. */
export type IncidentWrite = Omit<IncidentImage, 'id'> & { id?: number }

export interface SilenceImage {
  id: number
  /** A maintenance silences what depends on its resources too. */
  isMaintenance: boolean
  resourceIds: ResourceId[]
  rules: string[]
  severities: Severity[]
  labels: Record<string, string>
  comment: string
  createdBy: string
  startsAt: number
  endsAt: number
}
