/** What the SDK throws, as what can be done about it. Its messages may repeat what was sent: only the code is told. */
import { failureOf } from '../http.ts'
import { SourceError, type SourceFailure } from '../source.ts'

const failures: readonly [RegExp, SourceFailure][] = [
  [/Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimit/i, 'busy'],
  [
    /AuthFailure|Unauthorized|AccessDenied|InvalidClientTokenId|Signature|ExpiredToken|OptInRequired|Credentials/i,
    'denied',
  ],
  [/NotFound/i, 'missing'],
]

export function toSourceError(what: string, error: unknown, signal: AbortSignal): SourceError {
  if (signal.aborted) return new SourceError('aborted', `${what}: given up`)
  const own = findOwn(error)
  if (own !== undefined) return new SourceError(own.failure, `${what}: ${own.message}`)
  const { name = 'Error', $metadata: metadata } = error as {
    name?: string
    $metadata?: { httpStatusCode?: number }
  }
  const code = /^[\w.]{1,60}$/.test(name) ? name : 'Error'
  const status = metadata?.httpStatusCode
  const known = failures.find(([pattern]) => pattern.test(code))?.[1]
  const byStatus = status === undefined || status < 400 ? 'bad' : failureOf(status)
  return new SourceError(known ?? byStatus, `${what}: ${code}${status === undefined ? '' : ` (${status})`}`)
}

/** The SDK may wrap what our HTTP threw. */
function findOwn(error: unknown): SourceError | undefined {
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (one instanceof SourceError) return one
  return undefined
}
