/**
 * Follows what a cloud's services say to happen. A notification says what to look at: that is asked for anew, so what is told is what is, in whatever release and order
 * notifications come. What changed while nobody listened is asked for when the bus is there again, and the next listing repairs the rest.
 */
import { z } from 'zod'
import { SourceError, type SourceEnvironment, type Told } from '../source.ts'
import { listen, type Notification } from './bus.ts'
import type { Account } from './cloud.ts'
import type { Cloud, Known } from './inventory.ts'
import { toNode, toServer } from './map/machine.ts'
import { toFloatingIp, toNetwork, toPort, toRouter, toSubnet } from './map/network.ts'
import { toImage, toVolume } from './map/storage.ts'
import type { Service } from './service.ts'
import * as shape from './shape.ts'

export interface FollowOptions {
  cloud: Cloud
  environment: SourceEnvironment
  account: Account
  notifications: { url: string; user: string; password: string }
}

/** One thing that may be otherwise. */
export interface Dirty {
  what: keyof typeof finders
  id: string
}

/** More than this at once is asked for together. */
const mostSingly = 50

export async function* follow(
  { cloud, environment, account, notifications }: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  const password = await environment.secret(notifications.password)
  const { url, user } = notifications
  const dirt = new Dirt()
  const opened = Promise.withResolvers<void>()
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const listening = (async () => {
    try {
      for await (const one of listen({ url, user, password, ca: account.ca }, opened.resolve, both))
        dirt.add(one)
    } catch (error) {
      dirt.fail(error)
      opened.reject(error)
    }
  })()
  try {
    await opened.promise
    await Promise.race([cloud.listed, dirt.failed])
    yield* cloud.changes(both)
    for (;;) yield* look(cloud, await dirt.next(), both)
  } finally {
    stop.abort()
    await listening
  }
}

class Dirt {
  readonly #all = new Map<string, Dirty>()
  #wake: () => void = () => {}
  #failure: unknown
  readonly #failed = Promise.withResolvers<never>()

  constructor() {
    this.#failed.promise.catch(() => {})
  }

  get failed(): Promise<never> {
    return this.#failed.promise
  }

  add(notification: Notification): void {
    const dirty = toDirty(notification)
    for (const one of dirty) this.#all.set(`${one.what} ${one.id}`, one)
    if (dirty.length > 0) this.#wake()
  }

  fail(error: unknown): void {
    this.#failure = error
    this.#failed.reject(error)
    this.#wake()
  }

  async next(): Promise<Dirty[]> {
    while (this.#failure === undefined && this.#all.size === 0)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#failure !== undefined) throw this.#failure
    const all = [...this.#all.values()]
    this.#all.clear()
    return all
  }
}

/** What a notification is about; nothing of what only begins, or is of no concern here. */
export function toDirty({ type, payload }: Notification): Dirty[] {
  const [noun = '', ...rest] = type.split('.')
  const verb = rest.at(-1)
  if (verb === 'start' && !/^instance\.(?:create|delete)/.test(type)) return []
  const textOf = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined
  const inner = objectOf(payload['nova_object.data'] ?? payload['ironic_object.data'])
  const dirty = (what: Dirty['what'], id: unknown): Dirty[] => (textOf(id) ? [{ what, id: textOf(id)! }] : [])
  if (noun === 'instance') return dirty('server', inner['uuid'])
  if (noun === 'baremetal') return type.startsWith('baremetal.node.') ? dirty('node', inner['uuid']) : []
  if (noun === 'image') return dirty('image', payload['id'])
  if (noun === 'volume') return dirty('volume', payload['volume_id'])
  if (isNetworkNoun(noun)) return dirty(noun, payload[`${noun}_id`] ?? objectOf(payload[noun])['id'])
  return []
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const isNetworkNoun = (noun: string): noun is 'port' | 'network' | 'subnet' | 'router' | 'floatingip' =>
  /^(?:port|network|subnet|router|floatingip)$/.test(noun)

/** What is there now, by asking each region until one knows it; gone when none does. */
async function* look(cloud: Cloud, dirty: readonly Dirty[], signal: AbortSignal): AsyncGenerator<Told> {
  const servers = dirty.filter(({ what }) => what === 'server')
  const isMany = servers.length > mostSingly
  if (isMany) yield* cloud.changes(signal)
  const singly = isMany ? dirty.filter(({ what }) => what !== 'server') : dirty
  for (const told of await Promise.all(singly.map((one) => find(cloud, one, signal)))) yield* told
}

async function find(cloud: Cloud, { what, id }: Dirty, signal: AbortSignal): Promise<Told[]> {
  for (const known of cloud.known.values()) {
    const found = await finders[what](known, id, signal)
    if (found !== undefined) return cloud.withGone(id, found)
  }
  return [...cloud.withGone(id, []), { key: `${what}/${id}`, gone: true }]
}

/** One thing by its id; undefined when there is none. */
async function one<T>(
  service: Service | undefined,
  path: string,
  wrap: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await service?.get(wrap, path, {}, signal)
  } catch (error) {
    if (error instanceof SourceError && error.failure === 'missing') return undefined
    throw error
  }
}

type Find = (known: Known, id: string, signal: AbortSignal) => Promise<Told[] | undefined>

const finders = {
  async server({ region, services, look: lookup }, id, signal) {
    const compute = services.get('compute')
    const found = compute && (await region.servers.find(compute, id, signal))
    region.servers.take(id, found)
    return found && found.name != null ? [toServer(found, lookup)] : undefined
  },
  async port({ services, look: lookup }, id, signal) {
    const found = await one(services.get('network'), `ports/${id}`, z.object({ port: shape.port }), signal)
    return found && toPort(found.port, lookup)
  },
  async network({ services, look: lookup }, id, signal) {
    const found = await one(
      services.get('network'),
      `networks/${id}`,
      z.object({ network: shape.network }),
      signal,
    )
    return found && toNetwork(found.network, lookup)
  },
  async subnet({ services, look: lookup }, id, signal) {
    const found = await one(
      services.get('network'),
      `subnets/${id}`,
      z.object({ subnet: shape.subnet }),
      signal,
    )
    return found && [toSubnet(found.subnet, lookup)]
  },
  async router({ services, look: lookup }, id, signal) {
    const found = await one(
      services.get('network'),
      `routers/${id}`,
      z.object({ router: shape.router }),
      signal,
    )
    return found && [toRouter(found.router, lookup)]
  },
  async floatingip({ services }, id, signal) {
    const found = await one(
      services.get('network'),
      `floatingips/${id}`,
      z.object({ floatingip: shape.floatingIp }),
      signal,
    )
    return found && [toFloatingIp(found.floatingip)]
  },
  async image({ services }, id, signal) {
    const found = await one(services.get('image'), `images/${id}`, shape.image, signal)
    return found && [toImage(found)]
  },
  async volume({ services }, id, signal) {
    const found = await one(
      services.get('volume'),
      `volumes/${id}`,
      z.object({ volume: shape.volume }),
      signal,
    )
    return found && [toVolume(found.volume)]
  },
  async node({ services, look: lookup }, id, signal) {
    const found = await one(services.get('baremetal'), `nodes/${id}`, shape.node, signal)
    return found && [toNode(found, lookup.region)]
  },
} satisfies Record<string, Find>
