/** A cluster's API: lists over pages, watches that say where they are, usage. */
import { z } from 'zod'
import { failureOf, type Http } from '../http.ts'
import { SourceError } from '../source.ts'
import { collections, type CollectionName, type ObjectOf } from './shape.ts'

const listMetadata = z.object({ resourceVersion: z.string(), continue: z.string().nullish() })
const change = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({}),
})
const bookmark = z.object({ metadata: z.object({ resourceVersion: z.string() }) })
const usages = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      containers: z.array(
        z.object({ name: z.string(), usage: z.object({ cpu: z.string(), memory: z.string() }) }),
      ),
    }),
  ),
})
export type Usage = z.infer<typeof usages>['items'][number]

export type Change<N extends CollectionName> =
  { type: 'put' | 'remove'; object: ObjectOf<N>; version: string } | { type: 'bookmark'; version: string }

/** The place in the log is gone: all is to be listed anew. */
export class Expired extends SourceError {
  constructor() {
    super('missing', 'the place of the watch is gone')
  }
}

const watchSeconds = 290
/** Of one container; the kubelet ends there. */
const mostLogBytes = 8 * 2 ** 20

export interface LogPlace {
  namespace: string
  name: string
  container: string
  /** Milliseconds since the epoch. */
  since: number
  /** The last so many lines. */
  tail: number
}

export class Client {
  readonly #http: Http
  readonly #headers: () => Promise<Record<string, string>>
  readonly #pageSize: number

  constructor(http: Http, headers: () => Promise<Record<string, string>>, pageSize: number) {
    this.#http = http
    this.#headers = headers
    this.#pageSize = pageSize
  }

  /** Pages of one moment; when that is forgotten before the last page, from the beginning. Undefined where there is no such collection. */
  async list<N extends CollectionName>(
    name: N,
    signal: AbortSignal,
  ): Promise<{ objects: ObjectOf<N>[]; version: string } | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#pages(name, signal)
      } catch (error) {
        if (!(error instanceof SourceError) || error.failure !== 'missing') throw error
        if (/: 404$/.test(error.message)) {
          if (name === 'slices') return undefined
          throw error
        }
        if (tries === 3) throw error
      }
    }
  }

  async #pages<N extends CollectionName>(
    name: N,
    signal: AbortSignal,
  ): Promise<{ objects: ObjectOf<N>[]; version: string }> {
    const { path, shape } = collections[name]
    const page = z.object({
      metadata: listMetadata,
      items: z.array(shape as unknown as z.ZodType<ObjectOf<N>>),
    })
    const objects: ObjectOf<N>[] = []
    for (let token: string | undefined; ;) {
      const query = { limit: this.#pageSize, ...(token === undefined ? {} : { continue: token }) }
      const { items, metadata } = parse(
        page,
        path,
        await this.#http.json({ path, query, headers: await this.#headers() }, signal),
      )
      objects.push(...items)
      if (!metadata.continue) return { objects, version: metadata.resourceVersion }
      if (metadata.continue === token)
        throw new SourceError('bad', `${path}: its pages do not come to an end`)
      token = metadata.continue
    }
  }

  /** What happens after that version; ends when the server ends it, as it does now and then. */
  async *watch<N extends CollectionName>(
    name: N,
    version: string,
    signal: AbortSignal,
  ): AsyncGenerator<Change<N>> {
    const { path, shape } = collections[name]
    const query = {
      watch: 'true',
      resourceVersion: version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: watchSeconds,
    }
    try {
      for await (const line of this.#http.lines({ path, query, headers: await this.#headers() }, signal)) {
        const { type, object } = parse(change, path, toJson(path, line))
        if (type === 'ERROR') {
          if (object['code'] === 410) throw new Expired()
          throw new SourceError('failed', `${path}: the watch failed: ${String(object['code'])}`)
        }
        const at = parse(bookmark, path, object).metadata.resourceVersion
        if (type === 'BOOKMARK') yield { type: 'bookmark', version: at }
        else {
          const parsed = parse(shape as unknown as z.ZodType<ObjectOf<N>>, path, object)
          yield { type: type === 'DELETED' ? 'remove' : 'put', object: parsed, version: at }
        }
      }
    } catch (error) {
      if (error instanceof SourceError && /: 410$/.test(error.message)) throw new Expired()
      throw error
    }
  }

  /** Whether all may be read that is read. */
  async probe(signal: AbortSignal): Promise<string> {
    const headers = await this.#headers()
    const version = z.object({ gitVersion: z.string() })
    const { gitVersion } = parse(
      version,
      'version',
      await this.#http.json({ path: 'version', headers }, signal),
    )
    const refused: string[] = []
    for (const { path } of Object.values(collections)) {
      const { status } = await this.#http.send({ path, query: { limit: 1 }, headers }, signal)
      if (status === 401 || status === 403) refused.push(path.split('/').at(-1)!)
    }
    if (refused.length > 0) throw new SourceError('denied', `the account may not list ${refused.join(', ')}`)
    return `Kubernetes ${gitVersion.slice(0, 40)} answers, and the account may list all that is read`
  }

  /** Lines as the kubelet tells them, with their times; empty when the container is gone, or has not begun. */
  async logs({ namespace, name, container, since, tail }: LogPlace, signal: AbortSignal): Promise<string> {
    const path = `api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`
    const query = {
      ...{ container, timestamps: 'true', tailLines: tail, limitBytes: mostLogBytes },
      sinceTime: new Date(since).toISOString(),
    }
    const answer = await this.#http.send({ path, query, headers: await this.#headers() }, signal)
    // 400: the container is about to start.
    if (answer.status === 404 || answer.status === 400) return ''
    if (answer.status === 200) return answer.text
    throw new SourceError(failureOf(answer.status), `logs: ${answer.status}`)
  }

  /** What all pods use now, in one request. */
  async usage(signal: AbortSignal): Promise<Usage[]> {
    const path = 'apis/metrics.k8s.io/v1beta1/pods'
    return parse(usages, path, await this.#http.json({ path, headers: await this.#headers() }, signal)).items
  }
}

function parse<T>(shape: z.ZodType<T>, what: string, value: unknown): T {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const at = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new SourceError('bad', `${what}: the answer is not of the shape that is known (${at.slice(0, 100)})`)
}

function toJson(what: string, line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SourceError('bad', `${what}: a line is no JSON`)
  }
}
