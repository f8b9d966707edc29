/** Polls the devices of one source: those that are named, those that are found, of the shards that this process has. */
import { performance } from 'node:perf_hooks'
import type { Observation } from '../../resource/resource.ts'
import { Pace } from '../pace.ts'
import { howItWent } from '../scrape.ts'
import { shardOf, SourceError, type SourceEnvironment, type Told } from '../source.ts'
import { addressesOf, Prefixes, resolveAddress } from './address.ts'
import { Device, type Polled } from './device.ts'
import { Guests } from './guest.ts'
import type { Module } from './module/index.ts'
import type { Login, Opener } from './opener.ts'
import { Outbox } from './outbox.ts'
import { Schedule } from './schedule.ts'
import type { SnmpSettings } from './settings.ts'
import { modulesOf, TrapListener, type Trap } from './trap.ts'

export interface PollerOptions {
  settings: SnmpSettings
  environment: SourceEnvironment
  modules: readonly Module[]
  logins: readonly Login[]
  opener: Opener
}

interface Candidate {
  key: string
  address: string
  port: number
  logins: readonly Login[]
  /** Named in the configuration: it is asked on and on, also while it never answered. */
  isSeed: boolean
}

/** What seldom changes and is long to read. */
const slowModules = new Set([
  'entity',
  'address',
  'arp',
  'mac-table',
  'bridge',
  'host-route',
  'host-resources',
])
const searchEveryMs = 60_000
/** What was found and did not answer is not tried again before this. */
const retryFoundMs = 3_600_000

export class Poller {
  readonly #options: PollerOptions
  readonly #outbox = new Outbox()
  readonly #schedule: Schedule<Device>
  readonly #candidates = new Map<string, Candidate>()
  readonly #follow: Prefixes
  readonly #pace: Pace
  readonly #guests: Guests
  readonly #traps: TrapListener | undefined
  /** Which device has a chassis: one that answers at two addresses is polled at the first. */
  readonly #chassis = new Map<string, string>()
  readonly #answered = new Set<string>()
  readonly #silent = new Set<string>()
  readonly #triedAt = new Map<string, number>()
  #signal = new AbortController().signal

  constructor(options: PollerOptions) {
    this.#options = options
    const { settings, logins } = options
    this.#follow = new Prefixes(settings.follow)
    this.#guests = new Guests(options.environment)
    this.#pace = new Pace(options.environment.collection, settings.interval * 1_000)
    this.#schedule = new Schedule({
      intervalMs: this.#pace.tickMs,
      atOnce: settings.devicesAtOnce,
      now: () => performance.now(),
      poll: (device, wanted, how) => this.#poll(device, wanted, how),
    })
    if (settings.traps !== undefined)
      this.#traps = new TrapListener({
        ...settings.traps,
        users: logins.flatMap((login) => (login.version === '3' ? [login.credentials] : [])),
        knows: (address) => this.#atAddress(address).length > 0,
        told: (address, trap) => void this.#tellTrap(address, trap),
      })
  }

  get counters() {
    return { skipped: this.#schedule.skipped, late: this.#schedule.late, traps: this.#traps?.counters }
  }

  /** Tells until the signal; what cannot be begun throws. */
  async *run(signal: AbortSignal): AsyncGenerator<Told> {
    this.#signal = signal
    await this.#traps?.open()
    const stopShards = this.#options.environment.shards.onChange(() => this.#balance())
    const searching = setInterval(() => void this.#search(), searchEveryMs)
    try {
      await this.#addSeeds()
      void this.#search()
      yield* this.#outbox.take(signal)
    } finally {
      clearInterval(searching)
      stopShards()
      this.#schedule.close()
      await this.#traps?.close()
    }
  }

  async #addSeeds(): Promise<void> {
    const { settings, logins } = this.#options
    for (const seed of settings.seeds) {
      const names = 'credentials' in seed ? seed.credentials : undefined
      const port = ('port' in seed ? seed.port : undefined) ?? settings.port
      const chosen =
        names === undefined ? logins : names.map((name) => logins.find((login) => login.name === name)!)
      try {
        this.#offer({ ...named(await resolveAddress(seed.address), port), logins: chosen, isSeed: true })
      } catch (error) {
        await this.#tell({
          notice: 'SnmpSeedUnknown',
          detail: { seed: seed.address, reason: (error as Error).message },
        })
      }
    }
    for (const address of addressesOf(settings.scan))
      this.#offer({ ...named(address, settings.port), logins, isSeed: false })
  }

  /** Devices that the inventory knows, at addresses that may be asked. */
  async #search(): Promise<void> {
    const { environment, settings, logins } = this.#options
    if (settings.follow.length === 0) return
    try {
      for (const { address } of await environment.addresses(this.#signal))
        if (this.#follow.has(address))
          this.#offer({ ...named(address, settings.port), logins, isSeed: false })
    } catch (error) {
      environment.log.debug(
        { reason: (error as Error).message },
        'the inventory could not be searched for devices now',
      )
    }
  }

  #offer(candidate: Candidate): void {
    if (this.#candidates.has(candidate.key)) return
    const triedAt = this.#triedAt.get(candidate.key)
    if (triedAt !== undefined && performance.now() - triedAt < retryFoundMs) return
    this.#candidates.set(candidate.key, candidate)
    this.#balance()
  }

  /** Polls what is of this process' shards, and nothing else. */
  #balance(): void {
    const { shards } = this.#options.environment
    const mine = new Set(shards.mine())
    for (const candidate of this.#candidates.values()) {
      const isMine = mine.has(shardOf(candidate.key, shards.count))
      if (isMine && !this.#schedule.has(candidate.key)) this.#schedule.add(this.#deviceOf(candidate))
      else if (!isMine && this.#schedule.has(candidate.key)) this.#schedule.remove(candidate.key)
    }
  }

  #deviceOf({ key, address, port, logins }: Candidate): Device {
    const { settings, environment, modules, opener } = this.#options
    const { inventoryInterval, moduleIntervals } = settings
    return new Device({
      ...{ key, address, port, logins, modules, opener },
      source: environment.name,
      intervalOf: (module) =>
        moduleIntervals[module] ?? (slowModules.has(module) ? inventoryInterval : this.#pace.tickMs / 1_000),
    })
  }

  async #poll(
    device: Device,
    wanted: ReadonlySet<string>,
    { targeted, isTime }: { targeted: boolean; isTime: boolean },
  ): Promise<boolean> {
    const signal = this.#signal
    if (!(await this.#pace.wants(device.key, isTime))) return true
    device.isGuest = await this.#guests.has(device.options.address, signal)
    const [began, beganMs] = [Date.now(), performance.now()]
    try {
      const polled = await device.poll(wanted, signal, targeted)
      await this.#tellPolled(device, polled, began)
      return true
    } catch (error) {
      if (signal.aborted) return false
      await this.#tellFailure(device, error as Error, (performance.now() - beganMs) / 1_000)
      return false
    }
  }

  async #tellPolled(
    device: Device,
    { things, readings, failures, tookMs }: Polled,
    at: number,
  ): Promise<void> {
    const { key } = device
    if (this.#isAlias(key, things[0])) {
      this.#forget(key)
      return
    }
    this.#answered.add(key)
    this.#silent.delete(key)
    for (const { table, error } of failures)
      this.#options.environment.log.debug(
        { device: key, table, reason: error.message },
        'a table could not be read',
      )
    await this.#tell({ part: key, things })
    const own = howItWent(key, true, tookMs / 1_000, at)
    await this.#tell({ readings: [...own, ...readings.map((reading) => ({ ...reading, at }))] })
    this.#followNeighbors(things)
  }

  /** The same box at another address: the first that was found is polled. */
  #isAlias(key: string, device: Observation | undefined): boolean {
    const chassis = device?.fields?.['chassisId']
    if (typeof chassis !== 'string') return false
    const known = this.#chassis.get(chassis)
    if (known === undefined || known === key || !this.#schedule.has(known)) {
      this.#chassis.set(chassis, key)
      return false
    }
    return this.#candidates.get(key)?.isSeed !== true
  }

  #followNeighbors(things: readonly Observation[]): void {
    const { settings, logins } = this.#options
    if (settings.follow.length === 0) return
    for (const thing of things) {
      const address = neighborAddress(thing)
      if (address !== undefined && this.#follow.has(address))
        this.#offer({ ...named(address, settings.port), logins, isSeed: false })
    }
  }

  async #tellFailure(device: Device, error: Error, seconds: number): Promise<void> {
    const { key } = device
    const candidate = this.#candidates.get(key)
    if (!this.#answered.has(key)) {
      if (candidate?.isSeed !== true) return this.#forget(key)
      if (device.failures === 1)
        await this.#tell({ notice: 'SnmpSeedSilent', detail: { device: key, reason: error.message } })
    }
    await this.#tell({ readings: howItWent(key, false, seconds, Date.now()) })
    if (device.failures < 2 || this.#silent.has(key)) return
    this.#silent.add(key)
    await this.#tell({ silent: key })
    await this.#tell({ notice: 'SnmpDeviceSilent', key, detail: { device: key, reason: error.message } })
  }

  #forget(key: string): void {
    this.#triedAt.set(key, performance.now())
    this.#candidates.delete(key)
    // The schedule is in the middle of a poll of it.
    setImmediate(() => this.#schedule.remove(key))
  }

  #atAddress(address: string): Candidate[] {
    return [...this.#candidates.values()].filter(
      (one) => one.address === address && this.#schedule.has(one.key),
    )
  }

  async #tellTrap(address: string, { name, oid, values }: Trap): Promise<void> {
    for (const { key } of this.#atAddress(address)) {
      await this.#tell({ notice: 'SnmpTrap', key, detail: { trap: name, oid, values } })
      this.#schedule.wake(key, modulesOf[name] ?? [])
    }
  }

  #tell(told: Told): Promise<void> {
    return this.#outbox.put(told, this.#signal)
  }
}

/** Of whom a device heard by LLDP, CDP or ARP. */
function neighborAddress({ hearsay, kind, fields, attributes }: Observation): string | undefined {
  if (hearsay !== true) return undefined
  const address = kind === 'IpAddress' ? fields?.['address'] : attributes?.['managementAddress']
  return typeof address === 'string' ? address : undefined
}

const named = (address: string, port: number): { key: string; address: string; port: number } => ({
  key: port === 161 ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  address,
  port,
})

/** The errors of this driver as those of a source. */
export const toSourceError = (error: unknown): SourceError =>
  error instanceof SourceError
    ? error
    : new SourceError('failed', error instanceof Error ? error.message : String(error), { cause: error })
