/**
 * Terminology
 * - member: an observation with its source's role, as reconciliation sees it.
 * - claim: an identity that a member says it has.
 * - group: the members that are one resource.
 */
import type { Observation, ResourceId } from '../resource.ts'

export interface Member extends Observation {
  sourceId: ResourceId
  sourceName: string
  role: 'intent' | 'observed'
  precedence: number
  /** The resource it belonged to before; null: new. */
  resourceId: ResourceId | null
  firstSeenAt: number
  changedAt: number
  /** The part of its source that it was listed with. */
  part?: string
}

/** What names a member: its source and the source's key. */
export type MemberKey = string
export const memberKey = (sourceId: ResourceId, key: string): MemberKey => `${sourceId} ${key}`
export const keyOf = (member: Pick<Member, 'sourceId' | 'key'>): MemberKey =>
  memberKey(member.sourceId, member.key)

/** The source of what people change here, resource by resource. */
export const ownSourceName = 'plenum'
export const editKey = (id: ResourceId): string => `resource:${id}`

/** An edit names no thing of its own: it goes where the id of its resource goes, and holds nothing together. */
export const isEdit = (member: Pick<Member, 'sourceName' | 'key'>): boolean =>
  member.sourceName === ownSourceName && member.key.startsWith('resource:')

export interface Claim {
  type: string
  /** '' is global; `r:<id>` is within a parent resource, with a property's value behind a slash where the rule asks for it. */
  scope: string
  value: string
  strong: boolean
}

export const claimKey = (claim: Claim): string => `${claim.type} ${claim.scope} ${claim.value}`
