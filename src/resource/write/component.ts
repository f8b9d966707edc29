/**
 * All observations that could be one thing with some: by identities, by having been one, by decisions. From the tables, and from what the same write
 * has settled before; then taken apart into pieces that have nothing to do with each other, so that no step has to look at all of them at once.
 */
import type { Knex } from 'knex'
import { claimantsOf, claimsOfMembers, decisionsOf } from '../identity/store.ts'
import { inChunks, membersByKeys, membersOfResources } from '../observation/store.ts'
import { claimKey, keyOf, memberKey, type Claim, type Member, type MemberKey } from '../reconcile/member.ts'
import type { Claimant, Decision } from '../reconcile/partition.ts'
import type { ResourceId } from '../resource.ts'
import { each } from './breathe.ts'

/** What the write knows beyond the tables. */
export interface Draft {
  /** Members that were settled in this write, and what they claim now. */
  members: ReadonlyMap<MemberKey, Member>
  claims: ReadonlyMap<MemberKey, readonly Claim[]>
  /** Who claims a strong identity, among those. */
  claimants: ReadonlyMap<string, readonly MemberKey[]>
  /** Members that are not there any more, or are not to be looked at yet. */
  isOut(key: MemberKey): boolean
  currentOf(member: Member): ResourceId | undefined
}

export interface Component {
  members: Map<MemberKey, Member>
  claims: Map<MemberKey, readonly Claim[]>
  decisions: Map<string, Decision>
}

/** So many claim a value only when some source gives it to several things: then it identifies none, and they need not be read. */
export const crowd = 100

export async function loadComponent(
  trx: Knex.Transaction,
  ready: readonly Member[],
  draft: Draft,
): Promise<Component> {
  const loading = new Loading(trx, draft)
  await loading.run(ready)
  return loading
}

class Loading implements Component {
  readonly members = new Map<MemberKey, Member>()
  readonly claims = new Map<MemberKey, readonly Claim[]>()
  readonly decisions = new Map<string, Decision>()
  readonly #trx: Knex.Transaction
  readonly #draft: Draft
  readonly #asked = new Set<string>()
  readonly #askedResources = new Set<ResourceId>()

  constructor(trx: Knex.Transaction, draft: Draft) {
    this.#trx = trx
    this.#draft = draft
  }

  async run(ready: readonly Member[]): Promise<void> {
    await each(ready, (member) => this.#take(member))
    let border: readonly Member[] = ready
    // What they claimed until now may be free for others.
    let claims = await this.#storedClaims(ready.filter((member) => member.resourceId !== null))
    while (border.length > 0) {
      const found = new Map<MemberKey, { sourceId: ResourceId; key: string }>()
      await inChunks(border, (chunk) => this.#findDecided(chunk, found))
      await each(border, (member) => claims.push(...(this.claims.get(keyOf(member)) ?? [])))
      await this.#findClaimants(claims, found)
      border = await this.#pullIn(found, border)
      claims = []
    }
  }

  #take(member: Member): void {
    const key = keyOf(member)
    this.members.set(key, member)
    const claims = this.#draft.claims.get(key)
    if (claims) this.claims.set(key, claims)
  }

  async #storedClaims(members: readonly Member[]): Promise<Claim[]> {
    const claims: Claim[] = []
    await inChunks(members, async (chunk) => {
      for (const list of (await claimsOfMembers(this.#trx, chunk)).values()) claims.push(...list)
    })
    return claims
  }

  async #findDecided(
    members: readonly Member[],
    found: Map<MemberKey, { sourceId: ResourceId; key: string }>,
  ) {
    for (const decision of await decisionsOf(this.#trx, members)) {
      this.decisions.set(`${decision.a}\n${decision.b}`, decision)
      for (const end of decision.ends) found.set(memberKey(end.sourceId, end.key), end)
    }
  }

  async #findClaimants(
    claims: readonly Claim[],
    found: Map<MemberKey, { sourceId: ResourceId; key: string }>,
  ): Promise<void> {
    const wanted: Claim[] = []
    await each(claims, (claim) => {
      const key = claimKey(claim)
      if (!claim.strong || this.#asked.has(key)) return
      this.#asked.add(key)
      wanted.push(claim)
    })
    await inChunks(wanted, async (chunk) => {
      const stored = await claimantsOf(this.#trx, chunk, crowd)
      for (const claim of chunk) {
        const name = claimKey(claim)
        const here = this.#draft.claimants.get(name) ?? []
        const there = stored.get(name) ?? []
        if (here.length + there.length > crowd) continue
        for (const one of there) found.set(memberKey(one.sourceId, one.key), one)
        for (const key of here) {
          const member = this.#draft.members.get(key)
          if (member) found.set(key, member)
        }
      }
    })
  }

  /** Those that were found and are not here yet, and all that share a resource with the border. */
  async #pullIn(
    found: ReadonlyMap<MemberKey, { sourceId: ResourceId; key: string }>,
    border: readonly Member[],
  ): Promise<Member[]> {
    const fresh: Member[] = []
    const stored: Member[] = []
    const take = (member: Member) => {
      const key = keyOf(member)
      if (this.members.has(key) || this.#draft.isOut(key)) return
      const settled = this.#draft.members.get(key)
      this.#take(settled ?? member)
      fresh.push(settled ?? member)
      if (!this.claims.has(key)) stored.push(member)
    }
    const missing: { sourceId: ResourceId; key: string }[] = []
    await each(found, ([key, one]) => {
      const settled = this.#draft.members.get(key)
      if (settled) take(settled)
      else if (!this.members.has(key)) missing.push(one)
    })
    await inChunks(missing, async (chunk) => (await membersByKeys(this.#trx, chunk)).forEach(take))
    await inChunks(await this.#resourcesOf(border), async (chunk) =>
      (await membersOfResources(this.#trx, chunk)).forEach(take),
    )
    await inChunks(stored, async (chunk) => {
      for (const [key, list] of await claimsOfMembers(this.#trx, chunk)) this.claims.set(key, list)
    })
    return fresh
  }

  async #resourcesOf(members: readonly Member[]): Promise<ResourceId[]> {
    const ids: ResourceId[] = []
    await each(members, (member) => {
      for (const id of [member.resourceId, this.#draft.currentOf(member)]) {
        if (id == null || this.#askedResources.has(id)) continue
        this.#askedResources.add(id)
        ids.push(id)
      }
    })
    return ids
  }
}

/** Batches of claimants, each with all that its members could be one with or were one with. */
export async function* piecesOf(
  { members, claims, decisions }: Component,
  currentOf: (member: Member) => ResourceId | undefined,
  size: number,
): AsyncGenerator<Claimant[]> {
  const near = new Neighbours()
  await each(members, ([key, member]) => {
    const id = currentOf(member)
    if (id !== undefined) near.join(key, `r ${id}`)
    for (const claim of claims.get(key) ?? []) if (claim.strong) near.join(key, `c ${claimKey(claim)}`)
  })
  for (const { a, b } of decisions.values()) if (members.has(a) && members.has(b)) near.join(a, b)
  const pieces = new Map<string, Claimant[]>()
  await each(members, ([key, member]) => {
    const root = near.rootOf(key)
    const claimant = { member, claims: claims.get(key) ?? [] }
    const piece = pieces.get(root)
    if (piece) piece.push(claimant)
    else pieces.set(root, [claimant])
  })
  let batch: Claimant[] = []
  for (const piece of pieces.values()) {
    for (const claimant of piece) batch.push(claimant)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Union-find over names. */
class Neighbours {
  readonly #up = new Map<string, string>()

  rootOf(name: string): string {
    let root = name
    for (let up = this.#up.get(root); up !== undefined; up = this.#up.get(root)) root = up
    for (let at = name; at !== root;) {
      const next = this.#up.get(at)!
      this.#up.set(at, root)
      at = next
    }
    return root
  }

  join(a: string, b: string): void {
    const [left, right] = [this.rootOf(a), this.rootOf(b)]
    if (left !== right) this.#up.set(right, left)
  }
}
