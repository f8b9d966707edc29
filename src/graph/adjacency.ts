/**
 * The links of the graph in typed columns, so that millions of them cost the garbage collector nothing. Each link is in two doubly linked lists:
 * the ones that go out of its `from` and the ones that come into its `to`. A place is a number; freed places are used again.
 */
import { linkTypes, type LinkType } from '../resource/kind/link.ts'

const pageBits = 16
const pageSize = 1 << pageBits
const mask = pageSize - 1
export const none = -1

interface Page {
  type: Uint8Array
  from: Int32Array
  to: Int32Array
  since: Float64Array
  nextOut: Int32Array
  previousOut: Int32Array
  nextIn: Int32Array
  previousIn: Int32Array
}

/** Heads of a vertex' two lists. */
export interface Heads {
  firstOut: number
  firstIn: number
}

const typeCodes = new Map(linkTypes.map((type, code) => [type, code]))
export const codeOf = (type: LinkType): number => typeCodes.get(type)!
export const typeOfCode = (code: number): LinkType => linkTypes[code]!

export class Adjacency {
  #pages: Page[] = []
  #size = 0
  #free: number[] = []

  get count(): number {
    return this.#size - this.#free.length
  }

  type(place: number): number {
    return this.#pages[place >>> pageBits]!.type[place & mask]!
  }
  from(place: number): number {
    return this.#pages[place >>> pageBits]!.from[place & mask]!
  }
  to(place: number): number {
    return this.#pages[place >>> pageBits]!.to[place & mask]!
  }
  since(place: number): number {
    return this.#pages[place >>> pageBits]!.since[place & mask]!
  }
  nextOut(place: number): number {
    return this.#pages[place >>> pageBits]!.nextOut[place & mask]!
  }
  nextIn(place: number): number {
    return this.#pages[place >>> pageBits]!.nextIn[place & mask]!
  }

  add(code: number, from: number, to: number, since: number, ends: { from: Heads; to: Heads }): void {
    const place = this.#free.pop() ?? this.#grow()
    const page = this.#pages[place >>> pageBits]!
    const at = place & mask
    page.type[at] = code
    page.from[at] = from
    page.to[at] = to
    page.since[at] = since
    page.previousOut[at] = none
    page.nextOut[at] = ends.from.firstOut
    if (ends.from.firstOut !== none)
      this.#page(ends.from.firstOut).previousOut[ends.from.firstOut & mask] = place
    ends.from.firstOut = place
    page.previousIn[at] = none
    page.nextIn[at] = ends.to.firstIn
    if (ends.to.firstIn !== none) this.#page(ends.to.firstIn).previousIn[ends.to.firstIn & mask] = place
    ends.to.firstIn = place
  }

  remove(place: number, ends: { from: Heads; to: Heads }): void {
    const page = this.#page(place)
    const at = place & mask
    const [nextOut, previousOut] = [page.nextOut[at]!, page.previousOut[at]!]
    if (previousOut === none) ends.from.firstOut = nextOut
    else this.#page(previousOut).nextOut[previousOut & mask] = nextOut
    if (nextOut !== none) this.#page(nextOut).previousOut[nextOut & mask] = previousOut
    const [nextIn, previousIn] = [page.nextIn[at]!, page.previousIn[at]!]
    if (previousIn === none) ends.to.firstIn = nextIn
    else this.#page(previousIn).nextIn[previousIn & mask] = nextIn
    if (nextIn !== none) this.#page(nextIn).previousIn[nextIn & mask] = previousIn
    this.#free.push(place)
  }

  /** The link of this type between two slots, or `none`. Walks the shorter list as far as both ends are known to have one. */
  find(code: number, from: Heads, to: Heads, fromSlot: number, toSlot: number): number {
    let [out, into] = [from.firstOut, to.firstIn]
    while (out !== none && into !== none) {
      if (this.to(out) === toSlot && this.type(out) === code) return out
      if (this.from(into) === fromSlot && this.type(into) === code) return into
      out = this.nextOut(out)
      into = this.nextIn(into)
    }
    return none
  }

  #page(place: number): Page {
    return this.#pages[place >>> pageBits]!
  }

  #grow(): number {
    const place = this.#size++
    if (place >>> pageBits === this.#pages.length) this.#pages.push(newPage())
    return place
  }
}

function newPage(): Page {
  const column = () => new Int32Array(pageSize)
  return {
    type: new Uint8Array(pageSize),
    from: column(),
    to: column(),
    since: new Float64Array(pageSize),
    nextOut: column(),
    previousOut: column(),
    nextIn: column(),
    previousIn: column(),
  }
}
