/**
 * Who stands at the door: the true address of a client behind proxies that are trusted, whether it came over TLS, and which other sites' pages may ask (CORS, and the
 * Origin of WebSockets).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { PlenumError } from '../errors.ts'
import { isWithin, toRanges } from '../token/index.ts'

export interface DoorConfig {
  /** Whether something in front speaks for clients. */
  behindProxy: boolean
  /** Addresses and ranges of what does; others are not believed. */
  trustedProxies: readonly string[]
  cors: {
    /** Origins, exactly: https://portal.example.net */
    origins: readonly string[]
    credentials: boolean
    maxAgeSeconds: number
  }
}

type Asking = Pick<IncomingMessage, 'headers' | 'socket'>

export interface Door {
  addressOf(request: Asking): string
  /** FORBIDDEN when a proxy says that the client spoke to it in the clear. */
  checkSecure(request: Asking): void
  /** Whether a WebSocket may be opened from where the page stands that asks. */
  mayConnect(request: Asking): boolean
  isSecure(request: Asking): boolean
}

/** Proxies that a request may have come through. */
const mostHops = 20

export function createDoor({ behindProxy, trustedProxies, cors }: DoorConfig): Door {
  const trusted = toRanges(trustedProxies, 'http.trustedProxies')
  const isTrusted = (address: string): boolean => behindProxy && isWithin(trusted, address)
  const peerOf = ({ socket }: Asking): string => plain(socket.remoteAddress ?? '')
  const said = (request: Asking, name: string): string | undefined =>
    isTrusted(peerOf(request)) ? lastOf(request.headers[name]) : undefined
  const isSecure = (request: Asking): boolean =>
    'encrypted' in request.socket || said(request, 'x-forwarded-proto') === 'https'

  return {
    addressOf(request) {
      let address = peerOf(request)
      if (!isTrusted(address)) return address
      // Each proxy adds whom it spoke with at the end: what stands before the first that is not ours, anybody may have written.
      const chain = listOf(request.headers['x-forwarded-for']).slice(-mostHops)
      for (let next = chain.pop(); next !== undefined && isTrusted(address); next = chain.pop()) {
        if (isIP(plain(next)) === 0) break
        address = plain(next)
      }
      return address
    },
    isSecure,
    checkSecure(request) {
      if (said(request, 'x-forwarded-proto') === 'http')
        throw new PlenumError(
          'FORBIDDEN',
          'The token came over a network in the clear: use https, and make another token',
        )
    },
    mayConnect(request) {
      const { origin } = request.headers
      if (origin === undefined || cors.origins.includes(origin)) return true
      const host = said(request, 'x-forwarded-host') ?? request.headers.host
      return URL.canParse(origin) && new URL(origin).host === host
    },
  }
}

/** An IPv4 address as such, without a port, however it is written. */
function plain(address: string): string {
  const bare = address.trim().replace(/^\[(.*)\](:\d+)?$/, '$1')
  const ported = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(bare)?.[1] ?? bare
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ported)?.[1] ?? ported
}

const listOf = (header: string | string[] | undefined): string[] =>
  header === undefined ? [] : String(header).split(',')
const lastOf = (header: string | string[] | undefined): string | undefined =>
  listOf(header).at(-1)?.trim().toLowerCase()

const methods = 'GET, POST, PUT'
const requestHeaders =
  'authorization, content-type, accept, plenum-after, idempotency-key, x-request-id, apollo-require-preflight'
const shownHeaders = 'x-request-id, retry-after'
const asked = new Set(['/graphql', '/import'])

/** Tells browsers which other sites' pages may ask, and answers what they ask beforehand. Without origins there is nothing to tell. */
export function addCors(app: FastifyInstance, { cors }: DoorConfig): void {
  if (cors.origins.length === 0) return
  const headersFor = (origin: string) => ({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': shownHeaders,
    ...(cors.credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  })
  app.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    if (!asked.has(path)) return
    void reply.header('vary', 'Origin')
    const { origin } = request.headers
    const isKnown = origin !== undefined && cors.origins.includes(origin)
    if (isKnown) void reply.headers(headersFor(origin))
    if (!isPreflight(request.method, request.headers)) return
    if (!isKnown) throw new PlenumError('FORBIDDEN', 'Pages of this origin may not ask (http.cors.origins)')
    void reply.headers({
      'access-control-allow-methods': methods,
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': cors.maxAgeSeconds,
    })
    return reply.code(204).send()
  })
}

const isPreflight = (method: string, headers: IncomingHttpHeaders): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
