/** GraphQL over HTTP at /graphql: POST with JSON for everything, GET for queries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApolloServer } from '@apollo/server'
import type { GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import type { Context } from '../context.ts'
import type { Session } from '../token/index.ts'
import { toApolloRequest } from './apollo.ts'
import type { Admission } from './admission.ts'
import { parseBody } from './body.ts'
import type { ApiConfig } from './config.ts'
import type { Door } from './door.ts'
import { httpStatus } from './format-error.ts'
import { Unsupported, boundBody, graphqlJson, headerOf, requestSignal, sendText } from './http.ts'
import { AnswerTypes, answerKnown, toKnownRequest } from './known.ts'
import type { Login } from './login.ts'
import { askedOf, isByHash, toWhole, withText } from './persisted.ts'
import type { FindDocument, FoundDocument } from './persisted.ts'
import type { Refusals } from './refusals.ts'
import { awaitCursor, createContext } from './request.ts'
import type { Nouns } from './request.ts'
import { withScope } from './scope.ts'
import type { RequestScope } from './scope.ts'
import { inSpan } from '../telemetry/index.ts'
import { asksForStream, type EventStreams } from './sse.ts'
import { answerByStream } from './stream-route.ts'
import type { Groups } from './subscription/groups.ts'
import { traced } from './traced.ts'

interface RouteOptions {
  config: ApiConfig
  door: Door
  login: Login
  refusals: Refusals
  admission: Admission
  nouns: Nouns
  schema: GraphQLSchema
  apollo: ApolloServer<Context>
  find: FindDocument
  groups: Groups
  streams: EventStreams
  log: Logger
}

interface Route extends RouteOptions {
  types: AnswerTypes
}

/** A request that was let in. */
interface Entry {
  session: Session
  signal: AbortSignal
  address: string
  /** It is no longer one of the requests that run. */
  leave: () => void
}

export function addGraphqlRoute(app: FastifyInstance, options: RouteOptions): void {
  const entries = new WeakMap<FastifyRequest, Entry>()
  const route: Route = { ...options, types: new AnswerTypes() }
  void app.register((scoped, _, done) => {
    scoped.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body))
    // Before the body is read: nobody without a token makes us read ten megabytes.
    scoped.addHook('onRequest', async (request, reply) => {
      const { door, login } = options
      const address = door.addressOf(request.raw)
      door.checkSecure(request.raw)
      const { authorization } = request.headers
      const session = await login({ authorization, address, requestId: request.id })
      const leave = options.admission.enter(session.viewer.tokenId)
      reply.raw.once('close', leave)
      const { requestSeconds, importSeconds } = options.config.limits
      // What lasts has a deadline of its own, or none; its body has the same as any.
      if (asksForStream(request)) boundBody(request, reply, requestSeconds)
      const signal = asksForStream(request)
        ? AbortSignal.timeout(importSeconds * 1_000)
        : requestSignal(request, reply, requestSeconds)
      entries.set(request, { session, signal, address, leave })
    })
    scoped.route({
      method: ['GET', 'POST'],
      url: '/graphql',
      handler: (request, reply) =>
        traced(request, reply, () => answer(route, request, reply, entries.get(request) as Entry)),
    })
    done()
  })
}

async function answer(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  entry: Entry,
): Promise<FastifyReply> {
  const { nouns, find, log, types } = route
  const given = request.method === 'POST' ? readBody(request) : undefined
  if (asksForStream(request)) return answerByStream(route, request, reply, given, entry)
  const scope: RequestScope = { requestId: request.id, log }
  const asked = given ?? askedOf(request.query as Record<string, unknown>)
  const found = inSpan('graphql.prepare', 'internal', {}, () => find(asked, askerOf(request, entry)))
  if (found !== undefined && 'kind' in found.document) scope.document = found.document
  const body = given && found && isByHash(given) ? toWhole(given, found) : given
  await awaitCursor(nouns.events, headerOf(request, 'plenum-after'), entry.signal)
  const type = types.get(request.headers.accept)
  const known = body && type !== undefined ? toKnownRequest(body, scope.document) : undefined
  if (known === undefined || type === undefined)
    return answerByApollo(route, request, reply, entry, scope, { body, found })
  const context = createContext(nouns, callerOf(request, entry))
  const {
    schema,
    config: { limits },
  } = route
  const answered = await answerKnown({ ...known, schema, context, limits, log }, scope, limits.answerBytes)
  void reply.header('content-type', type)
  void reply.code(statusOf(answered.status, scope, type)).header('cache-control', 'no-store')
  return await sendText(request, reply, answered.bytes)
}

async function answerByApollo(
  { nouns, apollo, types }: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  entry: Entry,
  scope: RequestScope,
  { body, found }: { body: Record<string, unknown> | undefined; found: FoundDocument | undefined },
): Promise<FastifyReply> {
  const parameters = request.query as Record<string, unknown>
  const url = body || !found || !isByHash(askedOf(parameters)) ? request.url : withText(request.url, found)
  const response = await withScope(scope, () =>
    apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: toApolloRequest(request.method, url, request.headers, body),
      context: async () => createContext(nouns, callerOf(request, entry)),
    }),
  )
  const given = response.headers.get('content-type')
  const type = given ?? 'application/json; charset=utf-8'
  if (given !== undefined && scope.failure === undefined) types.learn(request.headers.accept, given)
  for (const [name, value] of response.headers) void reply.header(name, value)
  void reply.code(statusOf(response.status, scope, type)).header('cache-control', 'no-store')
  return await sendText(request, reply, response.body.kind === 'complete' ? response.body.string : '')
}

/**
 * The protocol's two media types differ: with application/json everything that is a GraphQL answer is 200, with the newer one a request
 * that was not executed has the status of its error.
 */
function statusOf(status: number | undefined, { failure, wellFormed }: RequestScope, type: string): number {
  const given = status ?? 200
  const onlyDocument = failure === undefined || wellFormed === true
  if (onlyDocument && given === 400 && !type.includes(graphqlJson)) return 200
  if (failure === undefined) return given
  return given === 500 || given === 200 ? httpStatus(failure) : given
}

const askerOf = (request: FastifyRequest, { session: { viewer }, address }: Entry) => ({
  viewer,
  remoteAddress: address,
  requestId: request.id,
})

function callerOf(request: FastifyRequest, { session, signal, address }: Entry) {
  return {
    session,
    signal,
    requestId: request.id,
    remoteAddress: address,
    idempotencyKey: headerOf(request, 'idempotency-key')?.slice(0, 255),
  }
}

function readBody(request: FastifyRequest): Record<string, unknown> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1)
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new Unsupported('Send the operation as application/json')
  }
  if (request.headers['content-encoding'] !== undefined) {
    throw new Unsupported('Send the body as it is, without Content-Encoding')
  }
  return parseBody((request.body as Uint8Array | undefined) ?? new Uint8Array())
}
