/** Which addresses, VLAN numbers and rack places are free, and which of them are given next: the lowest. Pure. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import { addressNumber, addressText } from '../../resource/kind/format.ts'

/** What may be given: `next` gives that many free units, in order; `free` counts them, up to what is worth counting. */
export interface Units {
  total: number
  used: number
  largest?: number
  next(count: number): string[]
}

const mostCounted = Number.MAX_SAFE_INTEGER
/** A prefix that is looked through further than this is full for all that matters. */
const mostLookedAt = 1_000_000

export function addressesOf(graph: Graph, prefix: Vertex, claimed: ReadonlySet<string>, kept: number): Units {
  const range = rangeOf(String(prefix.fields['cidr']))
  if (range === undefined) return { total: 0, used: 0, next: () => [] }
  const { first, last, family } = range
  const taken = takenIn(graph, prefix, claimed)
  const children = graph
    .neighbors(prefix, 'PART_OF', 'in')
    .flatMap(({ kind, fields }) => (kind.name === 'Prefix' ? (wholeOf(String(fields['cidr'])) ?? []) : []))
  const inRange = [...taken].filter((address) => address >= first && address <= last)
  const inner = children.reduce((sum, child) => sum + overlap(child, range), 0n)
  const outside = inRange.filter((address) => !children.some((child) => within(child, address))).length
  const size = last - first + 1n
  const vrf = graph.neighbors(prefix, 'MEMBER_OF', 'out').find(({ kind }) => kind.name === 'Vrf')
  return {
    total: toCount(size),
    used: Math.min(toCount(size), outside + toCount(inner)),
    next(count) {
      const found: string[] = []
      let looked = 0
      for (
        let at = first + BigInt(kept);
        at <= last && found.length < count && looked < mostLookedAt;
        looked++
      ) {
        const child = children.find((one) => within(one, at))
        if (child !== undefined) {
          at = child.last + 1n
          continue
        }
        const text = addressText(at, family)
        if (!taken.has(at) && !isKnown(graph, text, vrf)) found.push(text)
        at++
      }
      return found
    },
  }
}

const toCount = (size: bigint): number => (size > BigInt(mostCounted) ? mostCounted : Number(size))

interface Range {
  first: bigint
  last: bigint
}
const within = ({ first, last }: Range, at: bigint): boolean => first <= at && at <= last
function overlap(one: Range, other: Range): bigint {
  const first = one.first > other.first ? one.first : other.first
  const last = one.last < other.last ? one.last : other.last
  return last >= first ? last - first + 1n : 0n
}

function wholeOf(cidr: string): (Range & { bits: number; width: number }) | undefined {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(cidr)
  if (match === null) return undefined
  const width = match[1]!.includes(':') ? 128 : 32
  const bits = Number(match[2])
  const host = BigInt(width - bits)
  const first = (addressNumber(match[1]!) >> host) << host
  return { first, last: first + (1n << host) - 1n, bits, width }
}

/** Without network and broadcast address, and without the router's anycast address of an IPv6 prefix. */
function rangeOf(cidr: string): (Range & { family: number }) | undefined {
  const whole = wholeOf(cidr)
  if (whole === undefined) return undefined
  const { first, last, bits, width } = whole
  if (width === 32)
    return bits <= 30 ? { first: first + 1n, last: last - 1n, family: 4 } : { first, last, family: 4 }
  return { first: bits < 127 ? first + 1n : first, last, family: 6 }
}

function takenIn(graph: Graph, prefix: Vertex, claimed: ReadonlySet<string>): Set<bigint> {
  const taken = new Set([...claimed].map(addressNumber))
  const gateway = prefix.fields['gateway']
  if (typeof gateway === 'string') taken.add(addressNumber(gateway))
  for (const { kind, fields } of graph.neighbors(prefix, 'PART_OF', 'in'))
    if (kind.name === 'IpAddress' && typeof fields['address'] === 'string')
      taken.add(addressNumber(fields['address']))
  return taken
}

/** An address that is known without being said to be a part of the prefix is taken all the same. */
function isKnown(graph: Graph, address: string, vrf: Vertex | undefined): boolean {
  return graph.lookup('IpAddress', 'address', address).some((known) => {
    const own = graph.neighbors(known, 'MEMBER_OF', 'out').find(({ kind }) => kind.name === 'Vrf')
    return own?.id === vrf?.id
  })
}

export function vlansOf(
  graph: Graph,
  range: { group: string; from: number; to: number },
  claimed: ReadonlySet<string>,
): Units {
  const free: string[] = []
  for (let vid = range.from; vid <= range.to; vid++) {
    const text = String(vid)
    const known = graph.lookup('Vlan', 'vid', text).some(({ fields }) => fields['group'] === range.group)
    if (!known && !claimed.has(text)) free.push(text)
  }
  const total = range.to - range.from + 1
  return { total, used: total - free.length, next: (count) => free.slice(0, count) }
}

const mostUnits = 200

/** A place is named by its lowest unit; it is as high as what is asked for. */
export function rackUnitsOf(graph: Graph, rack: Vertex, claimed: ReadonlySet<string>): Units {
  const height = Math.min(Number(rack.fields['heightUnits'] ?? 0), mostUnits)
  const filled = new Set([...claimed].map(Number))
  for (const { fields } of graph.neighbors(rack, 'LOCATED_IN', 'in')) {
    const { position, heightUnits } = fields
    if (typeof position !== 'number') continue
    const top = position + (typeof heightUnits === 'number' ? heightUnits : 1)
    for (let unit = Math.floor(position); unit < top && unit <= height; unit++) filled.add(unit)
  }
  const gaps: { from: number; length: number }[] = []
  let used = 0
  for (let unit = 1; unit <= height; unit++) {
    if (filled.has(unit)) used++
    else if (unit > 1 && !filled.has(unit - 1)) gaps.at(-1)!.length++
    else gaps.push({ from: unit, length: 1 })
  }
  return {
    total: height,
    used,
    largest: Math.max(0, ...gaps.map(({ length }) => length)),
    next(count) {
      // The smallest gap that is large enough: large ones stay whole.
      const fitting = gaps
        .filter(({ length }) => length >= count)
        .toSorted((a, b) => a.length - b.length || a.from - b.from)[0]
      return fitting === undefined
        ? []
        : Array.from({ length: count }, (_, index) => String(fitting.from + index))
    },
  }
}
