/** An engine's API, in the newest version that both know. Answers are checked for what is used of them. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { failureOf, openHttp, type Http, type HttpAnswer, type HttpRequest } from '../http.ts'
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

const limited = z.object({
  HostConfig: z.object({ NanoCpus: z.number(), Memory: z.number(), MemorySwap: z.number().optional() }),
})
export type EngineLimits = Partial<z.infer<typeof limited>['HostConfig']>

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

  /** Lines as the engine tells them, with their times, up to the end of the millisecond; empty when the container is gone, or its driver keeps none. */
  async logs(
    id: string,
    { from, to, tail }: { from: number; to: number; tail: number },
    signal: AbortSignal,
  ): Promise<string> {
    const query = {
      ...{ stdout: 1, stderr: 1, timestamps: 1, tail },
      ...{ since: (from / 1_000).toFixed(3), until: ((to + 1) / 1_000).toFixed(3) },
    }
    const path = `${await this.#version(signal)}/containers/${encodeURIComponent(id)}/logs`
    const answer = await this.#http.send({ path, query }, signal)
    if (answer.status === 404 || answer.status === 501) return ''
    if (answer.status === 200) return answer.text
    throw new SourceError(failureOf(answer.status), `logs: ${answer.status}${reasonOf(answer)}`)
  }

  /** One measurement, as it is told. */
  stats(id: string, signal: AbortSignal): Promise<unknown> {
    const query = { stream: 'false', 'one-shot': 'true' }
    return this.#get(z.unknown(), `containers/${encodeURIComponent(id)}/stats`, query, signal)
  }

  /** Those with this label, whatever their state. */
  labelled(label: string, signal: AbortSignal): Promise<EngineContainer[]> {
    const filters = JSON.stringify({ label: [label] })
    return this.#get(z.array(container), 'containers/json', { all: 1, filters }, signal)
  }

  /** Its id; undefined: there is one by this name. */
  async create(name: string, body: object, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#change(
      'POST',
      'containers/create',
      signal,
      { query: { name }, body },
      [201, 409],
    )
    if (answer.status === 409) return undefined
    return parse(z.object({ Id: z.string().min(1) }), 'containers/create', toJson(answer.text, 'create')).Id
  }

  /** Also one that runs already. */
  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#change('POST', `containers/${encodeURIComponent(id)}/start`, signal, {}, [204, 304])
  }

  /** Asked to end, and ended after so long; also one that is stopped already. `isBack`: started again. */
  async end(
    id: string,
    { isBack, graceSeconds }: { isBack: boolean; graceSeconds: number },
    signal: AbortSignal,
  ): Promise<void> {
    const path = `containers/${encodeURIComponent(id)}/${isBack ? 'restart' : 'stop'}`
    await this.#change('POST', path, signal, { query: { t: graceSeconds } }, [204, 304])
  }

  async limits(id: string, signal: AbortSignal): Promise<EngineLimits> {
    const path = `containers/${encodeURIComponent(id)}/json`
    return (await this.#get(limited, path, {}, signal)).HostConfig
  }

  async limit(id: string, body: EngineLimits, signal: AbortSignal): Promise<void> {
    await this.#change('POST', `containers/${encodeURIComponent(id)}/update`, signal, { body }, [200])
  }

  /** With its own volumes; also one that is gone, or going. */
  async remove(id: string, signal: AbortSignal): Promise<void> {
    const query = { force: 'true', v: 'true' }
    await this.#change('DELETE', `containers/${encodeURIComponent(id)}`, signal, { query }, [204, 404, 409])
  }

  close(): void {
    this.#http.close()
  }

  /** Says with the engine's own words why not. */
  async #change(
    method: 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    rest: Pick<HttpRequest, 'query' | 'body'>,
    fine: readonly number[],
  ): Promise<HttpAnswer> {
    const answer = await this.#http.send(
      { method, path: `${await this.#version(signal)}/${path}`, ...rest },
      signal,
    )
    if (fine.includes(answer.status)) return answer
    throw new SourceError(failureOf(answer.status), `${method} ${path}: ${answer.status}${reasonOf(answer)}`)
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

function toJson(text: string, what = 'events'): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SourceError('bad', `${what}: what it says is no JSON`)
  }
}

function reasonOf({ text }: HttpAnswer): string {
  const told = /"message":\s*"((?:[^"\\]|\\.){1,300})/.exec(text)?.[1]
  return told === undefined ? '' : ` (${told})`
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError('denied', `the certificates in ${path} cannot be read`, { cause })
  }
}
