/** Items of the sample: made with the keys that they would get without one, linked by those keys. */
import { defaultKeyOf } from '../resource/key.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { LinkClaim } from '../resource/resource.ts'
import type { InventoryItem } from '../resource/verbs.ts'

export type Link = readonly [type: LinkType, to: string]

export interface Draft {
  fields?: Record<string, unknown>
  labels?: Record<string, string>
  owner?: string
  contact?: string
  links?: readonly Link[]
  attributes?: Record<string, unknown>
}

/** Collects items; `add` gives the key, for others to link to. */
export class Sample {
  readonly items: InventoryItem[] = []
  readonly #byKey = new Map<string, InventoryItem>()

  add(kind: KindName, name: string, { links = [], ...draft }: Draft = {}): string {
    const claims = links.map(([type, key]): LinkClaim => ({ type, to: { key } }))
    const item: InventoryItem = {
      kind,
      name,
      status: 'ACTIVE',
      ...draft,
      ...(claims.length > 0 ? { links: claims } : {}),
      path: `sample[${this.items.length}]`,
    }
    const key = defaultKeyOf(item)
    if (this.#byKey.has(key)) throw new Error(`the sample has ${key} twice`)
    const keyed = { ...item, key }
    this.items.push(keyed)
    this.#byKey.set(key, keyed)
    return key
  }

  /** A cable between two ports that are there already. */
  connect(one: string, other: string): void {
    const item = this.#byKey.get(one)
    if (item === undefined) throw new Error(`the sample has no ${one}`)
    item.links = [...(item.links ?? []), { type: 'CONNECTED_TO', to: { key: other } }]
  }
}

export const two = (number: number): string => String(number).padStart(2, '0')

/** The same number for the same seed, 0 to 2^32 - 1, without pattern (xorshift-multiply). */
export function mix(seed: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export const pick = <T>(list: readonly T[], seed: number): T => list[mix(seed) % list.length] as T

/** `count` hex digits. */
export const hex = (number: number, count: number): string =>
  number.toString(16).padStart(count, '0').slice(-count)

/** A MAC address of a maker; the same number never twice for one maker. */
export function mac(maker: string, number: number): string {
  const tail = hex(number, 6)
  return `${maker}:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4)}`
}

export function uuid(seed: number): string {
  const [a, b, c, d] = [1, 2, 3, 4].map((part) => hex(mix(seed * 4 + part), 8)) as [
    string,
    string,
    string,
    string,
  ]
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`
}
