/** Seeded mutation of answers, and an independent, slow decoder to compare with. */
import {
  encodeContent,
  encodeMessage,
  encodeOid,
  encodeVarbind,
  formatOid,
  pdu,
  tag,
  type Answer,
} from '../../../src/source/snmp/protocol/index.ts'

export type Random = () => number

/** mulberry32: 0 ≤ x < 1, the same for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

const contents: [number, string][] = [
  [tag.integer, '-2147483648'],
  [tag.integer, '0'],
  [tag.octetString, 'Ethernet1/1'],
  [tag.octetString, ''],
  [tag.oid, '1.3.6.1.4.1.4294967295.1'],
  [tag.ipAddress, '255.0.0.1'],
  [tag.counter32, '4294967295'],
  [tag.timeTicks, '1'],
  [tag.counter64, '18446744073709551615'],
  [tag.noSuchInstance, ''],
]

/** A right answer to a GETBULK of two columns. */
export function sampleAnswer(requestId: number, community = 'public'): Buffer {
  const varbinds = contents.map(([type, text], i) =>
    encodeVarbind(
      encodeOid(`1.3.6.1.2.1.2.2.1.${(i % 2) + 1}.${2 ** i * 7}`),
      type,
      text === '' ? new Uint8Array(0) : encodeContent(type, text),
    ),
  )
  const head = { version: 1, community: Buffer.from(community), type: pdu.response }
  return encodeMessage({ ...head, requestId, status: 0, index: 0, varbinds })
}

const pickLength = [0, 1, 2, 4, 6, 16, 40, 127, 128, 200, 255, 256, 400]

/** An answer with one to twelve varbinds of any type, their names in order. */
export function randomAnswer(requestId: number, random: Random, community = 'public'): Buffer {
  const count = 1 + Math.floor(random() * 12)
  const types = Array.from({ length: count }, () => pick(random, contents)[0])
  const last = [0, 0]
  const varbinds = types.map((type, i) => {
    last[i % 2] = (last[i % 2] as number) + 1 + Math.floor(random() ** 8 * 500_000_000)
    const name = encodeOid(`1.3.6.1.2.1.2.2.1.${(i % 2) + 1}.${last[i % 2]}`)
    return encodeVarbind(name, type, randomContent(type, random))
  })
  const head = { version: 1, community: Buffer.from(community), type: pdu.response }
  return encodeMessage({ ...head, requestId, status: 0, index: 0, varbinds })
}

function randomContent(type: number, random: Random): Uint8Array {
  const number = BigInt(Math.floor(random() * 2 ** 32)) << BigInt(Math.floor(random() * 33))
  switch (type) {
    case tag.octetString:
      return Uint8Array.from({ length: pick(random, pickLength) }, () => Math.floor(random() * 256))
    case tag.oid:
      return encodeContent(type, `1.3.6.1.${Math.floor(random() * 2 ** 32)}.${Math.floor(random() * 200)}`)
    case tag.ipAddress:
      return Uint8Array.from({ length: 4 }, () => Math.floor(random() * 256))
    case tag.integer:
      return encodeContent(type, String(BigInt.asIntN(32, number)))
    case tag.counter64:
      return encodeContent(type, String(BigInt.asUintN(64, number)))
    case tag.noSuchInstance:
      return new Uint8Array(0)
    default:
      return encodeContent(type, String(BigInt.asUintN(32, number)))
  }
}

/** One to four changes: bits, bytes, lengths, cuts, repetitions, insertions. */
export function mutate(bytes: Uint8Array, random: Random): Buffer {
  let mutated = Buffer.from(bytes)
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const at = Math.floor(random() * mutated.length)
    switch (Math.floor(random() * 6)) {
      case 0:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << Math.floor(random() * 8))
        break
      case 1:
        mutated[at] = pick(random, [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x02, 0x06, 0x46, 0x82])
        break
      case 2:
        mutated[at] = Math.floor(random() * 256)
        break
      case 3:
        mutated = mutated.subarray(0, at)
        break
      case 4:
        mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(Math.max(0, at - 9))])
        break
      default:
        mutated = Buffer.concat([
          mutated.subarray(0, at),
          Buffer.from([0x02, 0x01, 0x00]),
          mutated.subarray(at),
        ])
    }
  }
  return mutated
}

export interface Decoded {
  name: string
  type: number
  value: bigint | string
}

/** What the fast decoder took of an answer, in the form of the slow one. */
export const readAll = (answer: Answer): Decoded[] =>
  Array.from({ length: answer.count }, (_, i) => {
    const cell = answer.select(i, 0)
    const content = answer.bytes.subarray(answer.valueStart[i], answer.valueEnd[i])
    const isNumber = !Number.isNaN(cell.number())
    return {
      name: formatOid(answer.name(i)),
      type: cell.type,
      value: isNumber ? BigInt(cell.value() as number | bigint) : Buffer.from(content).toString('hex'),
    }
  })

interface Element {
  type: number
  content: Uint8Array
}

/** Varbinds of a message by plain recursive BER, or null where it is none. */
export function decodeSlowly(bytes: Uint8Array): Decoded[] | null {
  try {
    const [message] = elements(bytes) as [Element]
    const body = elements(message.content)[2] as Element
    const list = elements(body.content)[3] as Element
    return elements(list.content).map((varbind) => {
      const [name, value] = elements(varbind.content) as [Element, Element]
      return { name: arcs(name.content), type: value.type, value: valueOf(value) }
    })
  } catch {
    return null
  }
}

function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = []
  for (let rest = bytes; rest.length > 0;) {
    const first = rest[1] as number
    const size = first < 0x80 ? 0 : first & 0x7f
    const length = size === 0 ? first : Number(`0x${Buffer.from(rest.subarray(2, 2 + size)).toString('hex')}`)
    const content = rest.subarray(2 + size, 2 + size + length)
    if (content.length !== length) throw new RangeError('too short')
    found.push({ type: rest[0] as number, content })
    rest = rest.subarray(2 + size + length)
  }
  return found
}

function arcs(content: Uint8Array): string {
  const found: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte >= 0x80) continue
    found.push(arc)
    arc = 0n
  }
  const [pair = 0n, ...rest] = found
  const first = pair < 80n ? pair / 40n : 2n
  return [first, pair - first * 40n, ...rest].join('.')
}

function valueOf({ type, content }: Element): bigint | string {
  const hex = Buffer.from(content).toString('hex')
  if (type === tag.integer) return BigInt.asIntN(content.length * 8, BigInt(`0x0${hex}`))
  const unsigned: number[] = [tag.counter32, tag.gauge32, tag.timeTicks, tag.unsigned32, tag.counter64]
  return unsigned.includes(type) ? BigInt(`0x0${hex}`) : hex
}
