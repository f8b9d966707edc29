/** How full a prefix is. */
import { addressNumber } from '../resource/kind/format.ts'
import type { Graph, Vertex } from './graph.ts'

/** A range of addresses, both ends included. */
interface Range {
  first: bigint
  last: bigint
}

/** Share of the usable addresses that are taken, 0..1; null when the CIDR cannot be read. */
export function utilizationOf(graph: Graph, prefix: Vertex): number | null {
  const usable = usableOf(prefix)
  if (usable === null) return null
  const size = sizeOf(usable)
  const taken = takenIn(graph, prefix, usable)
  // of the huge IPv6 ones the quotient of two numbers is exact enough, that of two bigints would be 0
  return Number(taken) / Number(size)
}

/** Usable addresses that are not taken: a number while that is exact, else digits. Null when the CIDR cannot be read. */
export function freeAddressesOf(graph: Graph, prefix: Vertex): number | string | null {
  const usable = usableOf(prefix)
  if (usable === null) return null
  const free = sizeOf(usable) - takenIn(graph, prefix, usable)
  return free <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(free) : free.toString()
}

const sizeOf = ({ first, last }: Range): bigint => last - first + 1n

function rangeOf(cidr: unknown): (Range & { width: number; bits: number }) | null {
  const match = typeof cidr === 'string' ? /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(cidr) : null
  if (match === null) return null
  const [, address, length] = match as unknown as [string, string, string]
  const width = address.includes(':') ? 128 : 32
  const bits = Number(length)
  if (bits > width) return null
  const host = BigInt(width - bits)
  const first = (addressNumber(address) >> host) << host
  return { first, last: first + (1n << host) - 1n, width, bits }
}

/** Without network and broadcast address, which IPv4 prefixes of 30 bits or fewer have. */
function usableOf(prefix: Vertex): Range | null {
  const range = rangeOf(prefix.fields['cidr'])
  if (range === null) return null
  const hasEnds = range.width === 32 && range.bits <= 30
  return hasEnds ? { first: range.first + 1n, last: range.last - 1n } : range
}

/** Addresses of the prefix itself, each once, and all that its child prefixes take up. */
function takenIn(graph: Graph, prefix: Vertex, usable: Range): bigint {
  const parts = graph.neighbors(prefix, 'PART_OF', 'in')
  const children = merged(
    parts.flatMap((part) => (part.kind.name === 'Prefix' ? (rangeOf(part.fields['cidr']) ?? []) : [])),
  )
  const inChild = (address: bigint): boolean =>
    children.some(({ first, last }) => first <= address && address <= last)
  const own = new Set<bigint>()
  for (const part of parts) {
    const address = part.kind.name === 'IpAddress' ? part.fields['address'] : null
    if (typeof address !== 'string') continue
    const number = addressNumber(address)
    if (number >= usable.first && number <= usable.last && !inChild(number)) own.add(number)
  }
  return children.reduce((sum, child) => sum + overlap(child, usable), BigInt(own.size))
}

function overlap(a: Range, b: Range): bigint {
  const first = a.first > b.first ? a.first : b.first
  const last = a.last < b.last ? a.last : b.last
  return last >= first ? last - first + 1n : 0n
}

/** Ranges that overlap made one. */
function merged(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const result: Range[] = []
  for (const { first, last } of sorted) {
    const before = result.at(-1)
    if (before !== undefined && first <= before.last) before.last = last > before.last ? last : before.last
    else result.push({ first, last })
  }
  return result
}
