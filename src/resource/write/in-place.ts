/** Recognises writes that change values only, which most are: they need not look at identities and links again. Pure. */
import { claimBasis } from '../reconcile/identity.ts'
import { isEdit, keyOf, type Member } from '../reconcile/member.ts'
import type { Settled } from './settle.ts'
import type { Writing } from './pipeline.ts'

/**
 * Whether every changed member stays what and where it was: known before (an edit that is new belongs where it says), of the same kind, claiming the same, as real or hearsay
 * as before, and without links, whose rank among rivals would change with the time of the change.
 */
export function staysInPlace({ changed, removed, again, leaving, keep, stored }: Writing): boolean {
  if (stored === undefined || removed.length > 0 || again || leaving || keep) return false
  return changed.every((member) => {
    const before = stored.get(keyOf(member))
    if (member.resourceId === null || (before === undefined && !isEdit(member))) return false
    if (before !== undefined && before.resourceId !== member.resourceId) return false
    if ((member.links ?? []).length + (before?.links ?? []).length > 0) return false
    if ((member.hearsay ?? false) !== (before?.hearsay ?? false)) return false
    return claimBasis(before, member.kind) === claimBasis(member, member.kind)
  })
}

export function settledInPlace(changed: readonly Member[]): Settled {
  return {
    members: new Map(changed.map((member) => [keyOf(member), member])),
    claims: new Map(),
    resourceOf: new Map(changed.map((member) => [keyOf(member), member.resourceId!])),
    moved: new Map(),
    created: new Set(),
    affected: new Set(changed.map((member) => member.resourceId!)),
  }
}
