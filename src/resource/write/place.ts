/**
 * The site that each resource stands in and the tenant that holds it, kept with the resource, so that reading, filtering and telling subscribers need no walk.
 * When a rack moves to another site, all that stands in it is told so.
 */
import type { Knex } from 'knex'
import type { LinkType } from '../kind/link.ts'
import { linksAlong } from '../link/store.ts'
import type { ResourceId } from '../resource.ts'
import { each, inSlices } from './breathe.ts'
import type { Rows } from './rows.ts'

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
const sliceSize = 2_000

const nowhere: Place = { siteId: null, tenantId: null }

/** New places of these resources and of all below them whose place changes with theirs. */
export async function placesAfter(
  trx: Knex.Transaction,
  start: ReadonlySet<ResourceId>,
  rows: Rows,
): Promise<Map<ResourceId, Place>> {
  const placed = new Map<ResourceId, Place>()
  let border = start
  for (let level = 0; border.size > 0 && level < mostLevels; level++) {
    await rows.load(border)
    const found = await placeLevel(trx, border, placed, rows)
    const changed: ResourceId[] = []
    await each(found, ([id, place]) => {
      const old = placed.get(id) ?? rows.get(id)
      if (old === undefined || old.siteId !== place.siteId || old.tenantId !== place.tenantId)
        changed.push(id)
      placed.set(id, place)
    })
    const below = new Set<ResourceId>()
    await inSlices(changed, sliceSize, async (slice) => {
      for (const { from } of await linksAlong(trx, slice, ways, 'down'))
        if (level > 0 || !start.has(from)) below.add(from)
    })
    border = below
  }
  return placed
}

interface Ups {
  inside: ReadonlySet<ResourceId>
  rows: Rows
  links: ReadonlyMap<ResourceId, Up[]>
  placed: ReadonlyMap<ResourceId, Place>
}

async function placeLevel(
  trx: Knex.Transaction,
  inside: ReadonlySet<ResourceId>,
  placed: ReadonlyMap<ResourceId, Place>,
  rows: Rows,
): Promise<Map<ResourceId, Place>> {
  const links = new Map<ResourceId, Up[]>()
  const targets = new Set<ResourceId>()
  await inSlices([...inside], sliceSize, async (slice) => {
    for (const { from, ...up } of await linksAlong(trx, slice, ways, 'up')) {
      const list = links.get(from)
      if (list) list.push(up)
      else links.set(from, [up])
      targets.add(up.to)
    }
  })
  await rows.load(targets)
  const ups: Ups = { inside, rows, links, placed }
  const found = new Map<ResourceId, Place>()
  const open = new Set<ResourceId>()
  await each(inside, (id) => placeOf(id, ups, found, open))
  return found
}

function placeOf(id: ResourceId, ups: Ups, found: Map<ResourceId, Place>, open: Set<ResourceId>): Place {
  const known = found.get(id)
  if (known !== undefined) return known
  if (!ups.inside.has(id)) return ups.placed.get(id) ?? ups.rows.get(id) ?? nowhere
  if (open.has(id)) return nowhere
  open.add(id)
  const up = (ups.links.get(id) ?? []).sort((a, b) => a.to - b.to)
  const place = {
    siteId:
      ups.rows.get(id)?.kind === 'Site'
        ? id
        : firstAlong(siteWays, up, (link) => siteOver(link, ups, found, open)),
    tenantId:
      ups.rows.get(id)?.kind === 'Tenant'
        ? id
        : firstAlong(tenantWays, up, (link) => tenantOver(id, link, ups, found, open)),
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
  found: Map<ResourceId, Place>,
  open: Set<ResourceId>,
): ResourceId | null {
  if (link.type === 'MEMBER_OF' && ups.rows.get(link.to)?.kind !== 'Cluster') return null
  return ups.rows.get(link.to)?.kind === 'Site' ? link.to : placeOf(link.to, ups, found, open).siteId
}

/** A machine's guest is not the machine owner's; what runs in a guest is the guest's owner's. */
function tenantOver(
  id: ResourceId,
  link: Up,
  ups: Ups,
  found: Map<ResourceId, Place>,
  open: Set<ResourceId>,
): ResourceId | null {
  if (link.type === 'OWNED_BY') return link.to
  if (
    link.type === 'RUNS_ON' &&
    (ups.rows.get(link.to)?.kind !== 'VirtualMachine' || ups.rows.get(id)?.kind === 'Service')
  )
    return null
  return placeOf(link.to, ups, found, open).tenantId
}
