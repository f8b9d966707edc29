/** Members that a write concerns although nobody said anything new of them, and who of several keeps an id. */
import type { Knex } from 'knex'
import { getKind } from '../kind/index.ts'
import type { LinkType } from '../kind/link.ts'
import { claimantsOf, claimsOfMembers } from '../identity/store.ts'
import { inChunks, membersByKeys, membersNaming, type StoredMember } from '../observation/store.ts'
import { keyOf, type Member, type MemberKey } from '../reconcile/member.ts'
import type { ResourceId } from '../resource.ts'
import { crowd } from './component.ts'

type End = { sourceId: ResourceId; key: string }

/** Members that share an identity with one that ends: it may be theirs alone now. */
export async function freedBy(
  trx: Knex.Transaction,
  removed: readonly End[],
  isOut: (key: MemberKey) => boolean,
): Promise<StoredMember[]> {
  const freed = new Map<MemberKey, StoredMember>()
  await inChunks(removed, async (chunk) => {
    const claims = [...(await claimsOfMembers(trx, chunk)).values()].flat().filter((claim) => claim.strong)
    const holders = [...(await claimantsOf(trx, claims, crowd)).values()].filter(
      (list) => list.length > 1 && list.length <= crowd,
    )
    for (const member of await membersByKeys(trx, holders.flat())) {
      if (!isOut(keyOf(member))) freed.set(keyOf(member), member)
    }
  })
  return [...freed.values()]
}

/** Parts of wholes that come or go: what they are recognised within is known now, or no longer. */
export async function partsOf(
  trx: Knex.Transaction,
  wholes: readonly End[],
  isOut: (key: MemberKey) => boolean,
): Promise<StoredMember[]> {
  const parts: StoredMember[] = []
  await inChunks(wholes, async (chunk) => {
    for (const part of await membersNaming(trx, chunk)) {
      if (parentLinks(part).length > 0 && !isOut(keyOf(part))) parts.push(part)
    }
  })
  return parts
}

/** Who keeps the id: intent before observation, real before hearsay, the older before the younger. */
export function isBefore(a: Member, b: Member): boolean {
  const rank = (member: Member) => (member.hearsay ? 2 : member.role === 'intent' ? 0 : 1)
  return (
    rank(a) - rank(b) < 0 ||
    (rank(a) === rank(b) && (a.firstSeenAt - b.firstSeenAt || (keyOf(a) < keyOf(b) ? -1 : 1)) < 0)
  )
}

const parentTypes = new Map<string, readonly LinkType[]>()

/** Links within which a kind's identities are valid. */
export function parentLinks(member: Member): readonly LinkType[] {
  let types = parentTypes.get(member.kind)
  if (types === undefined) {
    types = getKind(member.kind).identities.flatMap((rule) =>
      rule.scope !== undefined && 'parent' in rule.scope ? [rule.scope.parent] : [],
    )
    parentTypes.set(member.kind, types)
  }
  return types
}
