/**
 * What callers see of an error. PlenumErrors are shown as they are; faults of the document or its variables are INVALID_INPUT; anything
 * else is masked as INTERNAL and logged once with its whole chain of causes.
 */
import { GraphQLError } from 'graphql'
import type { GraphQLFormattedError } from 'graphql'
import type { Logger } from 'pino'
import { isAway } from '../db.ts'
import { PlenumError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/** What an error needs to know about the request that met it. */
export interface ErrorScope {
  requestId: string
  log: Logger
}

const statuses: Record<ErrorCode, number> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INSUFFICIENT_CAPACITY: 409,
  QUOTA_EXCEEDED: 409,
  SOURCE_UNAVAILABLE: 503,
  RATE_LIMITED: 429,
  LIMIT_EXCEEDED: 400,
  INTERNAL: 500,
}

/** HTTP status of a request that failed as a whole with this code. Errors of single fields stay within a 200. */
export function httpStatus(error: PlenumError): number {
  return error.details.limit?.name === 'bodyBytes' ? 413 : statuses[error.code]
}

/** The error as the wire has it. */
export function formatError(error: unknown, scope: ErrorScope): GraphQLFormattedError {
  const shown = toPlenumError(error)
  if (shown.code === 'INTERNAL') logOnce(error, scope, 'error')
  else if (shown === away) logOnce(error, scope, 'warn')
  const located = error instanceof GraphQLError ? error : undefined
  return {
    message: shown.message,
    ...(located?.locations === undefined ? {} : { locations: located.locations }),
    ...(located?.path === undefined ? {} : { path: located.path }),
    extensions: extensionsOf(shown, scope.requestId),
  }
}

/** The same as an instance, for those who insist on one. */
export function formatGraphqlError(error: unknown, scope: ErrorScope): GraphQLError {
  const { message, locations, path, extensions } = formatError(error, scope)
  const shown = new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null })
  return locations === undefined ? shown : Object.assign(shown, { locations })
}

function extensionsOf(error: PlenumError, requestId: string): Record<string, unknown> {
  return { code: error.code, retryable: error.retryable, requestId, ...error.details }
}

/** The innermost error that somebody meant for the caller. */
export function toPlenumError(error: unknown): PlenumError {
  if (error instanceof PlenumError) return error
  if (isAway(error)) return away
  if (!(error instanceof GraphQLError)) return masked()
  if (error.originalError instanceof PlenumError) return error.originalError
  if (isAway(error.originalError)) return away
  if (isFaultOfDocument(error)) return new PlenumError('INVALID_INPUT', error.message)
  return masked()
}

/** Whether a write was done is not known: the same idempotency key makes it known. */
const away = new PlenumError('SOURCE_UNAVAILABLE', 'The database is away: ask again, a write with its key', {
  retryAfterSeconds: 1,
})

const masked = (): PlenumError =>
  new PlenumError('INTERNAL', 'Something failed that should not: tell the operator the requestId')

/** Codes that Apollo Server gives to requests, documents and variables that are at fault themselves. */
const faultCodes = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_FOUND',
])

/** A fault without a path was found before execution; while executing only arguments can be the caller's fault. */
function isFaultOfDocument(error: GraphQLError): boolean {
  if (faultCodes.has(error.extensions.code)) return true
  const { originalError } = error
  if (error.path === undefined) return originalError === undefined || originalError instanceof GraphQLError
  return originalError instanceof GraphQLError && /^(Argument|Variable) "/.test(error.message)
}

const logged = new WeakSet<object>()

function logOnce(error: unknown, scope: ErrorScope, level: 'error' | 'warn'): void {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error
  // Whoever asked is gone: nobody is told, and nothing is wrong.
  if (original instanceof DOMException && original.name === 'AbortError') return
  if (typeof original === 'object' && original !== null) {
    if (logged.has(original)) return
    logged.add(original)
  }
  scope.log[level]({ err: original, requestId: scope.requestId }, 'a request failed')
}
