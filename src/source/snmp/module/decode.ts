/** Decodes what SNMP carries into what resources hold. Pure. What cannot be read is null. */
import type { SnmpValue } from '../protocol/index.ts'

export const decoderNames = [
  'auto',
  'text',
  'number',
  'unsigned',
  'mac',
  'hex',
  'ip',
  'oid',
  'truth',
  'prefixLength',
  'ports',
  'bits',
] as const
export type DecoderName = (typeof decoderNames)[number]
export type Value = string | number | bigint | boolean | null

export function decode(value: SnmpValue, as: DecoderName): Value {
  if (value === null) return null
  switch (as) {
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : toNumber(value)
    case 'unsigned':
      return typeof value === 'number' ? value >>> 0 : null
    case 'truth':
      return value === 1 ? true : value === 2 ? false : null
    case 'mac':
      return value instanceof Uint8Array ? toMac(value) : null
    case 'hex':
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : null
    case 'ip':
      return value instanceof Uint8Array ? toAddress([...value]) : typeof value === 'string' ? value : null
    case 'prefixLength':
      return typeof value === 'string' ? toPrefixLength(value) : null
    case 'ports':
      return value instanceof Uint8Array ? toBits(value, 1) : null
    case 'bits':
      return value instanceof Uint8Array ? toBits(value, 0) : null
    default:
      return value instanceof Uint8Array ? toText(value) : value
  }
}

/** Text as agents send it: UTF-8 where it is, else Latin-1; trailing NULs and blanks cut. */
export function toText(value: Exclude<SnmpValue, null>): string {
  if (!(value instanceof Uint8Array)) return String(value)
  const text = utf8(value) ?? latin1(value)
  // Most have neither: a look at the last letter tells.
  const last = text.charCodeAt(text.length - 1)
  const whole = last > 0x20 && last < 0x7f ? text : text.replace(/[\u0000\s]+$/u, '')
  return whole.includes('\0') ? whole.replaceAll('\0', '') : whole
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false
  return true
}

function utf8(bytes: Uint8Array): string | null {
  if (isAscii(bytes)) return latin1(bytes)
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** A number in words, or net-snmp's float in an Opaque. */
function toNumber(value: string | Uint8Array): number | null {
  const isFloat = typeof value !== 'string' && value.length === 7 && value[0] === 0x9f && value[1] === 0x78
  const number = isFloat ? Buffer.from(value).readFloatBE(3) : Number.parseFloat(toText(value))
  return Number.isFinite(number) ? number : null
}

/** Canonical form: `aa:bb:cc:dd:ee:ff`; all zeros is none. Some agents send it as text: `aa:bb:…`, `aabb…` or `0:b:c:…`. */
export function toMac(value: Uint8Array): string | null {
  const digits = value.length === 6 ? Buffer.from(value).toString('hex') : macDigits(toText(value))
  if (!/^[0-9a-f]{12}$/.test(digits) || /^0+$/.test(digits)) return null
  return digits.replaceAll(/(..)(?!$)/g, '$1:')
}

function macDigits(text: string): string {
  const parts = text.toLowerCase().split(/[:\- ]/)
  return parts.length === 6
    ? parts.map((part) => part.padStart(2, '0')).join('')
    : parts.join('').replaceAll('.', '')
}

/** 4 bytes or 16, as InetAddress has them; 8 and 20 carry a zone, which is left out. */
export function toAddress(bytes: readonly number[]): string | null {
  if (bytes.length === 4 || bytes.length === 8) return bytes.slice(0, 4).join('.')
  if (bytes.length !== 16 && bytes.length !== 20) return null
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** Of a net mask `255.255.255.0`: 24; null where its ones are not all in front. */
function toPrefixLength(mask: string): number | null {
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits) && bits.length === 32 ? bits.replaceAll('0', '').length : null
}

/** Which bits are set, the first being number `first`, with commas around each: `,1,17,`. A PortList counts from 1. */
function toBits(bytes: Uint8Array, first: number): string {
  let list = ','
  bytes.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) list += `${at * 8 + bit + first},`
  })
  return list
}

const addressSubtypes = { chassis: 5, port: 4 } as const
const macSubtypes = { chassis: 4, port: 3 } as const

/** An LLDP chassis or port id by its subtype: a MAC and an address in canonical form, anything else, also what is no MAC after all, as text. */
export function lldpId(of: 'chassis' | 'port', subtype: number, id: SnmpValue): string | null {
  if (!(id instanceof Uint8Array)) return id === null ? null : String(id)
  const read =
    subtype === macSubtypes[of]
      ? toMac(id)
      : subtype === addressSubtypes[of]
        ? toAddress([...id.subarray(1)])
        : null
  if (read !== null) return read
  const isText = id.every((byte) => byte >= 0x20 || byte === 0 || byte === 0x0a || byte === 0x0d)
  const text = isText ? toText(id) : Buffer.from(id).toString('hex')
  return text === '' || /^0+$/.test(text) ? null : text
}
