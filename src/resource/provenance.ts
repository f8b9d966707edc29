/** Who says each value of a resource, and which values lost. */
import type { Member } from './reconcile/member.ts'
import { candidatesOf } from './reconcile/merge.ts'
import type { ResourceId } from './resource.ts'
import type { ProvenanceEntry } from './verbs.ts'

export function provenanceOf(members: readonly Member[]): Map<ResourceId, ProvenanceEntry[]> {
  const byResource = Map.groupBy(members, (member) => member.resourceId!)
  return new Map(
    [...byResource].map(([resourceId, own]) => [
      resourceId,
      [...candidatesOf(own)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, [best, ...lost]]) => ({ resourceId, path, ...said(best!), lost: lost.map(said) })),
    ]),
  )
}

const said = ({ value, member }: { value: unknown; member: Member }) => ({
  value,
  sourceId: member.sourceId,
  observedAt: member.changedAt,
})
