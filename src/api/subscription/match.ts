/** Which events a ChangeFilter asks for: by the values that events carry, so that a replay is exact. Pure. */
import type { EventScope, GraphEvent } from '../../event/event.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { ResourceId, ResourceStatus } from '../../resource/resource.ts'

export interface LabelCondition {
  key: string
  value?: string | null
  in?: readonly string[] | null
  exists?: boolean | null
}

/** A ChangeFilter whose refs are resolved. What is absent asks for nothing. */
export interface ChangeCondition {
  ids?: Set<ResourceId>
  kinds?: ReadonlySet<KindName>
  tenants?: ReadonlySet<ResourceId>
  sites?: ReadonlySet<ResourceId>
  labels?: readonly LabelCondition[]
  statuses?: ReadonlySet<ResourceStatus>
}

/** What the event means to one who follows only what matches. */
export type Meaning =
  'created' | 'updated' | 'left' | 'deleted' | 'merged' | 'linkAdded' | 'linkRemoved' | undefined

export function matches(
  condition: ChangeCondition,
  id: ResourceId,
  scope: Omit<EventScope, 'name'>,
): boolean {
  const { ids, kinds, tenants, sites, labels, statuses } = condition
  return (
    (ids === undefined || ids.has(id)) &&
    (kinds === undefined || kinds.has(scope.kind)) &&
    (tenants === undefined || (scope.tenantId !== null && tenants.has(scope.tenantId))) &&
    (sites === undefined || (scope.siteId !== null && sites.has(scope.siteId))) &&
    (statuses === undefined || (scope.status !== null && statuses.has(scope.status))) &&
    (labels === undefined || labels.every((label) => hasLabel(label, scope.labels)))
  )
}

function hasLabel(label: LabelCondition, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, label.key) ? labels[label.key] : undefined
  if (label.exists != null && label.exists !== (value !== undefined)) return false
  if (label.exists === false) return true
  if (value === undefined) return false
  return (label.value == null || label.value === value) && (label.in == null || label.in.includes(value))
}

export function meaningOf(condition: ChangeCondition, event: GraphEvent): Meaning {
  switch (event.type) {
    case 'ResourceCreated':
      return matches(condition, event.resource.id, event.resource) ? 'created' : undefined
    case 'ResourceUpdated': {
      const was = matches(condition, event.resource.id, event.before)
      const is = matches(condition, event.resource.id, event.resource)
      if (was) return is ? 'updated' : 'left'
      return is ? 'created' : undefined
    }
    case 'ResourceDeleted':
      return matches(condition, event.id, event.before) ? 'deleted' : undefined
    case 'ResourceMerged':
      return matches(condition, event.id, event.before) ? 'merged' : undefined
    case 'LinkAdded':
    case 'LinkRemoved': {
      const { from, to } = event.link
      if (!matches(condition, from, event.from) && !matches(condition, to, event.to)) return undefined
      return event.type === 'LinkAdded' ? 'linkAdded' : 'linkRemoved'
    }
  }
}
