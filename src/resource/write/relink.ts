/** Which links follow from all claims now, and how that differs from the links as they are. */
import type { Knex } from 'knex'
import type { Problems } from '../check.ts'
import { isOfType, type KindName } from '../kind/index.ts'
import { linkDefinition, linkTypes, type LinkType } from '../kind/link.ts'
import { claimsTouching, linksAlong, linksTouching, type LinkRow, type ResolvedClaim } from '../link/store.ts'
import type { ResourceId } from '../resource.ts'
import type { ResourceRow } from '../store.ts'
import type { Rows } from './rows.ts'
import { canonical } from './canonical.ts'

export interface Relinked {
  added: LinkRow[]
  removed: LinkRow[]
  /** Same link, other attributes. */
  changed: LinkRow[]
  /** Where links of single types that people state and sources observe differ: of every resource whose links were looked at. */
  drift: Map<ResourceId, LinkDrift[]>
}

export interface LinkDrift {
  /** `links.LOCATED_IN` */
  path: string
  /** Ids of the resources that it leads to, in decimal. */
  intended: string
  observed: string
}

/** What is known of a resource's links; stays as it is while none of them changes. */
export const linkDriftOf = ({ drift }: ResourceRow): LinkDrift[] =>
  drift.flatMap(({ path, intended, observed }) =>
    path.startsWith('links.') ? [{ path, intended: String(intended), observed: String(observed) }] : [],
  )

export interface RelinkInput {
  affected: readonly ResourceId[]
  rows: Rows
  /** Faults of intent are told; claims of observed sources that cannot be are passed over. */
  strict: boolean
  problems: Problems
}

const linkKey = (link: { type: string; from: ResourceId; to: ResourceId }): string =>
  `${link.type} ${link.from} ${link.to}`

export async function relink(trx: Knex.Transaction, input: RelinkInput): Promise<Relinked> {
  const inside = new Set(input.affected)
  const touching = await claimsTouching(trx, input.affected)
  const rivals = [
    ...new Set(
      touching.filter((claim) => isSingle(claim.type) && !inside.has(claim.from)).map((claim) => claim.from),
    ),
  ]
  const more =
    rivals.length === 0
      ? []
      : (await claimsTouching(trx, rivals, singleTypes)).filter(
          (claim) => isSingle(claim.type) && rivals.includes(claim.from),
        )
  const rivalSet = new Set(rivals)
  const isOurs = (link: { type: LinkType; from: ResourceId; to: ResourceId }) =>
    inside.has(link.from) || inside.has(link.to) || (rivalSet.has(link.from) && isSingle(link.type))
  const claims = await possible([...touching, ...more], input)
  const desired = choose(claims)
  const existing = new Map(
    (await linksTouching(trx, [...input.affected, ...rivals]))
      .filter(isOurs)
      .map((link) => [linkKey(link), link]),
  )
  const result: Relinked = {
    added: [],
    removed: [],
    changed: [],
    drift: driftOf([...inside, ...rivals], claims),
  }
  for (const [key, link] of desired) {
    const known = existing.get(key)
    if (known === undefined) result.added.push(link)
    else if (!sameJson(known.attributes, link.attributes))
      result.changed.push({ ...link, since: known.since })
  }
  for (const [key, link] of existing) if (!desired.has(key)) result.removed.push(link)
  await refuseCycles(trx, result, input)
  return result
}

const nameIn = (rows: Rows, id: ResourceId): string => rows.get(id)?.name ?? String(id)

const singleTypes = linkTypes.filter((type) => linkDefinition(type).single === true)
const isSingle = (type: LinkType): boolean => linkDefinition(type).single === true

/** Claims whose ends exist, differ and are of kinds that such a link joins. */
async function possible(claims: readonly ResolvedClaim[], input: RelinkInput): Promise<ResolvedClaim[]> {
  await input.rows.load(new Set(claims.flatMap((claim) => [claim.from, claim.to])))
  return claims.filter((claim) => {
    const [from, to] = [input.rows.get(claim.from)?.kind, input.rows.get(claim.to)?.kind]
    if (from === undefined || to === undefined) return false
    const fault = faultOf(claim, from, to)
    if (fault !== undefined && input.strict && claim.role === 'intent')
      input.problems.add(
        'links',
        `${from} ${nameIn(input.rows, claim.from)} ${claim.type} ${to} ${nameIn(input.rows, claim.to)}: ${fault}`,
      )
    return fault === undefined
  })
}

function faultOf(claim: ResolvedClaim, from: KindName, to: KindName): string | undefined {
  if (claim.from === claim.to) return 'a resource cannot be linked to itself'
  const definition = linkDefinition(claim.type)
  if (!definition.from.some((type) => isOfType(from, type)))
    return `${claim.type} goes out of ${definition.from.join(', ')} only`
  if (!definition.to.some((type) => isOfType(to, type)))
    return `${claim.type} leads to ${definition.to.join(', ')} only`
  return undefined
}

/** One link for all that claim it; of a single type, one for each resource: the best claim's. */
function choose(claims: readonly ResolvedClaim[]): Map<string, LinkRow> {
  const desired = new Map<string, LinkRow>()
  const taken = new Set<string>()
  for (const claim of [...claims].sort(compareClaims)) {
    const link = toLink(claim)
    const key = linkKey(link)
    if (desired.has(key)) continue
    const slot = `${link.type} ${link.from}`
    if (isSingle(claim.type) && taken.has(slot)) continue
    taken.add(slot)
    desired.set(key, link)
  }
  return desired
}

/** Claims must be complete for these resources. */
function driftOf(ids: readonly ResourceId[], claims: readonly ResolvedClaim[]): Relinked['drift'] {
  const drift = new Map<ResourceId, LinkDrift[]>(ids.map((id) => [id, []]))
  const single = claims.filter((claim) => isSingle(claim.type) && !claim.hearsay && drift.has(claim.from))
  const slots = Map.groupBy(single.sort(compareClaims), (claim) => `${claim.type} ${claim.from}`)
  for (const rivals of slots.values()) {
    const intended = rivals.find((claim) => claim.role === 'intent')
    const observed = rivals.find((claim) => claim.role === 'observed')
    if (intended === undefined || observed === undefined || intended.to === observed.to) continue
    const path = `links.${intended.type}`
    drift.get(intended.from)!.push({ path, intended: String(intended.to), observed: String(observed.to) })
  }
  return drift
}

function toLink({ type, from, to, attributes }: ResolvedClaim): LinkRow {
  const turned = linkDefinition(type).symmetric === true && from > to
  return { type, from: turned ? to : from, to: turned ? from : to, since: 0, attributes }
}

function compareClaims(a: ResolvedClaim, b: ResolvedClaim): number {
  return (
    Number(a.hearsay) - Number(b.hearsay) ||
    (a.role === b.role ? 0 : a.role === 'intent' ? -1 : 1) ||
    b.precedence - a.precedence ||
    b.changedAt - a.changedAt ||
    a.to - b.to
  )
}

const sameJson = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** A new link of an acyclic type must not lead back to where it comes from. */
async function refuseCycles(trx: Knex.Transaction, links: Relinked, input: RelinkInput): Promise<void> {
  const added = Map.groupBy(
    links.added.filter((link) => linkDefinition(link.type).acyclic),
    (link) => link.type,
  )
  for (const [type, fresh] of added) {
    const up = await ancestors(trx, type, fresh, links.removed)
    for (const link of fresh) {
      const way = wayBack(link, up)
      if (way === undefined) continue
      if (input.strict)
        input.problems.add(
          'links',
          `${type} would go round: ${[link.from, ...way].map((id) => nameIn(input.rows, id)).join(' → ')}`,
        )
      else links.added.splice(links.added.indexOf(link), 1)
      up.get(link.from)?.delete(link.to)
    }
  }
}

/** All that can be reached upwards from the new links' ends. */
async function ancestors(
  trx: Knex.Transaction,
  type: LinkType,
  fresh: readonly LinkRow[],
  removed: readonly LinkRow[],
): Promise<Map<ResourceId, Set<ResourceId>>> {
  const gone = new Set(removed.map(linkKey))
  const up = new Map<ResourceId, Set<ResourceId>>()
  const add = (from: ResourceId, to: ResourceId) => {
    const known = up.get(from)
    if (known) known.add(to)
    else up.set(from, new Set([to]))
  }
  for (const link of fresh) add(link.from, link.to)
  const seen = new Set<ResourceId>()
  let border = [...new Set(fresh.map((link) => link.to))]
  while (border.length > 0) {
    for (const id of border) seen.add(id)
    for (const link of await linksAlong(trx, border, [type], 'up'))
      if (!gone.has(linkKey(link))) add(link.from, link.to)
    border = [...new Set(border.flatMap((id) => [...(up.get(id) ?? [])]))].filter((id) => !seen.has(id))
  }
  return up
}

/** The chain from a link's end back to its start, if there is one. */
function wayBack(
  link: LinkRow,
  up: ReadonlyMap<ResourceId, ReadonlySet<ResourceId>>,
): ResourceId[] | undefined {
  const before = new Map<ResourceId, ResourceId | null>([[link.to, null]])
  const waiting = [link.to]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === link.from) {
      const way: ResourceId[] = []
      for (let at: ResourceId | null = id; at !== null; at = before.get(at) ?? null) way.unshift(at)
      return way
    }
    for (const next of up.get(id) ?? []) {
      if (before.has(next)) continue
      before.set(next, id)
      waiting.push(next)
    }
  }
  return undefined
}
