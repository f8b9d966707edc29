/** Collects what an agent answers: OID, type, value; some values move with time. */
import { encodeContent, encodeInteger, encodeOid, tag } from '../../source/snmp/protocol/index.ts'
import type { RecordedValue } from '../../source/snmp/responder/index.ts'

type Moves = (elapsedSeconds: number) => number

export class Rows {
  readonly values: RecordedValue[] = []

  int = (oid: string, value: number | Moves): void => this.#number(oid, tag.integer, value)
  gauge = (oid: string, value: number | Moves): void => this.#number(oid, tag.gauge32, value)
  counter32 = (oid: string, value: number | Moves): void => this.#number(oid, tag.counter32, value)
  counter64 = (oid: string, value: number | Moves): void => this.#number(oid, tag.counter64, value)
  /** Hundredths of a second. */
  ticks = (oid: string, value: number | Moves): void => this.#number(oid, tag.timeTicks, value)

  text(oid: string, value: string | ((elapsedSeconds: number) => string)): void {
    if (typeof value === 'string') return this.#add(oid, tag.octetString, Buffer.from(value))
    this.values.push({
      name: encodeOid(oid),
      type: tag.octetString,
      content: new Uint8Array(0),
      moves: value,
    })
  }
  octets(oid: string, value: Uint8Array): void {
    this.#add(oid, tag.octetString, value)
  }
  oid(oid: string, value: string): void {
    this.#add(oid, tag.oid, encodeOid(value))
  }
  ip(oid: string, value: string): void {
    this.#add(oid, tag.ipAddress, encodeContent(tag.ipAddress, value))
  }

  #number(oid: string, type: number, value: number | Moves): void {
    const isStill = typeof value === 'number'
    // A counter that does not say how it moves would rise by itself.
    if (isStill && type !== tag.counter32 && type !== tag.counter64)
      return this.#add(oid, type, encodeInteger(type, BigInt(Math.floor(value))))
    const moves = isStill ? () => value : value
    this.values.push({ name: encodeOid(oid), type, content: encodeInteger(type, 0n), moves })
  }

  #add(oid: string, type: number, content: Uint8Array): void {
    this.values.push({ name: encodeOid(oid), type, content })
  }
}

export const octetsOfMac = (mac: string): Uint8Array => Buffer.from(mac.replaceAll(':', ''), 'hex')
export const octetsOfAddress = (address: string): Uint8Array =>
  Uint8Array.from(address.split('.').map(Number))
