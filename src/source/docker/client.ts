/** An engine's API, in the newest version that both know. Answers are checked for what is used of them. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { openHttp, type Http, type HttpRequest } from '../http.ts'
import { SourceError, type SourceEnvironment } from '../source.ts'
import type { Settings } from './index.ts'
import {
  container,
  event,
  image,
  info,
  network,
  version,
  volumes,
  type EngineContainer,
  type EngineEvent,
  type EngineImage,
  type EngineInfo,
  type EngineNetwork,
  type EngineVolume,
} from './shape.ts'

export type {
  EngineContainer,
  EngineEvent,
  EngineImage,
  EngineInfo,
  EngineNetwork,
  EngineVolume,
} from './shape.ts'

export interface Holding {
  containers: EngineContainer[]
  images: EngineImage[]
  networks: EngineNetwork[]
  volumes: EngineVolume[]
}

const mostNamed = 100
const [oldest, newest] = [[1, 41] as const, [1, 51] as const]

export async function openEngine(own: Settings, environment: SourceEnvironment): Promise<Engine> {
  const file = async (path: string | undefined) => (path === undefined ? undefined : readPem(path))
  const [ca, cert] = [await file(own.ca), await file(own.cert)]
  const key = own.key === undefined ? undefined : await environment.secret(own.key)
  const isUnix = own.url.startsWith('unix://')
  const scheme = ca !== undefined || cert !== undefined ? 'https' : 'http'
  const http = openHttp({
    url: isUnix ? 'http://localhost' : own.url.replace(/^tcp:/, `${scheme}:`),
    environment,
    deadlineMs: own.requestSeconds * 1_000,
    ...(isUnix ? { socketPath: own.url.slice('unix://'.length) } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  })
  return new Engine(http)
}

export class Engine {
  readonly #http: Http
  #prefix: string | undefined

  constructor(http: Http) {
    this.#http = http
  }

  /** Asked each time that a listing or a watch begins: an engine may be replaced by another version of it. */
  async info(signal: AbortSignal): Promise<EngineInfo> {
    await this.#negotiate(signal)
    return this.#get(info, 'info', {}, signal)
  }

  async all(signal: AbortSignal): Promise<Holding> {
    const [held, images, networks, found] = await Promise.all([
      this.#get(z.array(container), 'containers/json', { all: 1 }, signal),
      this.images(signal),
      this.networks(signal),
      this.volumes(signal),
    ])
    return { containers: held, images, networks, volumes: found }
  }

  /** These, as far as they are there. */
  containers(ids: readonly string[], signal: AbortSignal): Promise<EngineContainer[]> {
    // A query has its bounds: of many all are asked for.
    const filters = ids.length > mostNamed ? {} : { filters: JSON.stringify({ id: ids }) }
    return this.#get(z.array(container), 'containers/json', { all: 1, ...filters }, signal)
  }

  images(signal: AbortSignal): Promise<EngineImage[]> {
    return this.#get(z.array(image), 'images/json', {}, signal)
  }

  networks(signal: AbortSignal): Promise<EngineNetwork[]> {
    return this.#get(z.array(network), 'networks', {}, signal)
  }

  async volumes(signal: AbortSignal): Promise<EngineVolume[]> {
    return (await this.#get(volumes, 'volumes', {}, signal)).Volumes ?? []
  }

  /** What happens from now on, until the engine ends it. `onOpen` is called when nothing will be missed any more. */
  async *events(onOpen: () => void, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const filters = JSON.stringify({ type: ['container', 'image', 'network', 'volume'] })
    const path = `${await this.#version(signal)}/events`
    for await (const line of this.#http.lines({ path, query: { filters } }, signal, onOpen))
      yield parse(event, 'events', toJson(line))
  }

  /** One measurement, as it is told. */
  stats(id: string, signal: AbortSignal): Promise<unknown> {
    const query = { stream: 'false', 'one-shot': 'true' }
    return this.#get(z.unknown(), `containers/${encodeURIComponent(id)}/stats`, query, signal)
  }

  close(): void {
    this.#http.close()
  }

  async #get<T>(
    shape: z.ZodType<T>,
    path: string,
    query: NonNullable<HttpRequest['query']>,
    signal: AbortSignal,
  ): Promise<T> {
    const request = { path: `${await this.#version(signal)}/${path}`, query }
    return parse(shape, path, await this.#http.json(request, signal))
  }

  async #version(signal: AbortSignal): Promise<string> {
    return this.#prefix ?? this.#negotiate(signal)
  }

  async #negotiate(signal: AbortSignal): Promise<string> {
    const told = parse(version, 'version', await this.#http.json({ path: 'version' }, signal))
    return (this.#prefix = `v${toVersion(told)}`)
  }
}

function toVersion({ ApiVersion, MinAPIVersion }: z.infer<typeof version>): string {
  const [theirs, least] = [numbersOf(ApiVersion), numbersOf(MinAPIVersion ?? '1.0')]
  if (isBelow(theirs, oldest))
    throw new SourceError('bad', `its API has version ${ApiVersion}: ${oldest.join('.')} or later is needed`)
  return (isBelow(theirs, newest) ? theirs : isBelow(newest, least) ? least : newest).join('.')
}

function numbersOf(text: string): readonly [number, number] {
  const match = /^(\d{1,3})\.(\d{1,3})/.exec(text)
  if (match === null) throw new SourceError('bad', 'version: it does not say which API it has')
  return [Number(match[1]), Number(match[2])]
}

const isBelow = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])

function parse<T>(shape: z.ZodType<T>, what: string, value: unknown): T {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const at = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new SourceError(
    'bad',
    `${what.slice(0, 40)}: the answer is not of the shape that is known${at && ` (${at})`}`,
  )
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SourceError('bad', 'events: a line is no JSON')
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}
