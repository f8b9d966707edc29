/** Writes what was said: observations, the identities that they claim, the links that they claim. */
import type { Knex } from 'knex'
import { learnSizes, replaceClaims } from '../link/store.ts'
import { saveClaims } from '../identity/store.ts'
import { moveMembers, removeMembers, saveMembers, type StoredMember } from '../observation/store.ts'
import { keyOf, type Member, type MemberKey } from '../reconcile/member.ts'
import type { ResourceId } from '../resource.ts'
import { inSlices } from './breathe.ts'
import { hashOf } from './hash.ts'
import type { Settled } from './settle.ts'
import type { ResolvedLink } from './target.ts'

const sliceSize = 1_000

export interface Saying {
  changed: readonly Member[]
  /** The same by key. */
  batch: ReadonlyMap<MemberKey, Member>
  removed: readonly StoredMember[]
  links: ReadonlyMap<MemberKey, ResolvedLink[]>
  settled: Settled
}

export async function saveObservations(
  trx: Knex.Transaction,
  { changed, batch, removed, links, settled }: Saying,
  at: Date,
): Promise<void> {
  const { claims, moved, members } = settled
  await removeMembers(trx, removed)
  await saveValues(trx, changed, settled, at)
  await moveMembers(
    trx,
    [...moved.values()]
      .filter(({ member }) => !batch.has(keyOf(member)))
      .map(({ member, to }) => ({ ...ends(member), resourceId: to })),
  )
  await inSlices([...claims], sliceSize, (slice) =>
    saveClaims(
      trx,
      slice.map(([key, list]) => ({ ...ends(members.get(key)!), claims: list })),
    ),
  )
  await inSlices(changed, sliceSize, (slice) => saveLinkClaims(trx, slice, links))
  if (changed.length > sliceSize) await learnSizes(trx)
}

/** What was said, without what follows from it. */
export async function saveValues(
  trx: Knex.Transaction,
  changed: readonly Member[],
  { resourceOf }: Settled,
  at: Date,
): Promise<void> {
  await inSlices(changed, sliceSize, (slice) =>
    saveMembers(
      trx,
      slice.map((member) => ({ member, resourceId: resourceOf.get(keyOf(member))!, hash: hashOf(member) })),
      at,
    ),
  )
}

async function saveLinkClaims(
  trx: Knex.Transaction,
  members: readonly Member[],
  links: Saying['links'],
): Promise<void> {
  const claims = members.flatMap((member) =>
    (links.get(keyOf(member)) ?? []).map(({ claim, sourceId, key, id }, ordinal) => ({
      ...ends(member),
      ordinal,
      type: claim.type,
      direction: claim.direction ?? 'out',
      targetSourceId: sourceId,
      targetKey: key,
      targetId: id,
      target: claim.to,
      attributes: claim.attributes ?? {},
    })),
  )
  await replaceClaims(trx, members.map(ends), claims)
}

const ends = ({ sourceId, key }: { sourceId: ResourceId; key: string }) => ({ sourceId, key })
