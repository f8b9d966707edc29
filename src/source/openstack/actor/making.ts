/** Makes one thing in a region: what an earlier try made is taken for it, and of two the younger is ended. */
import { z } from 'zod'
import { SourceError } from '../../source.ts'
import type { Service, ServiceName } from '../service.ts'
import { first, remove, rest } from './end.ts'
import { madeKey, madeKinds, markOf, type Made } from './made.ts'
import { findFlavor, findNamed } from './named.ts'
import type { Spec, SpecOf } from './spec.ts'

export type Services = ReadonlyMap<ServiceName, Service>
const mostUnexplained = 5

const answered = z.record(z.string(), z.looseObject({ id: z.string().min(1), status: z.string().nullish() }))
const faulty = z.looseObject({ fault: z.looseObject({ message: z.string().nullish() }).nullish() })

type Thing = Exclude<Spec, { kind: 'node' }>

export function serviceIn(services: Services, name: ServiceName): Service {
  const service = services.get(name)
  if (service === undefined) throw new SourceError('missing', `the catalog has no ${name} service`)
  return service
}

export class Making {
  readonly #services: Services
  readonly #name: string
  readonly #signal: AbortSignal

  constructor(services: Services, name: string, signal: AbortSignal) {
    this.#services = services
    this.#name = name
    this.#signal = signal
  }

  /** The key under which a listing tells of it. */
  async make(spec: Thing): Promise<string> {
    return `${madeKinds[spec.kind].key}/${await this.#oneOf(spec)}`
  }

  async #oneOf(spec: Thing): Promise<string> {
    switch (spec.kind) {
      case 'serverGroup':
        return this.#one('serverGroup', async () => ({
          server_group: { name: this.#name, ...(await this.#policy(spec)) },
        }))
      case 'port':
        return this.#one('port', () => this.#port(spec))
      case 'volume':
        return this.#one('volume', () => this.#volume(spec), 'available')
      case 'server':
        return this.#one('server', () => this.#server(spec), 'ACTIVE')
      case 'floatingIp':
        return this.#one('floatingIp', () => this.#floatingIp(spec))
    }
  }

  #service(name: ServiceName): Service {
    return serviceIn(this.#services, name)
  }

  /** One, and one only, that is as it should be. */
  async #one(kind: Thing['kind'], toBody: () => Promise<object>, ready?: string): Promise<string> {
    const { path, list, service: name } = madeKinds[kind]
    const service = this.#service(name)
    const before = await list(service, this.#name, this.#signal)
    const id = eldest(before)?.id ?? (await this.#post(service, kind, await toBody()))
    if (ready !== undefined) await this.#until(service, path, id, ready)
    const all = await list(service, this.#name, this.#signal)
    for (const other of all.filter((one) => one.id !== id && !one.isEnding))
      await remove(service, path, other.id, this.#signal)
    return id
  }

  async #post(service: Service, kind: Thing['kind'], body: object): Promise<string> {
    const { path, list } = madeKinds[kind]
    let answer: unknown
    try {
      answer = await service.send('POST', path, body, this.#signal)
    } catch (error) {
      // An earlier try may have been served meanwhile, and have what this one asks for.
      const mine =
        (error as SourceError).failure === 'bad' ? await list(service, this.#name, this.#signal) : []
      const id = eldest(mine)?.id
      if (id === undefined) throw error
      return id
    }
    const parsed = answered.safeParse(answer === undefined ? undefined : withoutHints(answer))
    const id = parsed.success ? Object.values(parsed.data)[0]?.id : undefined
    if (id === undefined) throw new SourceError('bad', `POST ${path}: the answer has no id`)
    return id
  }

  async #until(service: Service, path: string, id: string, ready: string): Promise<void> {
    let unexplained = 0
    for (let waitMs = first.waitMs; ; waitMs = Math.min(2 * waitMs, first.mostMs)) {
      const told = await service.get(answered, `${path}/${id}`, {}, this.#signal)
      const one = Object.values(told)[0]!
      const status = one.status ?? ''
      if (status === ready || status === 'in-use') return
      const reason = faulty.safeParse(one).data?.fault?.message?.slice(0, 200)
      // Why is told a moment after that it is so.
      if (/^error/i.test(status) && (reason !== undefined || ++unexplained >= mostUnexplained))
        throw new SourceError('bad', `${this.#name} is ${status}${reason ? `: ${reason}` : ''}`)
      await rest(waitMs, this.#signal)
    }
  }

  async #policy({ policy }: SpecOf<'serverGroup'>): Promise<object> {
    // A list of one before 2.64.
    return (await this.#service('compute').has(2, 64, this.#signal)) ? { policy } : { policies: [policy] }
  }

  async #port({ network, address, securityGroups }: SpecOf<'port'>): Promise<object> {
    const service = this.#service('network')
    const groups = securityGroups.map((one) =>
      findNamed(service, 'security-groups', 'security_groups', one, this.#signal),
    )
    return {
      port: {
        name: this.#name,
        description: markOf(this.#name),
        network_id: await findNamed(service, 'networks', 'networks', network, this.#signal),
        ...(address === undefined ? {} : { fixed_ips: [{ ip_address: address }] }),
        ...(groups.length === 0 ? {} : { security_groups: await Promise.all(groups) }),
      },
    }
  }

  async #volume({ sizeGb, type }: SpecOf<'volume'>): Promise<object> {
    const metadata = { [madeKey]: this.#name }
    return {
      volume: {
        name: this.#name,
        size: sizeGb,
        metadata,
        ...(type === undefined ? {} : { volume_type: type }),
      },
    }
  }

  async #server(spec: SpecOf<'server'>): Promise<object> {
    const compute = this.#service('compute')
    const { host, zone, keyName, userData, labels } = spec
    if (host !== undefined && !(await compute.has(2, 74, this.#signal)))
      throw new SourceError('bad', 'this Nova cannot be told a host: it is older than Train')
    const port = spec.port === undefined ? undefined : await this.#known('port', spec.port)
    const volumes = await Promise.all(spec.volumes.map((name) => this.#known('volume', name)))
    const image = await findNamed(this.#service('image'), 'images', 'images', spec.image, this.#signal)
    return {
      server: {
        name: this.#name,
        imageRef: image,
        flavorRef: await findFlavor(compute, spec.flavor, this.#signal),
        networks: port === undefined ? 'none' : [{ port }],
        metadata: { ...labels, [madeKey]: this.#name },
        ...(volumes.length === 0 ? {} : { block_device_mapping_v2: toDevices(image, volumes) }),
        ...(host === undefined ? {} : { hypervisor_hostname: host }),
        ...(zone === undefined ? {} : { availability_zone: zone }),
        ...(keyName === undefined ? {} : { key_name: keyName }),
        ...(userData === undefined ? {} : { user_data: Buffer.from(userData).toString('base64') }),
      },
      ...(spec.group === undefined
        ? {}
        : { 'os:scheduler_hints': { group: await this.#known('serverGroup', spec.group) } }),
    }
  }

  async #floatingIp({ network, port }: SpecOf<'floatingIp'>): Promise<object> {
    const service = this.#service('network')
    return {
      floatingip: {
        floating_network_id: await findNamed(service, 'networks', 'networks', network, this.#signal),
        port_id: await this.#known('port', port),
        description: markOf(this.#name),
      },
    }
  }

  /** What an earlier step made. */
  async #known(kind: Thing['kind'], name: string): Promise<string> {
    const { list, service } = madeKinds[kind]
    const found = eldest(await list(this.#service(service), name, this.#signal))
    if (found === undefined) throw new SourceError('bad', `there is no ${kind} ${name}`)
    return found.id
  }
}

/** Beside the disk of the image, which goes with the server. */
const toDevices = (image: string, volumes: readonly string[]): object[] => [
  {
    uuid: image,
    source_type: 'image',
    destination_type: 'local',
    boot_index: 0,
    delete_on_termination: true,
  },
  ...volumes.map((uuid) => ({
    ...{ uuid, source_type: 'volume', destination_type: 'volume' },
    ...{ boot_index: -1, delete_on_termination: false },
  })),
]

/** Whoever looks takes the same. */
const eldest = (all: readonly Made[]): Made | undefined =>
  all
    .filter(({ isEnding }) => !isEnding)
    .toSorted((one, other) => (`${one.createdAt}${one.id}` < `${other.createdAt}${other.id}` ? -1 : 1))[0]

/** Of an answer with several members the one that has an id. */
function withoutHints(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  return Object.fromEntries(
    Object.entries(answer).filter(([, one]) => (one as { id?: unknown } | null)?.id !== undefined),
  )
}
