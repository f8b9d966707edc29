/**
 * What NetBox' webhooks say. A hook tells only that something of a model changed: it is asked for anew. So a hook that comes twice, late or in another order does no harm, and one
 * that is lost is made up for by the next listing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { SourceError } from '../source.ts'
import { endpoints } from './rest/endpoint.ts'

export interface HookOptions {
  host: string
  port: number
  /** What hooks are signed with. */
  secret: () => Promise<string>
}

const mostBytes = 4 * 1_048_576
const timeoutMs = 10_000
const mostConnections = 100

export class HookListener {
  readonly #options: HookOptions
  readonly #server: Server
  #models = new Set<string>()
  #wake: () => void = () => {}

  constructor(options: HookOptions) {
    this.#options = options
    const settings = { requestTimeout: timeoutMs, headersTimeout: timeoutMs, keepAliveTimeout: timeoutMs }
    this.#server = createServer(settings, (request, response) => void this.#take(request, response))
    this.#server.maxConnections = mostConnections
  }

  async open(): Promise<void> {
    const { host, port } = this.#options
    try {
      this.#server.listen(port, host)
      await once(this.#server, 'listening')
    } catch (cause) {
      throw new SourceError('failed', `hooks cannot be listened for at ${host}:${port}`, { cause })
    }
  }

  /** Which models changed, as soon as there are any; nothing when it is given up. */
  async next(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const wake = () => this.#wake()
    signal.addEventListener('abort', wake, { once: true })
    while (this.#models.size === 0 && !signal.aborted)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    signal.removeEventListener('abort', wake)
    return this.take()
  }

  /** Those of now. */
  take(): ReadonlySet<string> {
    const models = this.#models
    this.#models = new Set()
    return models
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number) => void response.writeHead(status).end()
    try {
      if (request.method !== 'POST') return say(405)
      const body = await readBody(request)
      if (body === undefined) return void request.destroy()
      if (!isSigned(body, request.headers['x-hook-signature'], await this.#options.secret())) return say(403)
      const models = modelsOf(body)
      if (models === undefined) return say(400)
      for (const model of models) this.#models.add(model)
      say(204)
      if (models.length > 0) this.#wake()
    } catch {
      request.destroy()
    }
  }
}

/** Undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isSigned(body: Buffer, signature: string | string[] | undefined, secret: string): boolean {
  const expected = createHmac('sha512', secret).update(body).digest()
  const told = typeof signature === 'string' ? Buffer.from(signature, 'hex') : Buffer.alloc(0)
  return told.length === expected.length && timingSafeEqual(told, expected)
}

/** `device` is `dcim.device`; nothing of models that are not read. Undefined when it is no hook. */
function modelsOf(body: Buffer): string[] | undefined {
  try {
    const told = (JSON.parse(body.toString('utf8')) as { model?: unknown } | null)?.model
    if (typeof told !== 'string') return undefined
    const name = told.split('.').at(-1)!
    return Object.keys(endpoints).filter((model) => model.split('.')[1] === name)
  } catch {
    return undefined
  }
}
