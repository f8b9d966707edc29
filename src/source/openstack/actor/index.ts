/**
 * Makes and ends servers of a cloud with their ports, volumes, floating addresses and groups, each by itself. What is there by its name is taken for what an earlier
 * try made; where a try was served late there may be two, and one is ended.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { SourceError, type Actor, type ActorSpec } from '../../source.ts'
import { findRegions, findServices, type Service, type ServiceName } from '../service.ts'
import type { Session } from '../session.ts'
import { madeKey, madeKinds, markOf, type Made, type MadeKind } from './made.ts'
import { parseSpec, type Spec, type SpecOf } from './spec.ts'
import { findFlavor, findNamed } from './named.ts'
import { deployNode, undeployNode } from './node.ts'

const first = { waitMs: 25, mostMs: 2_000 }
/** So often something may refuse to be ended, since another does not let go of it yet. */
const mostRefusals = 40
const mostUnexplained = 5

type Services = ReadonlyMap<ServiceName, Service>

export function createActor(session: Session): Actor {
  return {
    async create(given, name, signal) {
      const spec = parseSpec(given)
      const services = await findServices(session, await regionOf(session, spec.region, signal), signal)
      if (spec.kind === 'node') return deployNode(serviceIn(services, 'baremetal'), spec, name, signal)
      return { key: await new Making(services, name, signal).make(spec) }
    },
    async destroy(name, signal, made) {
      for (const region of await findRegions(session, signal)) {
        const services = await findServices(session, region, signal)
        const metal = services.get('baremetal')
        if (metal !== undefined && (made === undefined || made.kind === 'node'))
          await endNode(metal, name, signal)
        for (const kind of kindsOf(made)) {
          const service = services.get(kind.service)
          if (service !== undefined) await end(service, kind, name, signal)
        }
      }
    },
  }
}

const kindsOf = (made: ActorSpec | undefined): MadeKind[] => {
  if (made?.kind === 'node') return []
  const own = Object.entries(madeKinds).filter(([kind]) => kind === made?.kind)
  return (own.length === 0 ? Object.entries(madeKinds) : own).map(([, one]) => one)
}

async function regionOf(session: Session, asked: string | undefined, signal: AbortSignal): Promise<string> {
  const all = await findRegions(session, signal)
  if (asked === undefined ? all.length === 1 : all.includes(asked)) return asked ?? all[0]!
  throw new SourceError(
    'bad',
    asked === undefined ? `which region: ${all.join(', ')}?` : `there is no region ${asked}`,
  )
}

/** Until nothing of the name is there. */
async function end(service: Service, kind: MadeKind, name: string, signal: AbortSignal): Promise<void> {
  let refusals = 0
  for (let waitMs = first.waitMs; ; waitMs = Math.min(2 * waitMs, first.mostMs)) {
    const left = await kind.list(service, name, signal)
    if (left.length === 0) return
    for (const { id } of left.filter(({ isEnding }) => !isEnding))
      try {
        await remove(service, kind.path, id, signal)
      } catch (error) {
        if (!(error instanceof SourceError) || error.failure !== 'bad') throw error
        // Something else has it still, or it is in between two states.
        if (++refusals >= mostRefusals)
          throw new SourceError('failed', `${name} does not go: ${error.message}`, { cause: error })
      }
    await rest(waitMs, signal)
  }
}

async function endNode(service: Service, name: string, signal: AbortSignal): Promise<void> {
  for (let waitMs = first.waitMs; !(await undeployNode(service, name, signal));)
    await rest((waitMs = Math.min(2 * waitMs, first.mostMs)), signal)
}

/** Gone already is as good. */
async function remove(service: Service, path: string, id: string, signal: AbortSignal): Promise<void> {
  await service.send('DELETE', `${path}/${id}`, undefined, signal).catch((error: unknown) => {
    if ((error as SourceError).failure !== 'missing') throw error
  })
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new SourceError('aborted', 'given up', { cause })
  })
}

const answered = z.record(z.string(), z.looseObject({ id: z.string().min(1), status: z.string().nullish() }))
const faulty = z.looseObject({ fault: z.looseObject({ message: z.string().nullish() }).nullish() })

type Thing = Exclude<Spec, { kind: 'node' }>

function serviceIn(services: Services, name: ServiceName): Service {
  const service = services.get(name)
  if (service === undefined) throw new SourceError('missing', `the catalog has no ${name} service`)
  return service
}

class Making {
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
    switch (spec.kind) {
      case 'serverGroup':
        return `group/${await this.#one('serverGroup', async () => ({ server_group: { name: this.#name, ...(await this.#policy(spec)) } }))}`
      case 'port':
        return `port/${await this.#one('port', () => this.#port(spec))}`
      case 'volume':
        return `volume/${await this.#one('volume', () => this.#volume(spec), 'available')}`
      case 'server':
        return `server/${await this.#one('server', () => this.#server(spec), 'ACTIVE')}`
      case 'floatingIp':
        return `floatingip/${await this.#one('floatingIp', () => this.#floatingIp(spec))}`
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
