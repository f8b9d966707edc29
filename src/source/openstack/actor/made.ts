/**
 * What we made, found by listing: by its name, and by a mark where a service keeps one (metadata of servers and volumes, descriptions in Neutron). What has the name
 * and not the mark is somebody's.
 */
import { z } from 'zod'
import type { Service, ServiceName } from '../service.ts'

/** The key under which what we made bears its name. */
export const madeKey = 'plenum.made'
export const markOf = (name: string): string => `${madeKey}=${name}`

const id = z.string().min(1)
const text = z.string().nullish()
const server = z.looseObject({
  id,
  name: text,
  status: text,
  created: text,
  metadata: z.record(z.string(), z.unknown()).nullish(),
  'OS-EXT-STS:task_state': text,
})
const volume = z.looseObject({
  id,
  name: text,
  status: text,
  metadata: z.record(z.string(), z.unknown()).nullish(),
})
const marked = z.looseObject({ id, name: text, status: text, description: text })
const group = z.looseObject({ id, name: text })

/** One that we made: whether it is on its way out already. */
export interface Made {
  id: string
  status: string
  isEnding: boolean
  createdAt: string
}

export interface MadeKind {
  service: ServiceName
  /** Where one is by its id. */
  path: string
  list(service: Service, name: string, signal: AbortSignal): Promise<Made[]>
  /** What a listing calls it, before its id. */
  key: string
  /** Of whatever name. */
  all(service: Service, signal: AbortSignal): Promise<Named[]>
}
interface Named {
  id: string
  name: string
}

const toMade = (one: {
  id: string
  status?: string | null | undefined
  created?: unknown
  'OS-EXT-STS:task_state'?: unknown
}): Made => ({
  id: one.id,
  status: one.status ?? '',
  isEnding: one.status === 'deleting' || one['OS-EXT-STS:task_state'] === 'deleting',
  createdAt: typeof one.created === 'string' ? one.created : '',
})
const byId = (one: { id: string }): string => one.id

const isThere = ({ status }: { status?: string | null | undefined }): boolean =>
  status !== 'DELETED' && status !== 'SOFT_DELETED'
/** What bears its own name as its mark. */
const ofMetadata = ({ id: own, name, metadata }: z.infer<typeof volume>): Named[] =>
  name && metadata?.[madeKey] === name ? [{ id: own, name }] : []

const servers: MadeKind = {
  service: 'compute',
  path: 'servers',
  key: 'server',
  async all(service, signal) {
    const options = { path: 'servers/detail', list: 'servers', shape: server, markerOf: byId }
    return (await service.list(options, signal)).filter(isThere).flatMap(ofMetadata)
  },
  async list(service, name, signal) {
    const options = {
      path: 'servers/detail',
      list: 'servers',
      shape: server,
      markerOf: byId,
      query: { name },
    }
    const all = await service.list(options, signal)
    return all
      .filter((one) => one.name === name && one.metadata?.[madeKey] === name)
      .filter(isThere)
      .map(toMade)
  },
}

const volumes: MadeKind = {
  service: 'volume',
  path: 'volumes',
  key: 'volume',
  async all(service, signal) {
    const options = { path: 'volumes/detail', list: 'volumes', shape: volume, markerOf: byId }
    return (await service.list(options, signal)).flatMap(ofMetadata)
  },
  async list(service, name, signal) {
    const options = {
      path: 'volumes/detail',
      list: 'volumes',
      shape: volume,
      markerOf: byId,
      query: { name },
    }
    const all = await service.list(options, signal)
    return all.filter((one) => one.name === name && one.metadata?.[madeKey] === name).map(toMade)
  },
}

/** Neutron's: filtered there by what marks them. */
const described = (path: string, key: string): MadeKind => ({
  service: 'network',
  path,
  key,
  async all(service, signal) {
    const all = await service.list({ path, list: path, shape: marked, markerOf: byId }, signal)
    return all.flatMap(({ id: own, description }) =>
      description?.startsWith(markOf('')) ? [{ id: own, name: description.slice(markOf('').length) }] : [],
    )
  },
  async list(service, name, signal) {
    const query = { description: markOf(name) }
    const all = await service.list({ path, list: path, shape: marked, markerOf: byId, query }, signal)
    return all.filter(({ description }) => description === markOf(name)).map(toMade)
  },
})

/** They bear nothing but their name, which nobody else gives: it holds the log's epoch, operation and step. */
const groups: MadeKind = {
  service: 'compute',
  path: 'os-server-groups',
  key: 'group',
  async all(service, signal) {
    const options = { path: 'os-server-groups', list: 'server_groups', shape: group, markerOf: byId }
    return (await service.list(options, signal)).flatMap(({ id: own, name }) =>
      name && /^plenum-[0-9a-f]{8}-\d+-/.test(name) ? [{ id: own, name }] : [],
    )
  },
  async list(service, name, signal) {
    const options = { path: 'os-server-groups', list: 'server_groups', shape: group, markerOf: byId }
    return (await service.list(options, signal)).filter((one) => one.name === name).map(toMade)
  },
}

/** In the order in which they let go of each other. */
export const madeKinds = {
  server: servers,
  floatingIp: described('floatingips', 'floatingip'),
  port: described('ports', 'port'),
  volume: volumes,
  serverGroup: groups,
} as const satisfies Record<string, MadeKind>
