/**
 * Object identifiers. On the hot path an OID is its BER content bytes (`EncodedOid`, no tag and no length): a subtree test is then a
 * byte-prefix test, because encoded arcs delimit themselves. People and modules write them as dotted text.
 */
export type EncodedOid = Uint8Array

export const maxArcs = 128
const maxArc = 0xffffffff

/** `1.3.6.1` or `.1.3.6.1` to arcs; throws a RangeError for what is no OID. */
export function parseOid(text: string): number[] {
  const arcs = text
    .replace(/^\./, '')
    .split('.')
    .map((arc) => (/^\d{1,10}$/.test(arc) ? Number(arc) : Number.NaN))
  const [first = Number.NaN, second = 0] = arcs
  const valid =
    arcs.length >= 2 &&
    arcs.length <= maxArcs &&
    arcs.every((arc) => arc <= maxArc) &&
    first <= 2 &&
    (first === 2 ? second <= maxArc - 80 : second < 40)
  if (!valid) throw new RangeError(`not an OID: ${text.slice(0, 80)}`)
  return arcs
}

export function encodeOid(oid: string | readonly number[]): EncodedOid {
  const arcs = typeof oid === 'string' ? parseOid(oid) : oid
  const bytes: number[] = []
  pushArc(bytes, (arcs[0] ?? 0) * 40 + (arcs[1] ?? 0))
  for (let i = 2; i < arcs.length; i++) pushArc(bytes, arcs[i] as number)
  return Uint8Array.from(bytes)
}

/** Arcs of an index alone, as they follow a column's OID. */
export function encodeArcs(arcs: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (const arc of arcs) pushArc(bytes, arc)
  return Uint8Array.from(bytes)
}

function pushArc(bytes: number[], arc: number): void {
  if (arc >= 0x10000000) bytes.push(0x80 | (arc >>> 28))
  if (arc >= 0x200000) bytes.push(0x80 | ((arc >>> 21) & 0x7f))
  if (arc >= 0x4000) bytes.push(0x80 | ((arc >>> 14) & 0x7f))
  if (arc >= 0x80) bytes.push(0x80 | ((arc >>> 7) & 0x7f))
  bytes.push(arc & 0x7f)
}

/** Dotted text of encoded bytes; `whole` false: they are arcs after a prefix (an index), so the first byte is no pair. */
export function formatOid(bytes: Uint8Array, start = 0, end = bytes.length, whole = true): string {
  let text = ''
  let arc = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (text !== '') text += `.${arc}`
    else if (!whole) text = `${arc}`
    else text = arc < 80 ? `${Math.floor(arc / 40)}.${arc % 40}` : `2.${arc - 80}`
    arc = 0
  }
  return text
}

/** The arcs that encoded bytes hold, the first pair not split. */
export function arcsOf(bytes: Uint8Array, start = 0, end = bytes.length): number[] {
  const arcs: number[] = []
  let arc = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  return arcs
}

/** Whether bytes are arcs: each of minimal length, none over 32 bits, the last one ended, at most 128. */
export function isOidContent(bytes: Uint8Array, start: number, end: number): boolean {
  let length = 0
  let arcs = 0
  let first = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (length === 0) {
      if (byte === 0x80) return false
      first = byte
    }
    length++
    if (byte >= 0x80) continue
    if (length > 5 || (length === 5 && first > 0x8f) || ++arcs > maxArcs) return false
    length = 0
  }
  return length === 0 && arcs > 0
}

/** Lexicographic order of two encoded OIDs: negative, 0 or positive. A prefix comes before what it is a prefix of. */
export function compareOids(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  let arcAt = 0
  for (let i = 0; i < length; i++) {
    const byteA = a[aStart + i] as number
    const byteB = b[bStart + i] as number
    if (byteA !== byteB) {
      const sizeA = arcSize(a, aStart + arcAt, aEnd)
      const sizeB = arcSize(b, bStart + arcAt, bEnd)
      return sizeA === sizeB ? byteA - byteB : sizeA - sizeB
    }
    if (byteA < 0x80) arcAt = i + 1
  }
  return aEnd - aStart - (bEnd - bStart)
}

/** Bytes of the arc that begins at `start`: of two minimal encodings the longer is the larger number. */
function arcSize(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] as number) >= 0x80) at++
  return at - start + 1
}

/** Whether `bytes[start, end)` lies in the subtree of `prefix`: is longer and begins with it. */
export function isUnder(prefix: EncodedOid, bytes: Uint8Array, start: number, end: number): boolean {
  const length = prefix.length
  if (end - start <= length) return false
  // From the end, because the first arcs are nearly always the same.
  for (let i = length - 1; i >= 0; i--) if (prefix[i] !== bytes[start + i]) return false
  return true
}
