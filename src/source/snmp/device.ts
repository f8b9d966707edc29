/** One device that is polled: which credentials work, which modules it has, what its tables said last. */
import { performance } from 'node:perf_hooks'
import type { Observation } from '../../resource/resource.ts'
import { Cables } from './cable.ts'
import { toObservations, type Mapped } from './map.ts'
import {
  chooseModules,
  readIdentity,
  readTables,
  refreshTables,
  type Module,
  type Tables,
} from './module/index.ts'
import type { Login, OpenReader, Opener } from './opener.ts'
import { SnmpError } from './protocol/index.ts'
import { CounterRates, type MadeReading } from './counter-rates.ts'
import type { SnmpReader } from './reader.ts'

export interface DeviceOptions {
  /** The source's name. */
  source: string
  key: string
  address: string
  port: number
  /** What it is tried with, in order, until something works. */
  logins: readonly Login[]
  modules: readonly Module[]
  /** Seconds between two readings of a module. */
  intervalOf(module: string): number
  opener: Opener
}

export interface Polled {
  things: Observation[]
  readings: MadeReading[]
  /** Tables that could not be read; what they said before stands. */
  failures: { table: string; error: SnmpError }[]
  tookMs: number
}

export class Device {
  readonly options: DeviceOptions
  /** Since when it has not answered; undefined while it does. */
  failures = 0
  /** It answers at the address of a virtual machine: it is the system in it, not a server by itself. */
  isGuest = false
  #open: OpenReader | undefined
  /** Which login worked last, to be tried first. */
  #login = 0
  #modules: readonly Module[] = []
  #tables: Tables = new Map()
  #readAt = new Map<string, number>()
  #rates = new CounterRates()
  readonly #cables = new Cables()

  constructor(options: DeviceOptions) {
    this.options = options
  }

  get key(): string {
    return this.options.key
  }

  /** Reads what is due, and what was asked for by name; `targeted`: that alone. Rejects with SnmpError when it does not answer. */
  async poll(wanted: ReadonlySet<string>, signal: AbortSignal, targeted = false): Promise<Polled> {
    const began = performance.now()
    const { reader } = this.#open ?? (await this.#logIn(signal))
    try {
      if (targeted && this.#isWhole()) return await this.#look(reader, wanted, began, signal)
      const due = this.#modules.filter(({ module }) => wanted.has(module) || this.#isDue(module, began))
      const rest = this.#modules.filter((module) => !due.includes(module))
      const fresh = await readTables(reader, due, signal)
      const merged: Tables = new Map([...this.#tables, ...fresh.tables])
      const refreshed = await refreshTables(reader, rest, merged, signal)
      // A table of modules that are due was read whole: what the others refresh of it does not take its place.
      this.#tables = new Map([...refreshed.tables, ...fresh.tables])
      for (const { module } of due) this.#readAt.set(module, began)
      this.failures = 0
      return this.#map([...fresh.failures, ...refreshed.failures], began)
    } catch (error) {
      this.#forget(error)
      throw error
    }
  }

  /** A device of which something was never read cannot be told as it is by reading a part. */
  #isWhole(): boolean {
    return this.#modules.every(({ module }) => this.#readAt.has(module))
  }

  /** A part again, between two polls: what is there, and values that stand for themselves. Counters wait for the next poll, as do rates. */
  async #look(
    reader: SnmpReader,
    wanted: ReadonlySet<string>,
    began: number,
    signal: AbortSignal,
  ): Promise<Polled> {
    const some = this.#modules.filter(({ module }) => wanted.has(module))
    const { tables, failures } = await readTables(reader, some, signal)
    this.#tables = new Map([...this.#tables, ...tables])
    const { observations } = this.#toObservations(this.#modules)
    const readings = this.#toObservations(some).readings.filter(({ rate }) => rate === undefined)
    return {
      things: this.#cables.keep(observations, began),
      readings,
      failures,
      tookMs: performance.now() - began,
    }
  }

  #toObservations(modules: readonly Module[]): Mapped {
    const { source, key, address } = this.options
    return toObservations(modules, this.#tables, {
      ...{ source, key, name: address },
      isGuest: this.isGuest,
    })
  }

  #map(failures: Polled['failures'], began: number): Polled {
    const { observations, readings } = this.#toObservations(this.#modules)
    const tookMs = performance.now() - began
    return {
      things: this.#cables.keep(observations, began),
      readings: this.#rates.take(readings, began + tookMs / 2),
      failures,
      tookMs,
    }
  }

  #isDue(module: string, nowMs: number): boolean {
    const at = this.#readAt.get(module)
    // A poll that comes a little early is no reason to wait a whole interval more.
    return at === undefined || nowMs - at >= (this.options.intervalOf(module) - 0.5) * 1_000
  }

  /** Each login at most once a try, the one that worked last first: a user that is locked after so many wrong tries is not tried again and again. */
  async #logIn(signal: AbortSignal): Promise<OpenReader> {
    const { logins, opener, address, port, modules } = this.options
    let failed: unknown = new SnmpError('timeout', 'there are no credentials to try')
    for (let step = 0; step < logins.length; step++) {
      const at = (this.#login + step) % logins.length
      const open = opener.open(address, port, logins[at]!)
      try {
        const identity = await readIdentity(open.reader, signal)
        this.#login = at
        this.#open = open
        this.#modules = chooseModules(modules, identity)
        this.#readAt.clear()
        return open
      } catch (error) {
        open.close()
        failed = error
        if (signal.aborted) break
      }
    }
    this.failures++
    throw failed
  }

  /** After a failure the next poll begins with who it is: it may be another device by now. */
  #forget(error: unknown): void {
    if (error instanceof SnmpError && error.failure === 'aborted') return
    this.failures++
    this.close()
  }

  close(): void {
    this.#open?.close()
    this.#open = undefined
  }
}
