/** What a WebSocket's messages ask for: login, operations, their limits and their end. */
import { CloseCode } from 'graphql-ws'
import type { Context as SocketContext, ServerOptions, SubscribePayload } from 'graphql-ws'
import { GraphQLError, OperationTypeNode, getOperationAST } from 'graphql'
import type { DocumentNode, ExecutionArgs, GraphQLSchema } from 'graphql'
import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import { toTrail, withTrail } from '../telemetry/index.ts'
import { setDeadline } from '../deadline.ts'
import { PlenumError, invalidInput } from '../errors.ts'
import type { Session } from '../token/index.ts'
import type { Admission } from './admission.ts'
import { connectionAuthorization } from './auth.ts'
import type { ApiConfig } from './config.ts'
import type { Door } from './door.ts'
import type { Login } from './login.ts'
import type { FindDocument } from './persisted.ts'
import { execute, subscribe } from './execute.ts'
import type { Operation } from './execute.ts'
import { formatGraphqlError } from './format-error.ts'
import { meterRefusal } from './meter.ts'
import { tooLate } from './http.ts'
import { awaitCursor, createContext, toRequestId } from './request.ts'
import type { Nouns } from './request.ts'
import { closeCodes, longestReason } from './sockets.ts'
import type { PerToken } from './per-token.ts'
import type { Socket, Sockets } from './sockets.ts'
import type { Line } from './subscription/shared-answer.ts'
import type { Groups } from './subscription/groups.ts'

export interface Extra {
  socket: Socket
  webSocket: WebSocket
  request: IncomingMessage
  address: string
}
type Connection = SocketContext<Record<string, unknown>, Extra>

export interface SocketOptions {
  admission: Admission
  schema: GraphQLSchema
  config: ApiConfig
  nouns: Nouns
  door: Door
  login: Login
  find: FindDocument
  groups: Groups
  /** Those that last, by token. */
  operations: PerToken
  log: Logger
}

/** An operation that was let in, and the way to end it. */
interface Started {
  operation: Operation
  /** The cursor that is waited for. */
  after: string | undefined
  /** For answers that many are told. */
  line: Line
  end: () => void
}

/** What headers say over HTTP. */
interface Asking {
  after: string | undefined
  key: string | undefined
}

export function socketHooks(
  options: SocketOptions,
  sockets: Sockets,
): ServerOptions<Record<string, unknown>, Extra> {
  const { config, find, log } = options
  const { admit, start } = createStart(options, sockets)
  const started = new WeakMap<object, Started>()
  const startedOf = ({ contextValue }: ExecutionArgs) => started.get(contextValue as object) as Started
  const refuse = (error: unknown) => {
    meterRefusal(error)
    return [formatGraphqlError(error, { requestId: toRequestId(undefined), log })]
  }

  return {
    connectionInitWaitTimeout: 5_000,
    onConnect: (connection) => login(connection, options, sockets),
    onSubscribe({ extra, connectionParams }, id, payload) {
      const asker = askerOf(extra)
      const found = attempt(() => find(payload, asker) ?? noDocument())
      if (!('document' in found)) return found.flatMap(refuse)
      const { document } = found
      if (!('kind' in document)) return document.flatMap(refuse)
      const asked = getOperationAST(document, payload.operationName)
      if (!asked) return refuse(new GraphQLError('The document has no such operation'))
      const asking = toAsking(payload, connectionParams)
      const isLasting = asked.operation === OperationTypeNode.SUBSCRIPTION
      const leave = attempt(() => admit(extra, isLasting))
      if (typeof leave !== 'function') return leave.flatMap(refuse)
      const refused = sockets.begin(extra.socket)
      if (refused !== undefined) return (leave(), refuse(refused))
      const seconds = isLasting ? undefined : config.limits.requestSeconds
      const it = start(extra, id, payload, document, { ...asking, seconds, leave })
      started.set(it.operation.context, it)
      return argumentsOf(it.operation)
    },
    async execute(args) {
      const { operation, after, end } = startedOf(args)
      try {
        await awaitCursor(options.nouns.events, after, operation.context.signal)
        const trail = toTrail(operation.context.requestId, undefined)
        return await withTrail(trail, () => execute(operation))
      } catch (error) {
        return { errors: refuse(error) }
      } finally {
        end()
      }
    },
    async subscribe(args) {
      const { operation, line, end } = startedOf(args)
      const sharing = { groups: options.groups, line, answerBytes: config.limits.answerBytes }
      const result = await subscribe(operation, sharing, end)
      if (!(Symbol.asyncIterator in result)) end()
      return result
    },
  }
}

/** Takes operations up; one knows the way to end it. */
function createStart(options: SocketOptions, sockets: Sockets) {
  const { schema, log } = options
  return { admit, start }

  /** A subscription is taken up like a request, and then counted by a limit of its own. */
  function admit({ socket }: Extra, isLasting: boolean): () => void {
    const leave = options.admission.enter((socket.session as Session).viewer.tokenId)
    if (isLasting) leave()
    return leave
  }

  function start(
    { socket, address }: Extra,
    id: string,
    payload: SubscribePayload,
    document: DocumentNode,
    { seconds, after, key, leave }: Asking & { seconds: number | undefined; leave: () => void },
  ): Started {
    const controller = new AbortController()
    const late = (): void => controller.abort(tooLate(seconds ?? 0))
    if (seconds !== undefined) setDeadline(controller.signal, seconds * 1_000, () => tooLate(seconds))
    const timer = seconds === undefined ? undefined : setTimeout(late, seconds * 1_000)
    const context = createContext(options.nouns, {
      session: socket.session as Session,
      requestId: toRequestId(undefined),
      remoteAddress: address,
      idempotencyKey: key,
      signal: controller.signal,
    })
    const end = (): void => {
      if (!socket.running.delete(id)) return
      clearTimeout(timer)
      leave()
      sockets.end(socket)
      controller.abort(new DOMException('The operation ended', 'AbortError'))
    }
    socket.running.set(id, end)
    const { operationName, variables } = payload
    return {
      end,
      after,
      line: { send: (answers) => socket.share(id, answers) },
      operation: {
        schema,
        document,
        operationName: operationName ?? undefined,
        variables: variables ?? undefined,
        context,
        limits: options.config.limits,
        log,
      },
    }
  }
}

/** `plenumAfter` and `idempotencyKey` stand in an operation's extensions; the first may stand in the connection's parameters too, for all of them. */
function toAsking({ extensions }: SubscribePayload, parameters: Record<string, unknown> | undefined): Asking {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return {
    after: text(extensions?.['plenumAfter']) ?? text(parameters?.['plenumAfter']),
    key: text(extensions?.['idempotencyKey'])?.slice(0, 255),
  }
}

const askerOf = ({ socket, address }: Extra) => ({
  viewer: (socket.session as Session).viewer,
  remoteAddress: address,
  requestId: toRequestId(undefined),
})

function noDocument(): never {
  throw invalidInput('Send the operation as `query`')
}

/** What a limit refuses is told as the documents' other faults are. */
function attempt<T>(prepare: () => T): T | readonly unknown[] {
  try {
    return prepare()
  } catch (error) {
    return [error]
  }
}

function argumentsOf({ schema, document, operationName, variables, context }: Operation): ExecutionArgs {
  return {
    schema,
    document,
    operationName: operationName ?? null,
    variableValues: variables ?? null,
    contextValue: context,
  }
}

/** Lets a connection in; closes it with 4403 when it shows no good token. */
async function login(
  { extra, connectionParams }: Connection,
  options: SocketOptions,
  sockets: Sockets,
): Promise<boolean> {
  try {
    const authorization = connectionAuthorization(connectionParams, extra.request.headers)
    options.door.checkSecure(extra.request)
    const session = await options.login({
      authorization,
      address: extra.address,
      requestId: toRequestId(extra.request.headers['x-request-id']),
    })
    const refused = sockets.login(extra.socket, session)
    if (refused !== undefined) {
      extra.webSocket.close(closeCodes.tooMany, JSON.stringify(refused.details.limit).slice(0, longestReason))
    }
    return refused === undefined
  } catch (error) {
    if (!(error instanceof PlenumError)) throw error
    const code = error.code === 'RATE_LIMITED' ? closeCodes.tooMany : CloseCode.Forbidden
    extra.webSocket.close(code, error.message.slice(0, longestReason))
    return false
  }
}
