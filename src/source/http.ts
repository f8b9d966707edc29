/**
 * HTTP for drivers: one client a source. It sends nothing but reads and logins unless it may control; every request waits to be admitted, has a deadline for all of
 * it and a bound on its answer, follows few redirects and none to elsewhere, and fails with a SourceError that says what can be done. Messages name method and path,
 * never the query, headers or bodies: these may hold secrets.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { getCACertificates } from 'node:tls'
import {
  linesOf,
  nameOf,
  readText,
  refuse,
  toSourceError,
  type HttpAnswer,
  type HttpRequest,
} from './answer.ts'
import { inSpan, traceHeaders } from '../telemetry/index.ts'
import { SourceError, type SourceEnvironment } from './source.ts'

export { failureOf, refuse, toRetryAfter, type HttpAnswer, type HttpRequest } from './answer.ts'
export { checkLogin, headersOf, loginSettings, readAuthorities } from './login.ts'

export interface HttpOptions {
  /** `https://host[:port][/prefix]`; paths of requests come after it. */
  url: string
  environment: Pick<SourceEnvironment, 'admit' | 'control'>
  /** Certificates to trust beside the system's, PEM. */
  ca?: string
  /** `false`: whatever certificate the other side shows is taken. */
  verify?: boolean
  /** A certificate of our own and its key, PEM, where the other side asks for one. */
  cert?: string
  key?: string
  /** A unix socket to speak through. */
  socketPath?: string
  deadlineMs?: number
  mostBytes?: number
}

export interface Http {
  /** The answer, whatever its status; SourceError when there is none. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** The answer's JSON; SourceError by its status when it is no success, `bad` when it is no JSON. */
  json<T = unknown>(request: HttpRequest, signal: AbortSignal): Promise<T>
  /**
   * The lines of an answer that goes on, as they come, and until it ends; SourceError as `json`. Only its beginning
   * has a deadline, of which `onOpen` tells, and each line a bound.
   */
  lines(request: HttpRequest, signal: AbortSignal, onOpen?: () => void): AsyncIterable<string>
  close(): void
}

const mostRedirects = 3
const mostBytesOf = 64 * 1_048_576
const keepAliveMs = 30_000
/** Connections that are kept while nothing is asked. */
const mostKept = 4

/** One that was kept, and closed before the answer began. */
class StaleConnection extends Error {
  override name = 'StaleConnection'
}

export function openHttp(options: HttpOptions): Http {
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
  const isTls = base.protocol === 'https:'
  const settings = { keepAlive: true, maxSockets: 32, maxFreeSockets: mostKept }
  const agent = isTls ? new HttpsAgent({ ...settings, ...tlsOf(options) }) : new HttpAgent(settings)
  const client = new Client(options, base, agent)
  return {
    send: (request, signal) => client.send(request, signal),
    json: (request, signal) => client.json(request, signal),
    lines: (request, signal, onOpen) => client.lines(request, signal, onOpen),
    close: () => agent.destroy(),
  }
}

const tlsOf = ({ ca, cert, key, verify = true }: HttpOptions) => ({
  rejectUnauthorized: verify,
  ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
  ...(cert === undefined || key === undefined ? {} : { cert, key }),
})

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
    refuse(request, answer)
    try {
      return JSON.parse(answer.text) as T
    } catch {
      // The parser's own message quotes the text.
      throw new SourceError('bad', `${nameOf(request)}: the answer is no JSON`)
    }
  }

  async *lines(request: HttpRequest, signal: AbortSignal, onOpen?: () => void): AsyncGenerator<string> {
    const [what, stop] = [nameOf(request), new AbortController()]
    const incoming = await this.#within(request, signal, (both) =>
      this.#open(request, this.#urlOf(request), AbortSignal.any([both, stop.signal])),
    )
    const onAbort = () => incoming.destroy()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      incoming.socket?.setKeepAlive(true, keepAliveMs)
      const { statusCode: status = 0, headers } = incoming
      refuse(request, { status, headers })
      onOpen?.()
      yield* linesOf(incoming, this.#options.mostBytes ?? mostBytesOf, what)
    } catch (error) {
      if (signal.aborted) throw new SourceError('aborted', `${what}: given up`, { cause: error })
      throw toSourceError(error, what)
    } finally {
      signal.removeEventListener('abort', onAbort)
      incoming.destroy()
    }
  }

  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#within(request, signal, (both) =>
      inSpan(nameOf(request), 'client', this.#attributesOf(request), async (span) => {
        const answer = await this.#follow(request, both)
        span.set({ 'http.response.status_code': answer.status })
        return answer
      }),
    )
  }

  #attributesOf({ method = 'GET' }: HttpRequest): Record<string, string> {
    return { 'http.request.method': method, 'server.address': this.#base.hostname }
  }

  /** Admitted, and with a deadline. */
  async #within<T>(
    request: HttpRequest,
    signal: AbortSignal,
    work: (both: AbortSignal) => Promise<T>,
  ): Promise<T> {
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
        return await work(both)
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

  async #once(request: HttpRequest, url: URL, signal: AbortSignal): Promise<HttpAnswer> {
    const what = nameOf(request)
    const incoming = await this.#open(request, url, signal)
    const onAbort = () => incoming.destroy()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const text = await readText(incoming, this.#options.mostBytes ?? mostBytesOf, what)
      return { status: incoming.statusCode ?? 0, headers: incoming.headers, text }
    } catch (error) {
      incoming.destroy()
      throw toSourceError(error, what)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** As `#start`. A kept connection that the other side closes at this moment is no failure of what is only read: once more, on a new one. */
  async #open(request: HttpRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const isRead = ['GET', 'HEAD'].includes(request.method ?? 'GET')
    for (let tries = 1; ; tries++) {
      try {
        return await this.#start(request, url, signal)
      } catch (error) {
        const isStale = error instanceof StaleConnection && isRead && !signal.aborted
        // Each of the kept ones may be closed.
        if (!isStale || tries > mostKept)
          throw toSourceError(error instanceof StaleConnection ? error.cause : error, nameOf(request))
      }
    }
  }

  /** Resolves with the answer's beginning; the signal counts until then. */
  #start(request: HttpRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const { method = 'GET', headers = {}, body, text } = request
    const { socketPath } = this.#options
    const whole = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const content = whole === undefined ? undefined : Buffer.from(whole)
    return new Promise((resolve, reject) => {
      const send = (url.protocol === 'https:' ? httpsRequest : httpRequest) as typeof httpRequest
      const outgoing = send(url, {
        method,
        agent: this.#agent,
        headers: {
          'user-agent': 'plenum',
          // What is small on the wire and large here would be no bound.
          'accept-encoding': 'identity',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': content.length }),
          ...traceHeaders(),
          ...headers,
        },
        ...(socketPath === undefined ? {} : { socketPath }),
      })
      const onAbort = () => outgoing.destroy(new Error('given up'))
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      outgoing.on('error', (error) => {
        signal.removeEventListener('abort', onAbort)
        const isStale = outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
        reject(isStale ? new StaleConnection(error.message, { cause: error }) : error)
      })
      outgoing.on('response', (incoming) => {
        signal.removeEventListener('abort', onAbort)
        resolve(incoming)
      })
      outgoing.end(content)
    })
  }
}
