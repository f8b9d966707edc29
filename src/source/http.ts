/**
 * HTTP for drivers: one client a source. It sends nothing but reads and logins unless it may control; every request waits to be admitted, has a deadline for all of
 * it and a bound on its answer, follows few redirects and none to elsewhere, and fails with a SourceError that says what can be done. Messages name method and path,
 * never the query, headers or bodies: these may hold secrets.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { SourceError, type SourceEnvironment, type SourceFailure } from './source.ts'

export interface HttpOptions {
  /** `https://host[:port][/prefix]`; paths of requests come after it. */
  url: string
  environment: Pick<SourceEnvironment, 'admit' | 'control'>
  /** Certificates to trust beside the system's, PEM. */
  ca?: string
  /** A unix socket to speak through. */
  socketPath?: string
  deadlineMs?: number
  mostBytes?: number
}

export interface HttpRequest {
  path: string
  query?: Readonly<Record<string, string | number>>
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  body?: unknown
  /** Why a request that is no GET changes nothing there: it logs in, or only asks. */
  harmless?: 'login' | 'query'
}

export interface HttpAnswer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

export interface Http {
  /** The answer, whatever its status; SourceError when there is none. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** The answer's JSON; SourceError by its status when it is no success, `bad` when it is no JSON. */
  json<T = unknown>(request: HttpRequest, signal: AbortSignal): Promise<T>
  close(): void
}

const mostRedirects = 3

/** What the other side says of itself by a status that is no success. */
export function failureOf(status: number): SourceFailure {
  if (status === 401 || status === 403 || status === 407) return 'denied'
  if (status === 404 || status === 410) return 'missing'
  if (status === 408 || status === 504) return 'timeout'
  if (status === 429 || status === 503) return 'busy'
  return status >= 500 ? 'failed' : 'bad'
}

export function openHttp(options: HttpOptions): Http {
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
  const isTls = base.protocol === 'https:'
  const settings = { keepAlive: true, maxSockets: 32, maxFreeSockets: 4 }
  const agent = isTls
    ? new HttpsAgent({ ...settings, ...(options.ca === undefined ? {} : { ca: options.ca }) })
    : new HttpAgent(settings)
  const client = new Client(options, base, agent)
  return {
    send: (request, signal) => client.send(request, signal),
    json: (request, signal) => client.json(request, signal),
    close: () => agent.destroy(),
  }
}

class Client implements Omit<Http, 'close'> {
  readonly #options: HttpOptions
  readonly #base: URL
  readonly #agent: HttpAgent | HttpsAgent

  constructor(options: HttpOptions, base: URL, agent: HttpAgent | HttpsAgent) {
    this.#options = options
    this.#base = base
    this.#agent = agent
  }

  async json<T>(request: HttpRequest, signal: AbortSignal): Promise<T> {
    const answer = await this.send(
      { ...request, headers: { accept: 'application/json', ...request.headers } },
      signal,
    )
    const what = nameOf(request)
    if (answer.status < 200 || answer.status > 299) {
      const failure = failureOf(answer.status)
      const retryAfterMs = toRetryAfter(answer.headers['retry-after'])
      throw new SourceError(
        failure,
        `${what}: ${answer.status}`,
        retryAfterMs === undefined ? {} : { retryAfterMs },
      )
    }
    try {
      return JSON.parse(answer.text) as T
    } catch {
      // The parser's own message quotes the text.
      throw new SourceError('bad', `${what}: the answer is no JSON`)
    }
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { method = 'GET', harmless } = request
    if (
      method !== 'GET' &&
      method !== 'HEAD' &&
      harmless === undefined &&
      this.#options.environment.control !== true
    )
      throw new SourceError(
        'denied',
        `${nameOf(request)} would change something there: the source has no control`,
      )
    const deadlineMs = this.#options.deadlineMs ?? 30_000
    const deadline = AbortSignal.timeout(deadlineMs)
    const both = AbortSignal.any([signal, deadline])
    try {
      const leave = await this.#options.environment.admit?.(both)
      try {
        return await this.#follow(request, both)
      } finally {
        leave?.()
      }
    } catch (error) {
      if (signal.aborted) throw new SourceError('aborted', `${nameOf(request)}: given up`, { cause: error })
      if (deadline.aborted)
        throw new SourceError('timeout', `${nameOf(request)}: no answer within ${deadlineMs} ms`, {
          cause: error,
        })
      throw error
    }
  }

  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    let url = this.#urlOf(request)
    for (let hops = 0; ; hops++) {
      const answer = await this.#once(request, url, signal)
      const { location } = answer.headers
      if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string') return answer
      if (hops === mostRedirects) throw new SourceError('bad', `${nameOf(request)}: redirected too often`)
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
      // Credentials go where they were meant to go, and nowhere else.
      if (next === undefined || next.origin !== this.#base.origin || (request.method ?? 'GET') !== 'GET')
        throw new SourceError('bad', `${nameOf(request)}: redirected elsewhere`)
      url = next
    }
  }

  #urlOf({ path, query = {} }: HttpRequest): URL {
    const url = new URL(path.replace(/^\//, ''), this.#base)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
    return url
  }

  #once(request: HttpRequest, url: URL, signal: AbortSignal): Promise<HttpAnswer> {
    const { method = 'GET', headers = {}, body } = request
    const { socketPath, mostBytes = 64 * 1_048_576 } = this.#options
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const what = nameOf(request)
    return new Promise((resolve, reject) => {
      const send = (url.protocol === 'https:' ? httpsRequest : httpRequest) as typeof httpRequest
      const outgoing = send(url, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          'user-agent': 'plenum',
          // What is small on the wire and large here would be no bound.
          'accept-encoding': 'identity',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': content.length }),
          ...headers,
        },
        ...(socketPath === undefined ? {} : { socketPath }),
      })
      outgoing.on('error', (error) => reject(toSourceError(error, what)))
      outgoing.on('response', (incoming) => {
        readText(incoming, mostBytes, what).then(
          (text) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
          (error: unknown) => {
            outgoing.destroy()
            reject(toSourceError(error, what))
          },
        )
      })
      outgoing.end(content)
    })
  }
}

const nameOf = ({ method = 'GET', path }: HttpRequest): string =>
  `${method} ${path
    .split('?', 1)[0]!
    .replace(/[^\x21-\x7e]/g, '?')
    .slice(0, 200)}`

async function readText(incoming: IncomingMessage, mostBytes: number, what: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size > mostBytes) throw new SourceError('bad', `${what}: the answer has more than ${mostBytes} bytes`)
    chunks.push(chunk as Buffer)
  }
  if (!incoming.complete) throw new SourceError('unreachable', `${what}: the answer was cut off`)
  return Buffer.concat(chunks).toString('utf8')
}

/** Certificates that cannot be right; what is in OpenSSL's texts goes no further than their code. */
const certificateCode = /^(?:CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|HOSTNAME_MISMATCH|EPROTO)/
const unreachableCode = /^(?:ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ENOENT|EACCES|EADDRNOTAVAIL)/

function toSourceError(error: unknown, what: string): SourceError {
  if (error instanceof SourceError) return error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (certificateCode.test(code)) return new SourceError('bad', `${what}: TLS: ${code}`, { cause: error })
  if (code === 'ETIMEDOUT') return new SourceError('timeout', `${what}: ${code}`, { cause: error })
  if (unreachableCode.test(code)) return new SourceError('unreachable', `${what}: ${code}`, { cause: error })
  if (code.startsWith('HPE_')) return new SourceError('bad', `${what}: no HTTP: ${code}`, { cause: error })
  return new SourceError('unreachable', `${what}: ${code || 'the connection broke'}`, { cause: error })
}

/** Seconds or a date; at most an hour is believed. */
export function toRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined
}
