/** Prometheus' remote write and query API over HTTP, with deadlines and bounds. */
import { compress } from 'snappyjs'
import { encodeWriteRequest, type RemoteSeries } from './write-request.ts'

export interface ClientOptions {
  write: string
  query: string | undefined
  headers(): Promise<Record<string, string>>
  requestMs: number
}

/** What the remote does not take, or cannot do now. */
export class RemoteError extends Error {
  override name = 'RemoteError'
  /** `refused`: this will never be taken; `busy`: later. */
  readonly kind: 'refused' | 'busy'
  readonly retryAfterMs: number | undefined
  constructor(
    kind: 'refused' | 'busy',
    message: string,
    rest: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, rest.cause === undefined ? undefined : { cause: rest.cause })
    this.kind = kind
    this.retryAfterMs = rest.retryAfterMs
  }
}

export interface MatrixSeries {
  labels: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  times: Float64Array
  values: Float64Array
}

const mostAnswerBytes = 256 * 2 ** 20
const mostToldBytes = 4_096
const longestWaitMs = 600_000

export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  get answers(): boolean {
    return this.#options.query !== undefined
  }

  async write(series: readonly RemoteSeries[], signal: AbortSignal): Promise<void> {
    const response = await this.#send(
      this.#options.write,
      {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      Uint8Array.from(compress(encodeWriteRequest(series))),
      signal,
    )
    if (response.ok) return void (await response.body?.cancel())
    throw await toError(response)
  }

  /** A range of raw samples, or of a function over steps. */
  async matrix(
    path: 'query' | 'query_range',
    form: Record<string, string>,
    signal: AbortSignal,
  ): Promise<MatrixSeries[]> {
    const base = this.#options.query!.replace(/\/$/, '')
    const response = await this.#send(
      `${base}/api/v1/${path}`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams(form).toString(),
      signal,
    )
    const text = await readText(response, response.ok ? mostAnswerBytes : mostToldBytes)
    if (!response.ok) throw errorOf(response, text)
    return toMatrix(text)
  }

  async #send(
    url: string,
    headers: Record<string, string>,
    body: Uint8Array<ArrayBuffer> | string,
    signal: AbortSignal,
  ): Promise<Response> {
    const own = await this.#options.headers().catch((cause: unknown) => {
      throw new RemoteError('busy', `a header cannot be read: ${(cause as Error).message}`, { cause })
    })
    try {
      return await fetch(url, {
        method: 'POST',
        headers: { ...headers, ...own },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#options.requestMs)]),
      })
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      const { name, cause: below } = cause as { name: string; cause?: { code?: string } }
      throw new RemoteError(
        'busy',
        name === 'TimeoutError' ? 'no answer in time' : `it cannot be reached (${below?.code ?? name})`,
        { cause },
      )
    }
  }
}

async function toError(response: Response): Promise<RemoteError> {
  return errorOf(response, await readText(response, mostToldBytes).catch(() => ''))
}

function errorOf({ status, headers }: Response, text: string): RemoteError {
  const told = `${status} ${text.replace(/\s+/g, ' ').slice(0, 200)}`.trim()
  if (status === 400 || status === 413 || status === 422) return new RemoteError('refused', told)
  const seconds = Number(headers.get('retry-after'))
  return new RemoteError('busy', told, {
    ...(seconds > 0 ? { retryAfterMs: Math.min(seconds * 1_000, longestWaitMs) } : {}),
  })
}

async function readText(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > most) {
        if (!response.ok) break
        throw new RemoteError(
          'refused',
          `the answer has more than ${most} bytes: take a shorter range or fewer series`,
        )
      }
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof RemoteError) throw cause
    throw new RemoteError('busy', 'the answer was cut off', { cause })
  }
  return Buffer.concat(chunks).toString('utf8')
}

function toMatrix(text: string): MatrixSeries[] {
  try {
    const { data } = JSON.parse(text) as {
      data: { resultType: string; result: { metric: Record<string, string>; values: [number, string][] }[] }
    }
    if (data.resultType !== 'matrix') throw new Error('it is no matrix')
    return data.result.map(({ metric, values }) => ({
      labels: metric,
      times: Float64Array.from(values, ([seconds]) => Math.round(seconds * 1_000)),
      values: Float64Array.from(values, ([, value]) => Number(value)),
    }))
  } catch (cause) {
    throw new RemoteError('busy', 'the answer is not of the form that is known', { cause })
  }
}
