/**
 * Decides which resource each written observation belongs to. Parents first: a part is recognised within its whole, so an interface waits until
 * its device has its resource, and the parts of a device that was joined or split are looked at again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { KindName } from '../kind/index.ts'
import type { LinkType } from '../kind/link.ts'
import { membersByKeys, membersOfResources, membersWithin, type StoredMember } from '../observation/store.ts'
import { claimsOf } from '../reconcile/identity.ts'
import {
  claimKey,
  isEdit,
  keyOf,
  memberKey,
  type Claim,
  type Member,
  type MemberKey,
} from '../reconcile/member.ts'
import { partition } from '../reconcile/partition.ts'
import type { ResourceId } from '../resource.ts'
import { nextIds } from '../store.ts'
import { each } from './breathe.ts'
import { loadComponent, piecesOf } from './component.ts'
import { freedBy, isBefore, parentLinks, partsOf } from './near.ts'
import type { ResolvedLink } from './target.ts'

export interface Settled {
  /** Every member whose place was looked at. */
  members: Map<MemberKey, Member>
  claims: Map<MemberKey, Claim[]>
  resourceOf: Map<MemberKey, ResourceId>
  /** Members that were there before and now belong elsewhere. */
  moved: Map<MemberKey, { member: Member; from: ResourceId; to: ResourceId }>
  created: Set<ResourceId>
  /** Resources whose members changed in any way, old and new. */
  affected: Set<ResourceId>
}

export interface SettleInput {
  /** Observations whose content is new. */
  changed: readonly Member[]
  links: Map<MemberKey, ResolvedLink[]>
  /** Observations that end with this write. */
  removed: readonly StoredMember[]
  /** Members to look at again although they stay as they are (people decided). */
  again: readonly StoredMember[]
  /** Resources that keep their ids when several become one. */
  keep?: ReadonlySet<ResourceId>
  /** Members that take leave of their resource. */
  leaving?: ReadonlySet<MemberKey>
  /** Resolves the links of members that are pulled in. */
  resolve(members: readonly Member[]): Promise<Map<MemberKey, ResolvedLink[]>>
}

const sliceSize = 2_000

export async function settle(trx: Knex.Transaction, input: SettleInput): Promise<Settled> {
  return new Settling(trx, input).run()
}

class Settling {
  readonly #trx: Knex.Transaction
  readonly #input: SettleInput
  readonly #removed: ReadonlySet<MemberKey>
  readonly #waiting = new Map<MemberKey, Member>()
  /** Members outside this write that links point to. */
  readonly #outside = new Map<MemberKey, { resourceId: ResourceId; kind: KindName }>()
  readonly #seenParents = new Set<ResourceId>()
  /** Who claims a strong identity, of those that were settled. */
  readonly #claimants = new Map<string, MemberKey[]>()
  readonly #out: Settled = {
    members: new Map(),
    claims: new Map(),
    resourceOf: new Map(),
    moved: new Map(),
    created: new Set(),
    affected: new Set(),
  }

  constructor(trx: Knex.Transaction, input: SettleInput) {
    this.#trx = trx
    this.#input = input
    this.#removed = new Set(input.removed.map(keyOf))
  }

  async run(): Promise<Settled> {
    const wait = (member: Member) => void this.#waiting.set(keyOf(member), member)
    await each(this.#input.changed, wait)
    await each(this.#input.again, wait)
    for (const member of this.#input.removed) this.#out.affected.add(member.resourceId)
    const left = await this.#others([...this.#out.affected])
    const isOut = (key: MemberKey) => this.#removed.has(key) || this.#waiting.has(key)
    const { changed, removed } = this.#input
    const comeOrGo = [...changed.filter((member) => member.resourceId === null), ...removed]
    const others = [
      ...left,
      ...(await freedBy(this.#trx, removed, isOut)),
      ...(await partsOf(this.#trx, comeOrGo, isOut)),
    ]
    await each(others, wait)
    await this.#prepare([...this.#waiting.values()])
    while (this.#waiting.size > 0) {
      const ready = await this.#ready()
      await each(ready, (member) => this.#waiting.delete(keyOf(member)))
      await this.#round(ready)
    }
    return this.#out
  }

  /** Members of these resources that are not part of this write yet. */
  async #others(ids: readonly ResourceId[]): Promise<StoredMember[]> {
    if (ids.length === 0) return []
    const found = await membersOfResources(this.#trx, ids)
    return found.filter((member) => !this.#removed.has(keyOf(member)) && !this.#waiting.has(keyOf(member)))
  }

  /** Learns where the links of these members lead. */
  async #prepare(members: readonly Member[]): Promise<void> {
    const unknown: Member[] = []
    await each(members, (member) => void (this.#input.links.has(keyOf(member)) || unknown.push(member)))
    for (const [key, links] of await this.#input.resolve(unknown)) this.#input.links.set(key, links)
    const outside: { sourceId: ResourceId; key: string }[] = []
    await each(members, (member) => {
      for (const { sourceId, key } of this.#input.links.get(keyOf(member)) ?? []) {
        if (sourceId === null || key === null) continue
        const target = memberKey(sourceId, key)
        if (!this.#waiting.has(target) && !this.#removed.has(target) && !this.#outside.has(target))
          outside.push({ sourceId, key })
      }
    })
    if (outside.length === 0) return
    for (const member of await membersByKeys(this.#trx, outside))
      this.#outside.set(keyOf(member), { resourceId: member.resourceId, kind: member.kind })
  }

  /** Those whose wholes have their resources; all, when they wait for each other. */
  async #ready(): Promise<Member[]> {
    const ready: Member[] = []
    await each(this.#waiting.values(), (member) => {
      if (parentLinks(member).every((type) => !this.#waitsFor(member, type))) ready.push(member)
    })
    return ready.length > 0 ? ready : [...this.#waiting.values()]
  }

  #waitsFor(member: Member, type: LinkType): boolean {
    return this.#linksOf(member, type).some(
      ({ sourceId, key }) =>
        sourceId !== null &&
        key !== null &&
        this.#waiting.has(memberKey(sourceId, key)) &&
        memberKey(sourceId, key) !== keyOf(member),
    )
  }

  #linksOf(member: Member, type: LinkType): ResolvedLink[] {
    const links = this.#input.links.get(keyOf(member)) ?? []
    return links.filter(({ claim }) => claim.type === type && claim.direction !== 'in')
  }

  /** The first of the kind that counts, whatever else it is linked to. */
  #parentOf(member: Member, type: LinkType, within: KindName | undefined): ResourceId | undefined {
    const links = this.#linksOf(member, type)
    const link = within === undefined ? links[0] : links.find((one) => this.#kindOf(one) === within)
    if (link === undefined) return undefined
    if (link.id !== null) return link.id
    if (link.sourceId === null || link.key === null) return undefined
    const target = memberKey(link.sourceId, link.key)
    return this.#out.resourceOf.get(target) ?? this.#outside.get(target)?.resourceId
  }

  #kindOf({ id, kind, sourceId, key }: ResolvedLink): KindName | undefined {
    if (id !== null) return kind
    if (sourceId === null || key === null) return undefined
    const target = memberKey(sourceId, key)
    return (this.#out.members.get(target) ?? this.#outside.get(target))?.kind
  }

  async #round(ready: readonly Member[]): Promise<void> {
    await each(ready, (member) => this.#claim(member))
    const currentOf = (member: Member) => this.#currentOf(member)
    const component = await loadComponent(this.#trx, ready, {
      members: this.#out.members,
      claims: this.#out.claims,
      claimants: this.#claimants,
      isOut: (key) => this.#removed.has(key) || this.#waiting.has(key),
      currentOf,
    })
    const left = new Set<ResourceId>()
    for await (const piece of piecesOf(component, currentOf, sliceSize)) {
      const { groups } = partition(
        piece.filter(({ member }) => !isEdit(member)),
        [...component.decisions.values()],
      )
      const edits = piece.flatMap(({ member }) => (isEdit(member) ? [member] : []))
      await this.#assign(groups, edits, left)
      await nextTurn()
    }
    await this.#lookAgainWithin(left)
  }

  #claim(member: Member): void {
    const key = keyOf(member)
    for (const claim of this.#out.claims.get(key) ?? []) {
      const list = this.#claimants.get(claimKey(claim))
      list?.splice(list.indexOf(key), 1)
    }
    const claims = claimsOf(member, member.sourceName, (type, within) => this.#parentOf(member, type, within))
    this.#out.members.set(key, member)
    this.#out.claims.set(key, claims)
    for (const claim of claims) {
      if (!claim.strong) continue
      const list = this.#claimants.get(claimKey(claim))
      if (list) list.push(key)
      else this.#claimants.set(claimKey(claim), [key])
    }
  }

  async #assign(
    groups: readonly (readonly Member[])[],
    edits: readonly Member[],
    left: Set<ResourceId>,
  ): Promise<void> {
    const owner = new Map<ResourceId, readonly Member[]>()
    const best = new Map<ResourceId, Member>()
    for (const group of groups) {
      for (const member of group) {
        const id = this.#currentOf(member)
        if (id === undefined) continue
        const known = best.get(id)
        if (known !== undefined && isBefore(known, member)) continue
        best.set(id, member)
        owner.set(id, group)
      }
    }
    const chosen = new Map<readonly Member[], ResourceId>()
    for (const [id, group] of owner) {
      const known = chosen.get(group)
      if (known === undefined || this.#isPreferred(id, known, best)) chosen.set(group, id)
    }
    const fresh = groups.filter((group) => !chosen.has(group))
    const ids = await nextIds(this.#trx, fresh.length)
    fresh.forEach((group, index) => {
      chosen.set(group, ids[index]!)
      this.#out.created.add(ids[index]!)
    })
    for (const [group, id] of chosen) for (const member of group) this.#place(member, id, left)
    for (const edit of edits) {
      const id = this.#currentOf(edit)!
      const group = owner.get(id)
      this.#place(edit, group === undefined ? id : chosen.get(group)!, left)
    }
  }

  #isPreferred(id: ResourceId, known: ResourceId, best: ReadonlyMap<ResourceId, Member>): boolean {
    const [keepsNew, keepsOld] = [this.#input.keep?.has(id) ?? false, this.#input.keep?.has(known) ?? false]
    return keepsNew === keepsOld ? isBefore(best.get(id)!, best.get(known)!) : keepsNew
  }

  #currentOf(member: Member): ResourceId | undefined {
    if (this.#input.leaving?.has(keyOf(member)) && !this.#out.resourceOf.has(keyOf(member))) return undefined
    return this.#out.resourceOf.get(keyOf(member)) ?? member.resourceId ?? undefined
  }

  #place(member: Member, id: ResourceId, left: Set<ResourceId>): void {
    const key = keyOf(member)
    this.#out.members.set(key, member)
    this.#out.resourceOf.set(key, id)
    this.#out.affected.add(id)
    if (member.resourceId === null || member.resourceId === id) return
    this.#out.moved.set(key, { member, from: member.resourceId, to: id })
    this.#out.affected.add(member.resourceId)
    left.add(member.resourceId)
  }

  /** Parts of a whole that was joined or split are recognised within another resource now. */
  async #lookAgainWithin(left: ReadonlySet<ResourceId>): Promise<void> {
    const parents = [...left].filter((id) => !this.#seenParents.has(id))
    if (parents.length === 0) return
    for (const id of parents) this.#seenParents.add(id)
    const parts = (await membersWithin(this.#trx, parents)).filter(
      (member) => !this.#removed.has(keyOf(member)),
    )
    const fresh = parts.map((part) => this.#out.members.get(keyOf(part)) ?? part)
    await this.#prepare(fresh)
    for (const part of fresh) this.#waiting.set(keyOf(part), part)
  }
}
