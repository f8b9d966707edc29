/** One service of a region: where it is, in which microversion it is asked, and lists that go over pages. */
import { z } from 'zod'
import type { HttpRequest } from '../http.ts'
import { SourceError } from '../source.ts'
import { parseJson, withVersion, type Session } from './session.ts'

interface ServiceKind {
  /** Types in catalogs, the present one first. */
  types: readonly string[]
  /** The newest microversion whose answers are known here, and how it is asked for. */
  newest?: readonly [number, number]
  headers?(version: string): Record<string, string>
  /** A version that its address ends with. */
  version?: string
}

export const serviceKinds = {
  compute: {
    types: ['compute'],
    newest: [2, 96],
    headers: (version) => ({
      'openstack-api-version': `compute ${version}`,
      'x-openstack-nova-api-version': version,
    }),
  },
  network: { types: ['network'], version: 'v2.0' },
  image: { types: ['image'], version: 'v2' },
  volume: {
    types: ['block-storage', 'volumev3'],
    newest: [3, 70],
    headers: (version) => ({ 'openstack-api-version': `volume ${version}` }),
  },
  placement: {
    types: ['placement'],
    newest: [1, 39],
    headers: (version) => ({ 'openstack-api-version': `placement ${version}` }),
  },
  baremetal: {
    types: ['baremetal'],
    version: 'v1',
    newest: [1, 90],
    headers: (version) => ({ 'x-openstack-ironic-api-version': version }),
  },
} as const satisfies Record<string, ServiceKind>
export type ServiceName = keyof typeof serviceKinds
export const serviceNames = Object.keys(serviceKinds) as ServiceName[]

export interface ListOptions<T> {
  path: string
  /** The name of the list in the answer. */
  list: string
  shape: z.ZodType<T>
  markerOf(item: NoInfer<T>): string
  query?: Record<string, string | number>
  limit?: number
}

const someVersion = z.object({
  id: z.string().nullish(),
  version: z.string().nullish(),
  max_version: z.string().nullish(),
  min_version: z.string().nullish(),
})
const versions = z.object({ version: someVersion.nullish(), versions: z.array(someVersion).nullish() })
const mostTries = 3

export class Service {
  readonly name: ServiceName
  readonly #session: Session
  readonly #url: string
  readonly #kind: ServiceKind
  readonly #newest: readonly [number, number] | undefined
  #microversion: string | undefined

  constructor(session: Session, name: ServiceName, url: string, newest?: readonly [number, number]) {
    this.#session = session
    this.name = name
    this.#kind = serviceKinds[name]
    this.#newest = newest ?? this.#kind.newest
    this.#url = this.#kind.version === undefined ? url : withVersion(url, this.#kind.version)
  }

  /** Whether it is asked in this microversion or a later one. */
  async has(major: number, minor: number, signal: AbortSignal): Promise<boolean> {
    const [theirMajor = 0, theirMinor = 0] = (await this.#version(signal)).split('.').map(Number)
    return theirMajor > major || (theirMajor === major && theirMinor >= minor)
  }

  /** The same, asked in this microversion at most: what a later one tells no more. */
  upTo(major: number, minor: number): Service {
    return new Service(this.#session, this.name, this.#url, [major, minor])
  }

  async get<T>(
    shape: z.ZodType<T>,
    path: string,
    query: NonNullable<HttpRequest['query']>,
    signal: AbortSignal,
  ): Promise<T> {
    const version = await this.#version(signal)
    const headers = version === '' ? {} : this.#kind.headers?.(version)
    const answer = await this.#session.send(
      this.#url,
      { path, query, ...(headers ? { headers } : {}) },
      signal,
    )
    return parseJson(shape, path, answer.text)
  }

  /** Changes something there; the answer's JSON, where it has some. */
  async send(
    method: 'POST' | 'DELETE' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    const version = await this.#version(signal)
    const headers = version === '' ? {} : this.#kind.headers?.(version)
    const answer = await this.#session.send(
      this.#url,
      { method, path, ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) },
      signal,
    )
    return answer.text === '' ? undefined : parseJson(z.unknown(), path, answer.text)
  }

  /** All pages. A page that begins after what is gone meanwhile is refused: then all begins anew. */
  async list<T>(options: ListOptions<T>, signal: AbortSignal): Promise<T[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#pages(options, signal)
      } catch (error) {
        const isLost = error instanceof SourceError && /: 400$/.test(error.message)
        if (!isLost || tries === mostTries) throw error
      }
    }
  }

  async #pages<T>(
    { path, list, shape, markerOf, query = {}, limit }: ListOptions<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const page = z.looseObject({ [list]: z.array(shape) })
    const found = new Map<string, T>()
    for (let marker: string | undefined; ;) {
      const asked = {
        ...query,
        ...(limit === undefined ? {} : { limit }),
        ...(marker === undefined ? {} : { marker }),
      }
      const answer = await this.get(page, path, asked, signal)
      const items = answer[list] as T[]
      const before = found.size
      for (const item of items) found.set(markerOf(item), item)
      if ((answer as Record<string, unknown>)['truncated'] === true)
        throw new SourceError('bad', `${path}: it lists only a part and has no pages: raise its list limit`)
      if (items.length === 0 || !hasNext(answer, list)) return [...found.values()]
      if (found.size === before) throw new SourceError('bad', `${path}: its pages do not come to an end`)
      marker = markerOf(items.at(-1)!)
    }
  }

  /** '' where it has none. */
  async #version(signal: AbortSignal): Promise<string> {
    return (this.#microversion ??= await this.#negotiate(signal))
  }

  async #negotiate(signal: AbortSignal): Promise<string> {
    const newest = this.#newest
    if (newest === undefined) return ''
    // Where the versions are told is above what belongs to a project.
    const base = this.#url.replace(/\/(?:AUTH_)?[0-9a-f-]{32,36}$/, '')
    const told = this.name === 'placement' ? base : base.replace(/\/v\d+(?:\.\d+)?$/, '')
    const answer = await this.#session.send(told, { path: '' }, signal)
    const { version, versions: several = [] } = parseJson(versions, `${this.name} versions`, answer.text)
    const all = [...(version ? [version] : []), ...(several ?? [])].map((one) =>
      numbersOf(one.max_version || one.version),
    )
    const theirs = all.filter((one) => one !== undefined && one[0] === newest[0]).at(-1)
    if (theirs === undefined) return ''
    return `${newest[0]}.${Math.min(theirs[1], newest[1])}`
  }

  /** It may have been replaced by another release. */
  forget(): void {
    this.#microversion = undefined
  }
}

function numbersOf(text: string | null | undefined): [number, number] | undefined {
  const match = /^(\d+)\.(\d+)$/.exec(text ?? '')
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}

/** Each service says in its own way that there is more. */
function hasNext(answer: Record<string, unknown>, list: string): boolean {
  if (typeof answer['next'] === 'string') return true
  const links = answer[`${list}_links`] ?? answer['links']
  if (Array.isArray(links))
    return links.some((link: unknown) => (link as { rel?: string } | null)?.rel === 'next')
  return typeof (links as { next?: unknown } | undefined)?.next === 'string'
}

/** Services of a region that the catalog has. */
export async function findServices(
  session: Session,
  region: string,
  signal: AbortSignal,
): Promise<Map<ServiceName, Service>> {
  const { catalog } = await session.token(signal)
  const found = new Map<ServiceName, Service>()
  for (const name of serviceNames) {
    const { types } = serviceKinds[name]
    for (const type of types as readonly string[]) {
      const endpoints = (catalog ?? []).filter((one) => one.type === type).flatMap((one) => one.endpoints)
      const here = endpoints.find(
        (one) =>
          one.interface.replace(/URL$/, '') === session.account.interface &&
          (one.region_id ?? one.region) === region,
      )
      if (here !== undefined && !found.has(name)) found.set(name, new Service(session, name, here.url))
    }
  }
  return found
}

/** Regions in which there is anything that is listed. */
export async function findRegions(session: Session, signal: AbortSignal): Promise<string[]> {
  const { catalog } = await session.token(signal)
  const types = serviceNames.flatMap((name): readonly string[] => serviceKinds[name].types)
  const regions = (catalog ?? [])
    .filter(({ type }) => types.includes(type))
    .flatMap(({ endpoints }) => endpoints.flatMap((one) => one.region_id ?? one.region ?? []))
  const wanted = session.account.regions
  const all = [...new Set(regions)].sort()
  const missing = wanted?.filter((region) => !all.includes(region)) ?? []
  if (missing.length > 0) throw new SourceError('missing', `the catalog has no region ${missing.join(', ')}`)
  return [...(wanted ?? all)]
}
