/** Which addresses are those of virtual machines that others tell of: who answers there is the system in the machine. */
import { performance } from 'node:perf_hooks'
import type { SourceEnvironment } from '../source.ts'

/** The inventory is looked through again after so long. */
const staleMs = 60_000
const machine = 'VirtualMachine'

export class Guests {
  readonly #environment: Pick<SourceEnvironment, 'addresses' | 'log'>
  readonly #now: () => number
  #known: ReadonlySet<string> = new Set()
  #asked: Promise<ReadonlySet<string>> | undefined
  #askedAtMs = -Infinity

  constructor(
    environment: Pick<SourceEnvironment, 'addresses' | 'log'>,
    now: () => number = () => performance.now(),
  ) {
    this.#environment = environment
    this.#now = now
  }

  /** An address that several have, in networks that do not meet, is nobody's. While the inventory cannot be asked it is as it was. */
  async has(address: string, signal: AbortSignal): Promise<boolean> {
    if (this.#now() - this.#askedAtMs >= staleMs) {
      this.#askedAtMs = this.#now()
      this.#asked = this.#find(signal)
    }
    this.#known = (await this.#asked) ?? this.#known
    return this.#known.has(address)
  }

  async #find(signal: AbortSignal): Promise<ReadonlySet<string>> {
    try {
      const owners = new Map<string, Map<number, string>>()
      for (const { address, resourceId, kind, isOwn } of await this.#environment.addresses(signal)) {
        if (isOwn) continue
        const own = owners.get(address) ?? new Map<number, string>()
        owners.set(address, own.set(resourceId, kind))
      }
      const isGuest = (kinds: Iterable<string>): boolean => [...kinds].join() === machine
      return new Set([...owners].flatMap(([address, own]) => (isGuest(own.values()) ? [address] : [])))
    } catch (error) {
      this.#environment.log.debug({ reason: (error as Error).message }, 'machines cannot be looked up now')
      return this.#known
    }
  }
}
