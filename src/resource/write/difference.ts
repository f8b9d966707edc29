/** What changed between two states of a resource, path by path. */
import type { EventScope } from '../../event/event.ts'
import type { Change, ResourceImage } from '../resource.ts'
import type { ResourceRow } from '../store.ts'
import { canonical } from './canonical.ts'

const plain = ['kind', 'name', 'status', 'owner', 'contact'] as const

/** Changes of stated values, of where it stands and of who knows it; not of links, which have their own events. */
export function changesOf(before: ResourceRow, after: ResourceRow): Change[] {
  const changes: Change[] = plain
    .filter((path) => before[path] !== after[path])
    .map((path) => ({ path, before: before[path], after: after[path] }))
  changes.push(
    ...changesIn('labels', before.labels, after.labels),
    ...changesIn('fields', before.fields, after.fields),
    ...changesIn('attributes', before.attributes, after.attributes),
  )
  const more: [string, unknown, unknown][] = [
    ['site', before.siteId, after.siteId],
    ['tenant', before.tenantId, after.tenantId],
    ['sources', before.sources, after.sources],
    ['hasConflict', before.hasConflict, after.hasConflict],
  ]
  for (const [path, old, fresh] of more)
    if (canonical(old) !== canonical(fresh)) changes.push({ path, before: old, after: fresh })
  if (canonical(valuesOf(before.drift)) !== canonical(valuesOf(after.drift)))
    changes.push({ path: 'drift', before: pathsOf(before.drift), after: pathsOf(after.drift) })
  return changes
}

type Drift = ResourceRow['drift']
const valuesOf = (drift: Drift): unknown =>
  drift.map(({ path, intended, observed }) => ({ path, intended, observed }))
/** Only where they differ is told: the values may be ids of what the reader does not see. */
const pathsOf = (drift: Drift): string[] => drift.map(({ path }) => path)

function changesIn(name: string, before: Record<string, unknown>, after: Record<string, unknown>): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((key) => {
    const [old, fresh] = [before[key] ?? null, after[key] ?? null]
    return old === fresh || canonical(old) === canonical(fresh)
      ? []
      : [{ path: `${name}.${key}`, before: old, after: fresh }]
  })
}

export function scopeOf(image: ResourceImage): EventScope {
  return {
    kind: image.kind,
    name: image.name,
    tenantId: image.tenantId,
    siteId: image.siteId,
    labels: image.labels,
    status: image.status,
  }
}

/** What of a row is kept in memory and carried by events. */
export function imageOf({ attributes, drift, ...image }: ResourceRow): ResourceImage {
  void attributes
  return { ...image, hasDrift: drift.length > 0 }
}
