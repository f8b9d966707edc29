/** A whole cloud, region by region, kept as far as it makes the next listing and what is pushed between two cheaper. */
import type { Observation } from '../../resource/resource.ts'
import type { Reading, SourceEnvironment, Told } from '../source.ts'
import { Identity } from './identity.ts'
import { toLookup, toObservations, type Holding, type Lookup } from './map.ts'
import { toServer } from './map/machine.ts'
import { countUse, toHostReadings, type CountedByProject, type Quotas } from './map/usage.ts'
import { Region } from './region.ts'
import type { Volume } from './shape.ts'
import { findRegions, findServices, type Service, type ServiceName } from './service.ts'
import type { Session } from './session.ts'

export interface CloudOptions {
  pageSize: number
  allTenants: boolean
  log: SourceEnvironment['log']
}

/** A region as it was read last. */
export interface Known {
  region: Region
  services: ReadonlyMap<ServiceName, Service>
  look: Lookup
  quotas: Quotas
  volumes: readonly Volume[]
}

export class Cloud {
  readonly #session: Session
  readonly #options: CloudOptions
  readonly #identity: Identity
  readonly #regions = new Map<string, Region>()
  /** What is not listed yet cannot be followed. */
  readonly known = new Map<string, Known>()
  readonly #keys = new Set<string>()
  readonly #hosts = new Map<string, Reading[]>()
  #listed = Promise.withResolvers<void>()

  constructor(session: Session, options: CloudOptions) {
    this.#session = session
    this.#options = options
    this.#identity = new Identity(session, options.log)
  }

  /** Resolves when it was read once. */
  get listed(): Promise<void> {
    return this.#listed.promise
  }

  async read(signal: AbortSignal): Promise<Observation[]> {
    const stop = new AbortController()
    const both = AbortSignal.any([signal, stop.signal])
    try {
      const [identity, regions] = await Promise.all([
        this.#identity.read(both),
        findRegions(this.#session, both),
      ])
      const all = await Promise.all(regions.map((region) => this.#readRegion(region, identity, both)))
      this.#listed.resolve()
      // Projects are the whole cloud's.
      const things = new Map(all.flat().map((one) => [one.key, one]))
      this.#keys.clear()
      for (const key of things.keys()) this.#keys.add(key)
      return [...things.values()]
    } catch (error) {
      // What the others answer is of no use: they may not go on behind the back of who asked.
      stop.abort()
      throw error
    }
  }

  async #readRegion(
    name: string,
    identity: Pick<Holding, 'projects' | 'domains'>,
    signal: AbortSignal,
  ): Promise<Observation[]> {
    const services = await findServices(this.#session, name, signal)
    let region = this.#regions.get(name)
    if (region === undefined)
      this.#regions.set(name, (region = new Region({ ...this.#options, region: name })))
    const [held, quotas] = await Promise.all([
      region.read(services, signal),
      this.#identity.quotas(identity.projects, services, signal),
    ])
    const whole = { ...held, ...identity, quotas }
    this.known.set(name, { region, services, look: toLookup(whole), quotas, volumes: held.volumes })
    const at = Date.now()
    this.#hosts.set(
      name,
      held.hypervisors.flatMap((one) => toHostReadings(name, one, at)),
    )
    return toObservations(whole)
  }

  /** What the last listing told of hosts themselves, once. */
  hosts(): Reading[] {
    const told = [...this.#hosts.values()].flat()
    this.#hosts.clear()
    return told
  }

  /** By region: what projects have, and what they may. */
  counted(): { counted: CountedByProject; quotas: Quotas }[] {
    return [...this.known.values()].map(({ region, volumes, look, quotas }) => ({
      counted: countUse(region.servers.all, volumes, look),
      quotas,
    }))
  }

  /** Things that were told of one and are not any more, such as addresses of a port, are gone with it. */
  withGone(id: string, told: Told[]): Told[] {
    const now = new Set(told.flatMap((one) => ('key' in one && !('gone' in one) ? (one.key ?? []) : [])))
    const gone = [...this.#keys].filter((key) => key.split('/')[1] === id && !now.has(key))
    for (const key of gone) this.#keys.delete(key)
    for (const key of now) this.#keys.add(key)
    return [...told, ...gone.map((key) => ({ key, gone: true as const }))]
  }

  /** Servers that changed since the last listing, in all regions. */
  async *changes(signal: AbortSignal): AsyncGenerator<Told> {
    for (const { region, services, look } of this.known.values()) {
      const compute = services.get('compute')
      if (compute === undefined) continue
      const { servers, gone } = await region.servers.changes(compute, signal)
      for (const one of servers) {
        region.servers.take(one.id, one)
        yield toServer(one, look)
      }
      for (const id of gone) {
        region.servers.take(id, undefined)
        yield { key: `server/${id}`, gone: true }
      }
    }
  }
}
