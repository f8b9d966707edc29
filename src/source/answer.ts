/** What comes back over HTTP: read within bounds, and what is wrong with it as a SourceError. */
import type { IncomingMessage } from 'node:http'
import { SourceError, type SourceFailure } from './source.ts'

export interface HttpRequest {
  path: string
  query?: Readonly<Record<string, string | number>>
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, with the content type that `headers` say. */
  text?: string
  /** Why a request that is no GET changes nothing there: it logs in, or only asks. */
  harmless?: 'login' | 'query'
}

export interface HttpAnswer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

/** What the other side says of itself by a status that is no success. */
export function failureOf(status: number): SourceFailure {
  if (status === 401 || status === 403 || status === 407) return 'denied'
  if (status === 404 || status === 410) return 'missing'
  if (status === 408 || status === 504) return 'timeout'
  if (status === 429 || status === 503) return 'busy'
  return status >= 500 ? 'failed' : 'bad'
}

/** What is no success, as an error. */
export function refuse(request: HttpRequest, { status, headers }: Omit<HttpAnswer, 'text'>): void {
  if (status >= 200 && status <= 299) return
  const retryAfterMs = toRetryAfter(headers['retry-after'])
  throw new SourceError(
    failureOf(status),
    `${nameOf(request)}: ${status}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}

export const nameOf = ({ method = 'GET', path }: HttpRequest): string =>
  `${method} ${path
    .split('?', 1)[0]!
    .replace(/[^\x21-\x7e]/g, '?')
    .slice(0, 200)}`

export async function readText(incoming: IncomingMessage, mostBytes: number, what: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size > mostBytes) throw new SourceError('bad', `${what}: the answer has more than ${mostBytes} bytes`)
    chunks.push(chunk as Buffer)
  }
  if (!incoming.complete) throw new SourceError('unreachable', `${what}: the answer was cut off`)
  return Buffer.concat(chunks).toString('utf8')
}

export async function* linesOf(
  incoming: IncomingMessage,
  mostBytes: number,
  what: string,
): AsyncGenerator<string> {
  let rest = ''
  incoming.setEncoding('utf8')
  for await (const chunk of incoming) {
    const lines = (chunk as string).split('\n')
    lines[0] = rest + lines[0]!
    rest = lines.pop()!
    if (rest.length > mostBytes)
      throw new SourceError('bad', `${what}: a line has more than ${mostBytes} bytes`)
    for (const line of lines) if (line.trim() !== '') yield line
  }
  if (!incoming.complete) throw new SourceError('unreachable', `${what}: the answer was cut off`)
  if (rest.trim() !== '') yield rest
}

/** Certificates that cannot be right; what is in OpenSSL's texts goes no further than their code. */
const certificateCode = /^(?:CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|HOSTNAME_MISMATCH|EPROTO)/
const unreachableCode = /^(?:ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ENOENT|EACCES|EADDRNOTAVAIL)/

export function toSourceError(error: unknown, what: string): SourceError {
  if (error instanceof SourceError) return error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (certificateCode.test(code)) return new SourceError('bad', `${what}: TLS: ${code}`, { cause: error })
  if (code === 'ETIMEDOUT') return new SourceError('timeout', `${what}: ${code}`, { cause: error })
  if (unreachableCode.test(code)) return new SourceError('unreachable', `${what}: ${code}`, { cause: error })
  if (code.startsWith('HPE_')) return new SourceError('bad', `${what}: no HTTP: ${code}`, { cause: error })
  return new SourceError('unreachable', `${what}: ${code || 'the connection broke'}`, { cause: error })
}

/** Seconds or a date; at most an hour is believed. */
export function toRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined
}
