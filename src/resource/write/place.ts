/**
 * The site that each resource stands in and the tenant that holds it, kept with the resource, so that reading, filtering and telling subscribers need no walk.
 * When a rack moves to another site, all that stands in it is told so.
 */
import type { Knex } from 'knex'
import type { KindName } from '../kind/index.ts'
import type { LinkType } from '../kind/link.ts'
import { linksAlong } from '../link/store.ts'
import type { ResourceId } from '../resource.ts'
import { inSlices } from './breathe.ts'

export interface Place {
  siteId: ResourceId | null
  tenantId: ResourceId | null
}

/** Ways up to the site, the best first. */
const siteWays: readonly LinkType[] = [
  'LOCATED_IN',
  'PART_OF',
  'RUNS_ON',
  'ASSIGNED_TO',
  'ATTACHED_TO',
  'MEMBER_OF',
]
const tenantWays: readonly LinkType[] = ['OWNED_BY', 'PART_OF', 'ASSIGNED_TO', 'RUNS_ON']
const ways = [...new Set([...siteWays, ...tenantWays])]

const mostLevels = 64

export interface PlaceReader {
  /** Kind of resources, the new ones included. */
  kindsOf(ids: readonly ResourceId[]): Promise<ReadonlyMap<ResourceId, KindName>>
  /** Places as the rows have them. */
  placesOf(ids: readonly ResourceId[]): Promise<ReadonlyMap<ResourceId, Place>>
}

/** New places of these resources and of all below them whose place changes with theirs. */
export async function placesAfter(
  trx: Knex.Transaction,
  start: readonly ResourceId[],
  reader: PlaceReader,
): Promise<Map<ResourceId, Place>> {
  const placed = new Map<ResourceId, Place>()
  let border: readonly ResourceId[] = start
  for (let level = 0; border.length > 0 && level < mostLevels; level++) {
    const before = await reader.placesOf(border)
    const found = await placeLevel(trx, border, placed, reader)
    const changed: ResourceId[] = []
    for (const [id, place] of found) {
      const old = placed.get(id) ?? before.get(id)
      if (old === undefined || old.siteId !== place.siteId || old.tenantId !== place.tenantId)
        changed.push(id)
      placed.set(id, place)
    }
    const below = changed.length === 0 ? [] : await linksAlong(trx, changed, ways, 'down')
    const done = new Set(level === 0 ? border : [])
    border = [...new Set(below.map((link) => link.from))].filter((id) => !done.has(id))
  }
  return placed
}

interface Ups {
  kinds: ReadonlyMap<ResourceId, KindName>
  links: ReadonlyMap<ResourceId, { type: LinkType; to: ResourceId }[]>
  outside: ReadonlyMap<ResourceId, Place>
  placed: ReadonlyMap<ResourceId, Place>
}

async function placeLevel(
  trx: Knex.Transaction,
  ids: readonly ResourceId[],
  placed: ReadonlyMap<ResourceId, Place>,
  reader: PlaceReader,
): Promise<Map<ResourceId, Place>> {
  const links = Map.groupBy(await linksAlong(trx, ids, ways, 'up'), (link) => link.from)
  const targets = [...new Set([...links.values()].flat().map((link) => link.to))]
  const inside = new Set(ids)
  const ups: Ups = {
    links,
    placed,
    kinds: await reader.kindsOf([...new Set([...ids, ...targets])]),
    outside: await reader.placesOf(targets.filter((id) => !inside.has(id))),
  }
  const found = new Map<ResourceId, Place>()
  const open = new Set<ResourceId>()
  await inSlices(ids, 1_000, (slice) => {
    for (const id of slice) placeOf(id, ups, inside, found, open)
  })
  return found
}

function placeOf(
  id: ResourceId,
  ups: Ups,
  inside: ReadonlySet<ResourceId>,
  found: Map<ResourceId, Place>,
  open: Set<ResourceId>,
): Place {
  const known = found.get(id)
  if (known !== undefined) return known
  if (!inside.has(id)) return ups.placed.get(id) ?? ups.outside.get(id) ?? { siteId: null, tenantId: null }
  if (open.has(id)) return { siteId: null, tenantId: null }
  open.add(id)
  const up = (ups.links.get(id) ?? []).sort((a, b) => a.to - b.to)
  const place = {
    siteId:
      ups.kinds.get(id) === 'Site'
        ? id
        : firstAlong(siteWays, up, (link) => siteOver(link, ups, inside, found, open)),
    tenantId:
      ups.kinds.get(id) === 'Tenant'
        ? id
        : firstAlong(tenantWays, up, (link) => tenantOver(id, link, ups, inside, found, open)),
  }
  open.delete(id)
  found.set(id, place)
  return place
}

type Up = { type: LinkType; to: ResourceId }

function firstAlong(
  types: readonly LinkType[],
  up: readonly Up[],
  value: (link: Up) => ResourceId | null,
): ResourceId | null {
  for (const type of types) {
    for (const link of up) {
      if (link.type !== type) continue
      const found = value(link)
      if (found !== null) return found
    }
  }
  return null
}

function siteOver(
  link: Up,
  ups: Ups,
  inside: ReadonlySet<ResourceId>,
  found: Map<ResourceId, Place>,
  open: Set<ResourceId>,
): ResourceId | null {
  if (link.type === 'MEMBER_OF' && ups.kinds.get(link.to) !== 'Cluster') return null
  return ups.kinds.get(link.to) === 'Site' ? link.to : placeOf(link.to, ups, inside, found, open).siteId
}

/** A machine's guest is not the machine owner's; what runs in a guest is the guest's owner's. */
function tenantOver(
  id: ResourceId,
  link: Up,
  ups: Ups,
  inside: ReadonlySet<ResourceId>,
  found: Map<ResourceId, Place>,
  open: Set<ResourceId>,
): ResourceId | null {
  if (link.type === 'OWNED_BY') return link.to
  if (
    link.type === 'RUNS_ON' &&
    (ups.kinds.get(link.to) !== 'VirtualMachine' || ups.kinds.get(id) === 'Service')
  )
    return null
  return placeOf(link.to, ups, inside, found, open).tenantId
}
