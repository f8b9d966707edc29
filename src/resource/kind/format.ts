/** The one form in which addresses and UUIDs are kept, compared and looked up. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { Property } from './kind.ts'

export type Format = NonNullable<Property['format']>

/** The canonical form; undefined when the text is none of this format. */
export function canonical(format: Format, text: string): string | undefined {
  if (text.length > 100) return undefined
  return formats[format](text.trim())
}

const formats: Readonly<Record<Format, (text: string) => string | undefined>> = {
  mac: canonicalMac,
  ip: canonicalIp,
  cidr: canonicalCidr,
  uuid: canonicalUuid,
}

/** Lower case with colons: `00:1b:21:3a:4f:10`; of `001b.213a.4f10`, `00-1B-…`, `001B21…`. */
function canonicalMac(text: string): string | undefined {
  const isMac =
    /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text) ||
    /^[0-9a-f]{4}([.:-][0-9a-f]{4}){2}$/i.test(text) ||
    /^[0-9a-f]{12}$/i.test(text)
  if (!isMac) return undefined
  const digits = text.toLowerCase().replace(/[^0-9a-f]/g, '')
  return digits.match(/../g)!.join(':')
}

/** IPv6 as RFC 5952 has it; a zone is no part of an address. */
function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}

/** With its host bits cleared. */
function canonicalCidr(text: string): string | undefined {
  const [address = '', bits = '', ...rest] = text.split('/')
  const family = isIP(address)
  const length = Number(bits)
  const width = family === 4 ? 32 : 128
  if (family === 0 || address.includes('%') || rest.length > 0 || !/^\d{1,3}$/.test(bits) || length > width) {
    return undefined
  }
  const host = BigInt(width - length)
  const network = (addressNumber(address) >> host) << host
  return `${addressText(network, family)}/${length}`
}

/** An address as a number: 32 or 128 bits. The text must be a valid address. */
export function addressNumber(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = (canonicalIp(address) ?? '::').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n)
}

/** The canonical text of an address number. */
export function addressText(address: bigint, family: number): string {
  const [count, size] = family === 4 ? [4, 8n] : [8, 16n]
  const parts = Array.from({ length: count }, (_, index) => {
    const part = (address >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n)
    return family === 4 ? part.toString() : part.toString(16)
  })
  return family === 4 ? parts.join('.') : canonicalIp(parts.join(':'))!
}

function canonicalUuid(text: string): string | undefined {
  const digits = text.toLowerCase().replace(/^urn:uuid:|[{}-]/g, '')
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
