/** The HTTP front: request ids, headers that keep browsers safe, and errors in GraphQL's shape whatever failed. */
import { readFileSync } from 'node:fs'
import { LogController, fastify } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { setDeadline } from '../deadline.ts'
import { PlenumError, limitExceeded } from '../errors.ts'
import type { ApiConfig } from './config.ts'
import { compress } from './compress.ts'
import type { Door } from './door.ts'
import { errorAnswer } from './execute.ts'
import { formatError, httpStatus, toPlenumError } from './format-error.ts'
import { NotPersisted } from './persisted.ts'
import { meterRefusal, meterRequests } from './meter.ts'
import { toRequestId } from './request.ts'

export const graphqlJson = 'application/graphql-response+json'

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

export function createHttp(config: ApiConfig, door: Door, log: Logger): FastifyInstance {
  const { limits } = config
  // Read once: a new certificate is taken by starting again.
  const https = config.tls && {
    cert: readFileSync(config.tls.certificate),
    key: readFileSync(config.tls.key),
    minVersion: 'TLSv1.2' as const,
  }
  const headersTimeout = limits.headerSeconds * 1_000
  const times = { headersTimeout, connectionsCheckingInterval: Math.min(5_000, headersTimeout / 2) }
  const app = fastify({
    loggerInstance: log as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: limits.bodyBytes,
    forceCloseConnections: 'idle',
    genReqId: ({ headers }) => toRequestId(headers['x-request-id']),
    return503OnClosing: true,
    // The longest that a body may take to arrive: an import's.
    requestTimeout: limits.importSeconds * 1_000,
    ...(https === undefined ? { http: times } : { https: { ...https, ...times } }),
  })
  app.removeAllContentTypeParsers()
  meterRequests(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id })
    if (door.isSecure(request.raw)) void reply.header('strict-transport-security', 'max-age=31536000')
  })
  app.addHook('onSend', async (request, _reply, payload) => {
    // Who takes nothing of a large answer for long is cut off: it would be kept for it.
    if (lengthOf(payload) > largeBytes) request.raw.socket.setTimeout(limits.stallSeconds * 1_000)
  })
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, limits.bodyBytes))
  app.setNotFoundHandler((request, reply) =>
    sendError(
      new PlenumError('NOT_FOUND', `There is nothing at ${request.method} ${request.url.slice(0, 200)}`),
      request,
      reply,
      limits.bodyBytes,
    ),
  )
  return app
}

const largeBytes = 65_536

const lengthOf = (payload: unknown): number =>
  typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : 0

/** A request that failed as a whole. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  bodyBytes: number,
): FastifyReply {
  const shown = translate(error, bodyBytes)
  meterRefusal(shown)
  const scope = { requestId: request.id, log: request.log as unknown as Logger }
  const answer = errorAnswer(formatError(shown, scope))
  if (error instanceof Unsupported) void reply.code(415)
  else if (error instanceof NotPersisted) void reply.code(200)
  else void reply.code(httpStatus(toPlenumError(shown)))
  const wait = toPlenumError(shown).details.retryAfterSeconds
  if (wait !== undefined) void reply.header('retry-after', wait)
  if (reply.statusCode === 401) void reply.header('www-authenticate', 'Bearer realm="plenum"')
  return reply.type(answerType(request.headers.accept)).header('cache-control', 'no-store').send(answer)
}

/** A body in a form that the route does not read. */
export class Unsupported extends PlenumError {
  constructor(message: string) {
    super('INVALID_INPUT', message)
  }
}

/** Fastify's own refusals in our words. */
function translate(error: unknown, bodyBytes: number): unknown {
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return limitExceeded(
      'bodyBytes',
      bodyBytes,
      'The body is too large: import large inventories with PUT /import',
    )
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new Unsupported('The Content-Type is not one that is read here')
  // It hung up while it was sending.
  if (code === 'ECONNRESET')
    return new PlenumError('INVALID_INPUT', 'The body ended early', {}, { cause: error })
  const fastifyFault = typeof code === 'string' && code.startsWith('FST_') && (statusCode ?? 500) < 500
  return fastifyFault
    ? new PlenumError('INVALID_INPUT', (error as Error).message, {}, { cause: error })
    : error
}

/** The newer of the two media types only for those who ask for it. */
export const answerType = (accept: string | undefined): string =>
  `${accept?.includes(graphqlJson) ? graphqlJson : 'application/json'}; charset=utf-8`

export async function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string | Buffer,
): Promise<FastifyReply> {
  const { body, encoding } = await compress(text, request.headers['accept-encoding'] as string | undefined)
  const varies = reply.getHeader('vary')
  void reply.header('vary', `${varies === undefined ? '' : `${String(varies)}, `}Accept, Accept-Encoding`)
  if (encoding !== undefined) void reply.header('content-encoding', encoding)
  return reply.send(body)
}

export const tooLate = (seconds: number): PlenumError =>
  limitExceeded('requestSeconds', seconds, 'The request took too long: ask for less at once')

/** A body that is still arriving by then is cut off: for requests whose answers may last. */
export function boundBody(request: FastifyRequest, reply: FastifyReply, seconds: number): void {
  const timer = setTimeout(() => {
    if (!request.raw.complete) request.raw.destroy()
  }, seconds * 1_000)
  reply.raw.once('close', () => clearTimeout(timer))
}

/** Aborts at the deadline, or when the caller hangs up before the answer is sent. A body that is still arriving at the deadline is cut off. */
export function requestSignal(request: FastifyRequest, reply: FastifyReply, seconds: number): AbortSignal {
  const controller = new AbortController()
  setDeadline(controller.signal, seconds * 1_000, () => tooLate(seconds))
  const timer = setTimeout(() => {
    controller.abort(tooLate(seconds))
    if (!request.raw.complete) request.raw.destroy()
  }, seconds * 1_000)
  reply.raw.once('close', () => {
    clearTimeout(timer)
    if (!reply.raw.writableFinished) controller.abort(new DOMException('The caller went away', 'AbortError'))
  })
  return controller.signal
}

export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
