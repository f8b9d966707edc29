/** Which links of a vertex are asked for, and in which order they come. */
import { linkDefinition, type LinkType } from '../resource/kind/link.ts'
import { inward, outward, toMask, type BundleMask, type Side } from './adjacency.ts'
import type { GraphLink, LinkQuery, Vertex } from './graph.ts'

/** A symmetric link has no direction, whichever end was stored first. */
export const isSymmetric = (type: LinkType): boolean => linkDefinition(type).symmetric === true

export function toWanted({ type, direction = 'both' }: LinkQuery): (type: LinkType, side: Side) => boolean {
  const side = direction === 'out' ? outward : inward
  return (one, at) =>
    (type === undefined || type.includes(one)) && (direction === 'both' || at === side || isSymmetric(one))
}

/** A link from a vertex to itself stands in both of its bundles. */
export function withoutDoubles(links: readonly GraphLink[]): GraphLink[] {
  const loops = new Set<LinkType>()
  return links.filter((link) => {
    if (link.from !== link.to) return true
    if (loops.has(link.type)) return false
    loops.add(link.type)
    return true
  })
}

/** By type, then by the other end's id, then outgoing first. */
export function inLinkOrder(vertex: Vertex, links: GraphLink[]): GraphLink[] {
  const far = (link: GraphLink): number => (link.from === vertex ? link.to.id : link.from.id)
  return links.sort((a, b) => {
    if (a.type !== b.type) return a.type < b.type ? -1 : 1
    return far(a) - far(b) || Number(a.from !== vertex) - Number(b.from !== vertex)
  })
}

export type LinkTest = (type: LinkType, direction: 'out' | 'in') => boolean
/** Tests are constants that come with every step of a walk. */
const masks = new WeakMap<LinkTest, BundleMask>()

export function maskOf(wanted: LinkTest): BundleMask {
  const known = masks.get(wanted)
  if (known !== undefined) return known
  const mask = toMask((type, side) => wanted(type, side === outward ? 'out' : 'in'))
  masks.set(wanted, mask)
  return mask
}
