/**
 * Traps and informs: v1, v2c, v3. A trap says that something happened and is never believed for what it says: it becomes an event, and the device is read again. Storms are
 * held back device by device; who is not known is counted and nothing of it is kept.
 */
import { performance } from 'node:perf_hooks'
import { SourceError } from '../source.ts'
import { openReceiver, type ReceivedTrap, type Varbind } from './net-snmp.ts'
import type { V3Credentials } from './session.ts'

export interface Trap {
  /** `linkDown`, `bgpBackwardTransition` …; the OID where it has no name here. */
  name: string
  oid: string
  /** What it carries, by OID; texts and numbers only, the first 30. */
  values: Record<string, string | number>
}

/** What to read again after which trap; absent: all state. */
export const modulesOf: Readonly<Record<string, readonly string[]>> = {
  linkDown: ['interface', 'lldp', 'lldp-v2'],
  linkUp: ['interface', 'lldp', 'lldp-v2'],
  bgpEstablished: ['bgp', 'arista', 'cisco', 'juniper', 'dell-os10', 'cumulus'],
  bgpBackwardTransition: ['bgp', 'arista', 'cisco', 'juniper', 'dell-os10', 'cumulus'],
  lldpRemTablesChange: ['lldp', 'lldp-v2', 'interface'],
}

const names: Readonly<Record<string, string>> = {
  '1.3.6.1.6.3.1.1.5.1': 'coldStart',
  '1.3.6.1.6.3.1.1.5.2': 'warmStart',
  '1.3.6.1.6.3.1.1.5.3': 'linkDown',
  '1.3.6.1.6.3.1.1.5.4': 'linkUp',
  '1.3.6.1.6.3.1.1.5.5': 'authenticationFailure',
  '1.3.6.1.2.1.15.7.1': 'bgpEstablished',
  '1.3.6.1.2.1.15.7.2': 'bgpBackwardTransition',
  '1.3.6.1.2.1.15.0.1': 'bgpEstablished',
  '1.3.6.1.2.1.15.0.2': 'bgpBackwardTransition',
  '1.0.8802.1.1.2.0.0.1': 'lldpRemTablesChange',
}
const genericNames = [
  'coldStart',
  'warmStart',
  'linkDown',
  'linkUp',
  'authenticationFailure',
  'egpNeighborLoss',
]
const snmpTrapOid = '1.3.6.1.6.3.1.1.4.1.0'
const mostValues = 30
const longestText = 500

/** v1 says in numbers what the others say by an OID. */
export function toTrap({ pdu }: ReceivedTrap): Trap {
  const named = pdu.varbinds.find(({ oid }) => oid === snmpTrapOid)
  const values = Object.fromEntries(
    pdu.varbinds
      .filter(({ oid }) => oid !== snmpTrapOid)
      .slice(0, mostValues)
      .map((varbind) => [varbind.oid, shown(varbind)]),
  )
  if (named !== undefined) {
    const oid = String(named.value)
    return { oid, name: names[oid] ?? oid, values }
  }
  const { enterprise = '', generic = 6, specific = 0 } = pdu
  const generalName = genericNames[generic]
  if (generalName !== undefined) return { oid: `1.3.6.1.6.3.1.1.5.${generic + 1}`, name: generalName, values }
  const oid = `${enterprise}.0.${specific}`
  return { oid, name: names[oid] ?? names[`${enterprise}.${specific}`] ?? oid, values }
}

function shown({ value }: Varbind): string | number {
  if (typeof value === 'number') return value
  if (!Buffer.isBuffer(value)) return String(value).slice(0, longestText)
  const text = value.toString('utf8')
  return /^[\x20-\x7e\s]*$/.test(text)
    ? text.slice(0, longestText)
    : value.toString('hex').slice(0, longestText)
}

export interface TrapCounters {
  received: number
  /** From addresses that no device has. */
  unknown: number
  /** More than a device may send. */
  heldBack: number
  /** That could not be read. */
  bad: number
}

export interface TrapOptions {
  address: string
  port: number
  users: readonly V3Credentials[]
  /** The community that a device is asked with; a trap with another one is not believed to be its. Undefined: not known here. */
  knows(address: string): boolean
  told(address: string, trap: Trap): void
}

/** So many at once, and so many a second after that, of one device. */
const burst = 50
const perSecond = 10

export class TrapListener {
  readonly counters: TrapCounters = { received: 0, unknown: 0, heldBack: 0, bad: 0 }
  readonly #options: TrapOptions
  readonly #allowance = new Map<string, { left: number; atMs: number }>()
  #receiver: { close(): Promise<void> } | undefined

  constructor(options: TrapOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { address, port, users } = this.#options
    try {
      this.#receiver = await openReceiver(
        { address, port, users },
        (trap) => this.#take(trap),
        () => void this.counters.bad++,
      )
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      throw new SourceError(
        'unreachable',
        `traps cannot be listened for at ${address} port ${port}: ${code ?? 'failed'}`,
        { cause },
      )
    }
  }

  #take(received: ReceivedTrap): void {
    this.counters.received++
    const address = received.rinfo.address.replace(/^::ffff:/, '')
    if (!this.#options.knows(address)) {
      this.counters.unknown++
      return
    }
    if (!this.#isAllowed(address)) {
      this.counters.heldBack++
      return
    }
    this.#options.told(address, toTrap(received))
  }

  #isAllowed(address: string): boolean {
    const now = performance.now()
    const known = this.#allowance.get(address) ?? { left: burst, atMs: now }
    const left = Math.min(burst, known.left + ((now - known.atMs) / 1_000) * perSecond)
    this.#allowance.set(address, { left: Math.max(0, left - 1), atMs: now })
    return left >= 1
  }

  async close(): Promise<void> {
    await this.#receiver?.close()
  }
}
