/**
 * What can go wrong, named by what the reader can do about it. The codes are frozen: once landed, a string value never changes.
 * Every code has its row in docs/errors.md and is provoked through GraphQL by a test.
 */
export const errorCodes = [
  'INVALID_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'INSUFFICIENT_CAPACITY',
  'QUOTA_EXCEEDED',
  'SOURCE_UNAVAILABLE',
  'RATE_LIMITED',
  'LIMIT_EXCEEDED',
  'INTERNAL',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** Why a CONFLICT happened. */
export type ConflictReason = 'REVISION' | 'KEY_REUSED' | 'PLAN_STALE' | 'AMBIGUOUS' | 'STATE'

/** What an error tells beside its message; it becomes the GraphQL error's `extensions`. */
export interface ErrorDetails {
  /** Where in the caller's input the fault is: `input.items[3].links[0].to`, or a file's `line 7`. */
  path?: string
  reason?: ConflictReason
  /** The state that a REVISION conflict met. */
  current?: { id: string; revision: number; generation: number }
  /** The resources that an AMBIGUOUS ref matches. */
  candidates?: { id: string; kind: string; name: string }[]
  /** Further faults of the same input, so that one round trip shows them all (bounded to 100). */
  problems?: { path: string; message: string }[]
  /** Which limit was hit, its value, what was asked, and how much of that the field at `path` is. */
  limit?: { name: string; limit: number; asked?: number; most?: number }
  retryAfterSeconds?: number
  /** What of INSUFFICIENT_CAPACITY and QUOTA_EXCEEDED lacks, by resource class. */
  short?: { class: string; asked: number; free: number; missing: number }[]
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['SOURCE_UNAVAILABLE', 'RATE_LIMITED'])

/** An error whose message is meant for the caller. Anything else that is thrown reaches callers as a masked INTERNAL. */
export class PlenumError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PlenumError'
    this.code = code
    this.details = details
  }

  /** Whether the same request may succeed when sent again unchanged. */
  get retryable(): boolean {
    return retryableCodes.has(this.code)
  }
}

export function invalidInput(message: string, path?: string): PlenumError {
  return new PlenumError('INVALID_INPUT', message, path === undefined ? {} : { path })
}

export function notFound(message: string, path?: string): PlenumError {
  return new PlenumError('NOT_FOUND', message, path === undefined ? {} : { path })
}

/** A bound was hit: names itself, its value and what was asked for, so that the caller can ask for less. */
export function limitExceeded(name: string, limit: number, message: string, asked?: number): PlenumError {
  return new PlenumError('LIMIT_EXCEEDED', message, {
    limit: asked === undefined ? { name, limit } : { name, limit, asked },
  })
}
