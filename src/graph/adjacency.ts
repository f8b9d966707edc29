/**
 * Terminology
 * - slot: where a vertex stands in the table of vertices; links name their ends by it.
 * - bundle: all links of one vertex that have one type and one direction. A vertex has a short chain of them, so that the type
 *   asked for is found without passing the links of other types, however many there are.
 * Links are rows outside the heap (see records.ts), in doubly linked circles, one for each of their two bundles.
 */
import { linkTypes, type LinkType } from '../resource/kind/link.ts'
import type { GraphLink } from './graph.ts'
import { Records } from './records.ts'
import type { StoredVertex } from './vertex.ts'

export const outward = 0
export const inward = 1
export type Side = typeof outward | typeof inward

const typeNumbers = new Map(linkTypes.map((type, index) => [type, index]))

// cells of a link: next and previous stand twice, for the bundle of `from` and that of `to`
const fromCell = 0
const toCell = 1
const nextCell = 2
const previousCell = 4
const lateCell = 6
/** Type in the low 8 bits, above them the milliseconds beyond 32 bits. */
const markCell = 7

// cells of a bundle
const headCell = 0
const countCell = 1
const chainCell = 2
const codeCell = 3

/** For each type and side of links, whether they are meant. */
export type BundleMask = Uint8Array

export function toMask(wanted: (type: LinkType, side: Side) => boolean): BundleMask {
  const mask = new Uint8Array(linkTypes.length * 2)
  for (const [number, type] of linkTypes.entries())
    for (const side of [outward, inward] as const) mask[number * 2 + side] = wanted(type, side) ? 1 : 0
  return mask
}

class StoredLink implements GraphLink {
  readonly type: LinkType
  readonly from: StoredVertex
  readonly to: StoredVertex
  readonly since: number

  constructor(type: LinkType, from: StoredVertex, to: StoredVertex, since: number) {
    this.type = type
    this.from = from
    this.to = to
    this.since = since
  }
}

const slotBits = 12

export class Adjacency {
  /** How many links came and went so far. */
  changes = 0
  readonly #links = new Records(8)
  readonly #bundles = new Records(4)
  readonly #vertices: (StoredVertex | undefined)[][] = []
  readonly #freeSlots: number[] = []
  #slots = 0

  get size(): number {
    return this.#links.size
  }

  get bytes(): number {
    return this.#links.bytes + this.#bundles.bytes
  }

  enter(vertex: StoredVertex): void {
    const slot = this.#freeSlots.pop() ?? this.#slots++
    const page = (this.#vertices[slot >>> slotBits] ??= [])
    page[slot & ((1 << slotBits) - 1)] = vertex
    vertex.slot = slot
  }

  /** The vertex must have no links. */
  leave(vertex: StoredVertex): void {
    this.#vertices[vertex.slot >>> slotBits]![vertex.slot & ((1 << slotBits) - 1)] = undefined
    this.#freeSlots.push(vertex.slot)
  }

  #at(slot: number): StoredVertex {
    return this.#vertices[slot >>> slotBits]![slot & ((1 << slotBits) - 1)]!
  }

  add(type: LinkType, from: StoredVertex, to: StoredVertex, since: number): void {
    this.changes++
    const links = this.#links
    const number = typeNumbers.get(type)!
    const link = links.add()
    links.set(link, fromCell, from.slot)
    links.set(link, toCell, to.slot)
    links.set(link, lateCell, Math.floor(since) | 0)
    links.set(link, markCell, number | (Math.floor(since / 2 ** 32) << 8))
    this.#attach(from, link, number, outward)
    this.#attach(to, link, number, inward)
  }

  remove(link: number): void {
    this.changes++
    const number = this.#links.get(link, markCell) & 0xff
    this.#detach(this.from(link), link, number, outward)
    this.#detach(this.to(link), link, number, inward)
    this.#links.free(link)
  }

  #attach(vertex: StoredVertex, link: number, type: number, side: Side): void {
    const links = this.#links
    const bundles = this.#bundles
    let bundle = this.#bundleOf(vertex, type * 2 + side)
    if (bundle === 0) {
      bundle = bundles.add()
      bundles.set(bundle, headCell, link)
      bundles.set(bundle, countCell, 1)
      bundles.set(bundle, chainCell, vertex.bundle)
      bundles.set(bundle, codeCell, type * 2 + side)
      vertex.bundle = bundle
      links.set(link, nextCell + side, link)
      links.set(link, previousCell + side, link)
      return
    }
    const head = bundles.get(bundle, headCell)
    const tail = links.get(head, previousCell + side)
    links.set(link, nextCell + side, head)
    links.set(link, previousCell + side, tail)
    links.set(tail, nextCell + side, link)
    links.set(head, previousCell + side, link)
    bundles.set(bundle, countCell, bundles.get(bundle, countCell) + 1)
  }

  #detach(vertex: StoredVertex, link: number, type: number, side: Side): void {
    const links = this.#links
    const bundles = this.#bundles
    const bundle = this.#bundleOf(vertex, type * 2 + side)
    const count = bundles.get(bundle, countCell) - 1
    if (count === 0) return this.#dropBundle(vertex, bundle)
    const next = links.get(link, nextCell + side)
    const previous = links.get(link, previousCell + side)
    links.set(previous, nextCell + side, next)
    links.set(next, previousCell + side, previous)
    if (bundles.get(bundle, headCell) === link) bundles.set(bundle, headCell, next)
    bundles.set(bundle, countCell, count)
  }

  #dropBundle(vertex: StoredVertex, bundle: number): void {
    const bundles = this.#bundles
    const chained = bundles.get(bundle, chainCell)
    if (vertex.bundle === bundle) vertex.bundle = chained
    else {
      let before = vertex.bundle
      while (bundles.get(before, chainCell) !== bundle) before = bundles.get(before, chainCell)
      bundles.set(before, chainCell, chained)
    }
    bundles.free(bundle)
  }

  #bundleOf(vertex: StoredVertex, code: number): number {
    let bundle = vertex.bundle
    while (bundle !== 0 && this.#bundles.get(bundle, codeCell) !== code) {
      bundle = this.#bundles.get(bundle, chainCell)
    }
    return bundle
  }

  /** The vertex's links of one type and direction; 0: none. */
  bundle(vertex: StoredVertex, type: LinkType, side: Side): number {
    return this.#bundleOf(vertex, typeNumbers.get(type)! * 2 + side)
  }

  /** Another bundle of the same vertex; 0: no more. */
  nextBundle(bundle: number): number {
    return this.#bundles.get(bundle, chainCell)
  }

  typeOf(bundle: number): LinkType {
    return linkTypes[this.#bundles.get(bundle, codeCell) >> 1]!
  }

  sideOf(bundle: number): Side {
    return (this.#bundles.get(bundle, codeCell) & 1) as Side
  }

  count(bundle: number): number {
    return bundle === 0 ? 0 : this.#bundles.get(bundle, countCell)
  }

  head(bundle: number): number {
    return this.#bundles.get(bundle, headCell)
  }

  next(link: number, side: Side): number {
    return this.#links.get(link, nextCell + side)
  }

  from(link: number): StoredVertex {
    return this.#at(this.#links.get(link, fromCell))
  }

  to(link: number): StoredVertex {
    return this.#at(this.#links.get(link, toCell))
  }

  /** The end that is not the bundle's own vertex. */
  far(link: number, side: Side): StoredVertex {
    return this.#at(this.#links.get(link, side === outward ? toCell : fromCell))
  }

  since(link: number): number {
    return (this.#links.get(link, markCell) >> 8) * 2 ** 32 + (this.#links.get(link, lateCell) >>> 0)
  }

  toLink(link: number): GraphLink {
    const page = this.#links.page(link)
    const at = this.#links.cellsAt(link)
    const mark = page[at + markCell]!
    const since = (mark >> 8) * 2 ** 32 + (page[at + lateCell]! >>> 0)
    const from = this.#at(page[at + fromCell]!)
    return new StoredLink(linkTypes[mark & 0xff]!, from, this.#at(page[at + toCell]!), since)
  }

  /** Looks through the shorter of the two bundles that must hold it; 0: there is none. */
  find(type: LinkType, from: StoredVertex, to: StoredVertex): number {
    const outs = this.bundle(from, type, outward)
    const ins = this.bundle(to, type, inward)
    if (outs === 0 || ins === 0) return 0
    const side = this.count(outs) <= this.count(ins) ? outward : inward
    const target = side === outward ? to : from
    let link = this.head(side === outward ? outs : ins)
    for (let left = this.count(side === outward ? outs : ins); left > 0; left--) {
      if (this.far(link, side) === target) return link
      link = this.next(link, side)
    }
    return 0
  }

  /** Links of all bundles that `wanted` lets through, in no particular order. */
  linksOf(vertex: StoredVertex, wanted: BundleMask | ((type: LinkType, side: Side) => boolean)): GraphLink[] {
    const found: GraphLink[] = []
    for (let bundle = vertex.bundle; bundle !== 0; bundle = this.nextBundle(bundle)) {
      const code = this.#bundles.get(bundle, codeCell)
      const side = (code & 1) as Side
      if (typeof wanted === 'function' ? !wanted(linkTypes[code >> 1]!, side) : wanted[code] === 0) continue
      let link = this.head(bundle)
      for (let left = this.count(bundle); left > 0; left--) {
        found.push(this.toLink(link))
        link = this.next(link, side)
      }
    }
    return found
  }
}
