import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { Exchange } from './exchange.ts'
import { SnmpError } from './error.ts'
import { version as versions, type Version } from './tag.ts'

export interface TargetOptions {
  /** An IPv4 or IPv6 address; names are resolved before. A link-local one carries its zone: `fe80::1%eth0`. */
  address: string
  port?: number
  version?: '1' | '2c'
  community: string
  /** Wait for the first answer; doubled with each retransmission. Default 1,000. */
  timeoutMs?: number
  /** Retransmissions after the first try. Default 2. */
  retries?: number
  /** Requests that may be out at once. Default 2. */
  maxInFlight?: number
  /** The most varbinds to ask for in one GETBULK; what is really asked for adapts below it. Default 64: more would travel in fragments, of which none may be lost. */
  maxVarbinds?: number
}

const growAfter = 8

/** An agent as the client knows it: where it is, what it waits for, how much it can answer at once. */
export class Target {
  readonly address: string
  readonly family: 4 | 6
  readonly port: number
  readonly version: Version
  readonly community: Uint8Array
  readonly timeoutMs: number
  readonly retries: number
  readonly maxInFlight: number
  readonly maxVarbinds: number
  /** Kept by the client. */
  inFlight = 0
  queued = false
  readonly waiting: Exchange[] = []
  #varbinds: number
  #successes = 0

  constructor(options: TargetOptions) {
    const { address, family } = canonicalAddress(options.address)
    this.address = address
    this.family = family
    this.port = options.port ?? 161
    this.version = options.version === '1' ? versions.v1 : versions.v2c
    this.community = new TextEncoder().encode(options.community)
    this.timeoutMs = options.timeoutMs ?? 1_000
    this.retries = options.retries ?? 2
    this.maxInFlight = options.maxInFlight ?? 2
    this.maxVarbinds = options.maxVarbinds ?? 64
    this.#varbinds = this.maxVarbinds
  }

  /** maxRepetitions for a GETBULK of so many columns, as the agent bears it now. */
  repetitions(columns: number): number {
    return Math.max(1, Math.floor(this.#varbinds / Math.max(1, columns)))
  }

  get varbinds(): number {
    return this.#varbinds
  }

  /** After tooBig or a lost answer: ask for half as much. */
  shrink(): void {
    this.#varbinds = Math.max(1, Math.floor(this.#varbinds / 2))
    this.#successes = 0
  }

  /** After a whole answer: every eighth in a row asks for a little more. */
  grow(): void {
    if (this.#varbinds >= this.maxVarbinds || ++this.#successes < growAfter) return
    this.#successes = 0
    this.#varbinds = Math.min(this.maxVarbinds, Math.ceil(this.#varbinds * 1.25))
  }
}

/** As the kernel writes the address of who answers, so that the two can be compared as text. */
function canonicalAddress(text: string): { address: string; family: 4 | 6 } {
  if (isIPv4(text)) return { address: text, family: 4 }
  const [bare = '', zone] = text.split('%')
  if (!isIPv6(bare)) throw new SnmpError('send', `not an IP address: ${text.slice(0, 100)}`)
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  // An IPv4-mapped address is IPv4 on the wire.
  if (address.startsWith('::ffff:') && isIPv4(address.slice(7)))
    return { address: address.slice(7), family: 4 }
  return { address: zone === undefined ? address : `${address}%${zone}`, family: 6 }
}
