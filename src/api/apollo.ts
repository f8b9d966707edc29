/** Apollo Server as the one who speaks GraphQL over HTTP; executing is ours. */
import { ApolloServer, HeaderMap } from '@apollo/server'
import type { ApolloServerOptions, ApolloServerPlugin, HTTPGraphQLRequest } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { GraphQLError, OperationTypeNode } from 'graphql'
import type { ExecutionResult, FormattedExecutionResult, GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import type { Context } from '../context.ts'
import { PlenumError, limitExceeded } from '../errors.ts'
import { stringifyAnswer, type Answer } from './answer.ts'
import type { ApiConfig, ApiLimits } from './config.ts'
import { errorAnswer, execute } from './execute.ts'
import { formatError, toPlenumError } from './format-error.ts'
import { meterRefusal } from './meter.ts'
import { currentScope } from './scope.ts'
import type { RequestScope } from './scope.ts'

export async function startApollo(options: {
  schema: GraphQLSchema
  config: Pick<ApiConfig, 'limits' | 'introspection'>
  log: Logger
}): Promise<ApolloServer<Context>> {
  const {
    schema,
    config: { limits, introspection },
    log,
  } = options
  const server = new ApolloServer<Context>({
    schema,
    // A browser cannot be tricked into sending our header: tokens are never cookies.
    csrfPrevention: { requestHeaders: ['authorization', 'apollo-require-preflight'] },
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    parseOptions: { maxTokens: limits.tokens },
    documentStore: preparedDocuments,
    logger: log,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      executePlugin(schema, limits, log),
    ],
    formatError: (_, error) => formatRequestError(error, log),
    stringifyResult: (value) => stringify(value, limits.answerBytes, log),
  })
  await server.start()
  return server
}

/** Documents come parsed and validated; faulty ones it reads again to say what is wrong with them. */
const preparedDocuments: NonNullable<ApolloServerOptions<Context>['documentStore']> = {
  get: async () => currentScope()?.document,
  set: async () => undefined,
  delete: async () => false,
}

/** Answers every operation with our executor. Its errors are formatted already. */
function executePlugin(schema: GraphQLSchema, limits: ApiLimits, log: Logger): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ operation }) => {
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION) throw onlyBySocket()
      },
      responseForOperation: async ({ request, document, contextValue }) => {
        const { operationName, variables } = request
        const result = await execute({
          schema,
          document,
          operationName,
          variables,
          context: contextValue,
          limits,
          log,
        })
        const status = result.data === undefined ? 400 : undefined
        return {
          http: { headers: new HeaderMap(), ...(status === undefined ? {} : { status }) },
          body: { kind: 'single', singleResult: formatted(result) },
        }
      },
    }),
  }
}

const onlyBySocket = (): GraphQLError =>
  new GraphQLError('Subscriptions go over WebSocket, at the same path', {
    extensions: { code: 'BAD_REQUEST' },
  })

const formatted = (result: ExecutionResult): FormattedExecutionResult => result as FormattedExecutionResult

const documentFaults = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
])

/** Errors of a request that was not executed. */
function formatRequestError(error: unknown, log: Logger) {
  const scope: RequestScope = currentScope() ?? { requestId: 'unknown', log }
  scope.failure = toPlenumError(error)
  meterRefusal(error)
  scope.wellFormed = error instanceof GraphQLError && documentFaults.has(error.extensions.code)
  return formatError(error, scope)
}

/** The answer's JSON; one that is too large becomes an error that says so. */
function stringify(value: unknown, limit: number, log: Logger): string {
  const text = stringifyAnswer(value as Answer)
  const bytes = Buffer.byteLength(text)
  return bytes <= limit ? text : errorAnswer(formatRequestError(answerTooLarge(bytes, limit), log))
}

export const answerTooLarge = (bytes: number, limit: number): PlenumError =>
  limitExceeded('answerBytes', limit, 'The answer is too large: ask for fewer fields or smaller pages', bytes)

export function toApolloRequest(
  method: string,
  url: string,
  headers: NodeJS.Dict<string | string[]>,
  body: unknown,
): HTTPGraphQLRequest {
  const map = new HeaderMap()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const question = url.indexOf('?')
  return { method, headers: map, search: question === -1 ? '' : url.slice(question), body }
}
