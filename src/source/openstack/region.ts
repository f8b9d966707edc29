/** All of one region, read service by service. What the login may not see, and services that are not there, are noted once and left out. */
import { z } from 'zod'
import { SourceError, type SourceEnvironment } from '../source.ts'
import type { Holding } from './map.ts'
import { ServerTable } from './server-table.ts'
import type { Service, ServiceName } from './service.ts'
import * as shape from './shape.ts'

const uuidOf = ({ uuid }: { uuid: string }): string => uuid
const byId = (one: { id: string | number }): string => String(one.id)

export interface RegionOptions {
  region: string
  pageSize: number
  allTenants: boolean
  log: SourceEnvironment['log']
}

export class Region {
  readonly servers: ServerTable
  readonly #options: RegionOptions
  /** What could be read before: that it cannot be any more is a failure, not less to see. */
  readonly #read = new Set<string>()
  readonly #noted = new Set<string>()
  #providers: { at: number; known: Map<string, Record<string, unknown>> } | undefined

  constructor(options: RegionOptions) {
    this.#options = options
    this.servers = new ServerTable(options)
  }

  async read(
    services: ReadonlyMap<ServiceName, Service>,
    signal: AbortSignal,
  ): Promise<Omit<Holding, 'projects' | 'domains' | 'quotas'>> {
    const from = <T>(name: ServiceName, work: (service: Service) => Promise<T[]>) =>
      this.#from(services, name, work)
    const [compute, network, others] = await Promise.all([
      this.#compute(from, signal),
      this.#network(from, signal),
      this.#others(from, services, signal),
    ])
    return { region: this.#options.region, ...compute, ...network, ...others }
  }

  async #from<T>(
    services: ReadonlyMap<ServiceName, Service>,
    name: ServiceName,
    work: (service: Service) => Promise<T[]>,
  ): Promise<T[]> {
    const service = services.get(name)
    if (service !== undefined) return work(service)
    if (this.#read.has(name))
      throw new SourceError('missing', `${this.#options.region}: the catalog has no ${name} service any more`)
    this.#note(name, 'the catalog has no such service')
    return []
  }

  /** What only some may see. */
  async optional<T>(what: string, work: () => Promise<T[]>): Promise<T[]> {
    try {
      const found = await work()
      this.#read.add(what)
      return found
    } catch (error) {
      const isUnseen =
        error instanceof SourceError && (error.failure === 'denied' || error.failure === 'missing')
      if (!isUnseen || this.#read.has(what)) throw error
      this.#note(what, error.message)
      return []
    }
  }

  #note(what: string, reason: string): void {
    if (this.#noted.has(what)) return
    this.#noted.add(what)
    this.#options.log.warn({ region: this.#options.region, what, reason }, 'something of a cloud is left out')
  }

  async #compute(from: From, signal: AbortSignal) {
    const { pageSize: limit, allTenants } = this.#options
    const everybody = allTenants ? { is_public: 'None' } : {}
    const [servers, flavors, hosts] = await Promise.all([
      from('compute', async (service) => {
        const found = await this.servers.read(service, signal)
        this.#read.add('compute')
        return found
      }),
      from('compute', (service) => {
        const options = { path: 'flavors/detail', list: 'flavors', shape: shape.flavor, markerOf: byId }
        return service.list({ ...options, limit, query: everybody }, signal)
      }),
      this.#hosts(from, signal),
    ])
    return { servers, flavors, ...hosts }
  }

  async #hosts(from: From, signal: AbortSignal) {
    const { pageSize: limit, allTenants } = this.#options
    const list = <T extends { id: string | number }>(
      what: string,
      path: string,
      one: z.ZodType<T>,
      query = {},
    ) =>
      from('compute', (service) =>
        this.optional(what, () =>
          service.list({ path, list: what, shape: one, markerOf: byId, query }, signal),
        ),
      )
    const [hypervisors, services, aggregates, groups] = await Promise.all([
      from('compute', (service) =>
        this.optional('hypervisors', async () => {
          const options = { path: 'os-hypervisors/detail', list: 'hypervisors', markerOf: byId }
          const paged = (await service.has(2, 33, signal)) ? { limit } : {}
          return service.list({ ...options, ...paged, shape: shape.hypervisor }, signal)
        }),
      ),
      list('services', 'os-services', shape.computeService),
      list('aggregates', 'os-aggregates', shape.aggregate),
      list(
        'server_groups',
        'os-server-groups',
        shape.serverGroup,
        allTenants ? { all_projects: 'True' } : {},
      ),
    ])
    return { hypervisors, services, aggregates, groups }
  }

  async #network(from: From, signal: AbortSignal) {
    const limit = this.#options.pageSize
    const list = <T extends { id: string }>(path: string, one: z.ZodType<T>) =>
      from('network', async (service) => {
        const found = await service.list({ path, list: path, shape: one, markerOf: byId, limit }, signal)
        this.#read.add('network')
        return found
      })
    const [networks, subnets, ports, routers, floatingIps] = await Promise.all([
      list('networks', shape.network),
      list('subnets', shape.subnet),
      list('ports', shape.port),
      from('network', (service) =>
        this.optional('routers', () =>
          service.list(
            { path: 'routers', list: 'routers', shape: shape.router, markerOf: byId, limit },
            signal,
          ),
        ),
      ),
      from('network', (service) =>
        this.optional('floating addresses', () =>
          service.list(
            { path: 'floatingips', list: 'floatingips', shape: shape.floatingIp, markerOf: byId, limit },
            signal,
          ),
        ),
      ),
    ])
    return { networks, subnets, ports, routers, floatingIps }
  }

  async #others(from: From, services: ReadonlyMap<ServiceName, Service>, signal: AbortSignal) {
    const { pageSize: limit, allTenants } = this.#options
    const [images, volumes, nodes, nodePorts] = await Promise.all([
      from('image', async (service) => {
        const found = await service.list(
          { path: 'images', list: 'images', shape: shape.image, markerOf: byId, limit },
          signal,
        )
        this.#read.add('image')
        return found
      }),
      from('volume', (service) =>
        this.optional('volume', () =>
          service.list(
            {
              path: 'volumes/detail',
              list: 'volumes',
              shape: shape.volume,
              markerOf: byId,
              limit,
              query: allTenants ? { all_tenants: 1 } : {},
            },
            signal,
          ),
        ),
      ),
      from('baremetal', (service) =>
        this.optional('baremetal', () =>
          service.list(
            { path: 'nodes/detail', list: 'nodes', shape: shape.node, markerOf: uuidOf, limit },
            signal,
          ),
        ),
      ),
      from('baremetal', (service) =>
        this.optional('baremetal ports', () =>
          service.list(
            { path: 'ports/detail', list: 'ports', shape: shape.nodePort, markerOf: uuidOf, limit },
            signal,
          ),
        ),
      ),
    ])
    return { images, volumes, nodes, nodePorts, providers: await this.#providersOf(from, services, signal) }
  }

  /** Two requests a provider: kept for an hour. */
  async #providersOf(from: From, services: ReadonlyMap<ServiceName, Service>, signal: AbortSignal) {
    const isFresh = this.#providers !== undefined && Date.now() - this.#providers.at < 3_600_000
    if (isFresh && services.has('placement')) return this.#providers!.known
    const found = await from('placement', (service) =>
      this.optional('placement', async () => {
        const query = {
          path: 'resource_providers',
          list: 'resource_providers',
          shape: shape.provider,
          markerOf: uuidOf,
        }
        const all = await service.list(query, signal)
        return Promise.all(
          all.map(async ({ uuid, name }) => [name, await this.#provider(service, uuid, signal)] as const),
        )
      }),
    )
    this.#providers = { at: Date.now(), known: new Map(found) }
    return this.#providers.known
  }

  async #provider(service: Service, uuid: string, signal: AbortSignal): Promise<Record<string, unknown>> {
    const path = `resource_providers/${uuid}`
    const { inventories } = await service.get(shape.inventories, `${path}/inventories`, {}, signal)
    const hasTraits = await service.has(1, 6, signal)
    const traits = hasTraits ? (await service.get(shape.traits, `${path}/traits`, {}, signal)).traits : []
    return { provider: uuid, inventories, traits: traits.toSorted() }
  }
}

type From = <T>(name: ServiceName, work: (service: Service) => Promise<T[]>) => Promise<T[]>
