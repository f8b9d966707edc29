/** A GraphQL request whose answers are wanted as Server-Sent Events. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError, OperationTypeNode, getOperationAST, type GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { setDeadline } from '../deadline.ts'
import { invalidInput } from '../errors.ts'
import type { Session } from '../token/index.ts'
import { stringifyAnswer } from './answer.ts'
import { answerTooLarge } from './apollo.ts'
import type { ApiConfig } from './config.ts'
import { execute, subscribe, type Operation } from './execute.ts'
import { formatError, formatGraphqlError } from './format-error.ts'
import { graphqlJson, headerOf, tooLate } from './http.ts'
import { askedOf, type FindDocument } from './persisted.ts'
import { awaitCursor, createContext, type Nouns } from './request.ts'
import type { EventStream, EventStreams } from './sse.ts'
import type { Groups } from './subscription/groups.ts'

export interface StreamRoute {
  config: ApiConfig
  nouns: Nouns
  schema: GraphQLSchema
  find: FindDocument
  groups: Groups
  streams: EventStreams
  log: Logger
}

export interface StreamEntry {
  session: Session
  address: string
  /** It is no longer one of the requests that run. */
  leave: () => void
}

export async function answerByStream(
  route: StreamRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Record<string, unknown> | undefined,
  { session, address, leave }: StreamEntry,
): Promise<FastifyReply> {
  const { config, nouns, schema, find, streams, log } = route
  const asked = body ?? askedOf(request.query as Record<string, unknown>)
  const found = find(asked, { viewer: session.viewer, remoteAddress: address, requestId: request.id })
  if (found === undefined) throw invalidInput('Send the operation as `query`')
  if (!('kind' in found.document)) return refuse(route, request, reply, found.document)
  const { document } = found
  const { operationName, variables } = namedOf(body ?? (request.query as Record<string, unknown>))
  const operation = getOperationAST(document, operationName)
  if (!operation)
    return refuse(route, request, reply, [new GraphQLError('The document has no such operation')])
  if (operation.operation === OperationTypeNode.MUTATION && request.method !== 'POST')
    throw invalidInput('Send a mutation with POST')
  const controller = new AbortController()
  const context = createContext(nouns, {
    session,
    signal: controller.signal,
    requestId: request.id,
    remoteAddress: address,
    idempotencyKey: headerOf(request, 'idempotency-key')?.slice(0, 255),
  })
  await awaitCursor(nouns.events, headerOf(request, 'plenum-after'), controller.signal)
  const end = (): void => controller.abort(new DOMException('The operation ended', 'AbortError'))
  const stream = streams.open(reply, session, end)
  const it = { schema, document, operationName, variables, context, log, limits: config.limits }
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
    leave()
    await follow(route, stream, it, end)
  } else {
    const { requestSeconds } = config.limits
    const late = (): void => controller.abort(tooLate(requestSeconds))
    setDeadline(controller.signal, requestSeconds * 1_000, () => tooLate(requestSeconds))
    const timer = setTimeout(late, requestSeconds * 1_000)
    await stream.next(await execute(it))
    clearTimeout(timer)
  }
  stream.end(true)
  return reply
}

/** Message by message, until the operation or whoever listens ends. */
async function follow(
  { groups, config }: StreamRoute,
  stream: EventStream,
  operation: Operation,
  end: () => void,
): Promise<void> {
  const { answerBytes } = config.limits
  const result = await subscribe(operation, { groups, line: stream, answerBytes }, end)
  if (!(Symbol.asyncIterator in result)) return stream.next(result)
  for await (const one of result) {
    const size = stringifyAnswer(one).length
    if (size <= answerBytes) await stream.next(one)
    else {
      const scope = { requestId: operation.context.requestId, log: operation.log }
      return stream.next({ errors: [formatError(answerTooLarge(size, answerBytes), scope) as never] })
    }
  }
}

/** What is not begun is answered as any other request is. */
function refuse(
  { log }: StreamRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  faults: readonly GraphQLError[],
): FastifyReply {
  const errors = faults.map((error) => formatGraphqlError(error, { requestId: request.id, log }))
  void reply.code(400).type(`${graphqlJson}; charset=utf-8`).header('cache-control', 'no-store')
  return reply.send(JSON.stringify({ errors }))
}

function namedOf({ operationName, variables }: { operationName?: unknown; variables?: unknown }): {
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
} {
  const given = typeof variables === 'string' ? parsed(variables) : variables
  if (given != null && (typeof given !== 'object' || Array.isArray(given)))
    throw invalidInput('variables must be an object', 'variables')
  return {
    operationName: typeof operationName === 'string' ? operationName : undefined,
    variables: (given as Record<string, unknown> | null | undefined) ?? undefined,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidInput('variables must be JSON', 'variables')
  }
}
