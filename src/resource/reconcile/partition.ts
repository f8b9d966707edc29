/**
 * Which observations are one resource: a function of the set of observations, whatever the order in which they came.
 * Strong identities are taken in a fixed order; a join that another strong identity, a kind, people's decision or the source itself contradicts is refused and told.
 * Hearsay is taken last, and never holds together what without it is apart.
 */
import { isOfType, type KindName } from '../kind/index.ts'
import { claimKey, keyOf, type Claim, type Member, type MemberKey } from './member.ts'

export interface Claimant {
  member: Member
  claims: readonly Claim[]
}

/** What people decided: these two are one thing (`same`), or are not. */
export interface Decision {
  a: MemberKey
  b: MemberKey
  same: boolean
}

/** Two members that share an identity and are kept apart. */
export interface Refusal {
  a: Member
  b: Member
  claim: Claim
}

export interface Partition {
  groups: Member[][]
  refused: Refusal[]
}

interface Group {
  members: Member[]
  /** Values by strong identity's type and scope: one, unless people joined what contradicts itself. */
  strong: Map<string, Set<string>>
  /** Sources that have listed a member of it. */
  sources: Set<number>
}

/** A strong identity that two or more members share, and who they are. */
interface Shared {
  claim: Claim
  holders: Member[]
}

type Joined = Map<MemberKey, Group>
type MayJoin = (left: Group, right: Group) => boolean

export function partition(claimants: readonly Claimant[], decisions: readonly Decision[]): Partition {
  const held = holdersOf(claimants)
  const groupOf: Joined = new Map(claimants.map((one) => [keyOf(one.member), alone(one, held)]))
  const apart = new Set(decisions.filter((one) => !one.same).map(({ a, b }) => pairKey(a, b)))
  for (const { a, b, same } of sorted(decisions, ({ a, b }) => pairKey(a, b))) {
    const [left, right] = [groupOf.get(a), groupOf.get(b)]
    if (same && left && right && left !== right && !isDecided(left, right, apart)) join(groupOf, left, right)
  }
  const shared = inFixedOrder(held)
  const fits: MayJoin = (left, right) => areOne(left, right) && !isDecided(left, right, apart)
  joinShared(groupOf, shared, isSolid, (left, right) => !haveSource(left, right) && fits(left, right))
  joinShared(
    groupOf,
    shared,
    () => true,
    (left, right) => !(isSeen(left) && isSeen(right)) && fits(left, right),
  )
  return {
    groups: [...new Set(groupOf.values())].map((group) => group.members),
    refused: refusalsOf(groupOf, shared, apart),
  }
}

/** What one source calls a device another may call a switch or a server; a machine is not its guest. */
export function areCompatible(a: KindName, b: KindName): boolean {
  return a === b || (isOfType(a, 'Hardware') && isOfType(b, 'Hardware'))
}

const isSolid = (member: Member): boolean => member.hearsay !== true
const isSeen = (group: Group): boolean => group.members.some(isSolid)

/** Who holds each strong identity. A value that one source gives to two things identifies neither, for nobody. */
function holdersOf(claimants: readonly Claimant[]): Map<string, Shared> {
  const held = new Map<string, Shared>()
  for (const { member, claims } of claimants) {
    for (const claim of claims) {
      if (!claim.strong) continue
      const key = claimKey(claim)
      const known = held.get(key)
      if (known) known.holders.push(member)
      else held.set(key, { claim, holders: [member] })
    }
  }
  for (const [key, { holders }] of held) if (isClaimedTwice(holders)) held.delete(key)
  return held
}

/** A neighbour that its source also lists is heard of, not claimed twice. */
function isClaimedTwice(holders: readonly Member[]): boolean {
  if (holders.length < 2) return false
  const solid = holders.filter(isSolid)
  return new Set(solid.map((one) => one.sourceId)).size < solid.length
}

function alone({ member, claims }: Claimant, held: ReadonlyMap<string, Shared>): Group {
  const identifying = claims.filter((claim) => claim.strong && held.has(claimKey(claim)))
  return {
    members: [member],
    strong: new Map(identifying.map((claim) => [`${claim.type} ${claim.scope}`, new Set([claim.value])])),
    sources: new Set([member.sourceId]),
  }
}

/** Not by scope, which may hold the number that a parent happened to get. */
function inFixedOrder(held: ReadonlyMap<string, Shared>): Shared[] {
  const several = [...held.values()].filter(({ holders }) => holders.length > 1)
  for (const one of several) one.holders = sorted(one.holders, keyOf)
  return sorted(several, ({ claim, holders }) => [claim.type, claim.value, ...holders.map(keyOf)].join('\n'))
}

function joinShared(
  groupOf: Joined,
  shared: readonly Shared[],
  takes: (member: Member) => boolean,
  mayJoin: MayJoin,
): void {
  for (const { holders } of shared) {
    for (const [a, b] of pairs(holders.filter(takes))) {
      const [left, right] = [groupOf.get(keyOf(a))!, groupOf.get(keyOf(b))!]
      if (left !== right && mayJoin(left, right)) join(groupOf, left, right)
    }
  }
}

function refusalsOf(groupOf: Joined, shared: readonly Shared[], apart: ReadonlySet<string>): Refusal[] {
  return shared.flatMap(({ claim, holders }) =>
    pairs(holders).flatMap(([a, b]) => {
      const [left, right] = [groupOf.get(keyOf(a))!, groupOf.get(keyOf(b))!]
      return left === right || isDecided(left, right, apart) ? [] : [{ a, b, claim }]
    }),
  )
}

/** Whether nothing about the two groups says that they are different things. */
function areOne(left: Group, right: Group): boolean {
  for (const [key, values] of right.strong) {
    const others = left.strong.get(key)
    if (others !== undefined && values.isDisjointFrom(others)) return false
  }
  return left.members.every((one) => right.members.every((two) => areCompatible(one.kind, two.kind)))
}

/** A source that lists two things knows that they are two. */
const haveSource = (left: Group, right: Group): boolean => !left.sources.isDisjointFrom(right.sources)

const isDecided = (left: Group, right: Group, apart: ReadonlySet<string>): boolean =>
  apart.size > 0 &&
  left.members.some((one) => right.members.some((two) => apart.has(pairKey(keyOf(one), keyOf(two)))))

function join(groupOf: Joined, left: Group, right: Group): void {
  for (const [key, values] of right.strong) {
    left.strong.set(key, (left.strong.get(key) ?? new Set<string>()).union(values))
  }
  for (const source of right.sources) left.sources.add(source)
  for (const member of right.members) {
    left.members.push(member)
    groupOf.set(keyOf(member), left)
  }
}

const pairKey = (a: MemberKey, b: MemberKey): string => (a < b ? `${a}\n${b}` : `${b}\n${a}`)

const pairs = <T>(items: readonly T[]): [T, T][] =>
  items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]))

function sorted<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items
    .map((item) => [key(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item)
}
