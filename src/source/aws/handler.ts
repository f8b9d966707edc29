/** How the SDK sends: by our HTTP, one client for each address. */
import { Readable } from 'node:stream'
import { openHttp, type Http, type HttpRequest } from '../http.ts'
import { SourceError, type SourceEnvironment } from '../source.ts'

/** What is used of the SDK's requests. */
export interface SdkRequest {
  method: string
  protocol: string
  hostname: string
  port?: number
  path: string
  query?: Record<string, string | string[] | null>
  headers: Record<string, string>
  body?: unknown
}

/** Actions that change nothing. */
const isQuestion = (body: string): boolean =>
  /(?:^|&)Action=(?:Describe\w+|GetCallerIdentity|AssumeRole)(?:&|$)/.test(body)

const forever = new AbortController().signal

export class Handler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #environment: SourceEnvironment
  readonly #deadlineMs: number
  readonly #clients = new Map<string, Http>()

  constructor(environment: SourceEnvironment, deadlineMs: number) {
    this.#environment = environment
    this.#deadlineMs = deadlineMs
  }

  async handle(
    request: SdkRequest,
    { abortSignal }: { abortSignal?: unknown } = {},
  ): Promise<{ response: { statusCode: number; headers: Record<string, string>; body: Readable } }> {
    const text = typeof request.body === 'string' ? request.body : ''
    const question: Pick<HttpRequest, 'harmless'> = isQuestion(text) ? { harmless: 'query' } : {}
    const { 'content-length': _, host: __, ...headers } = request.headers
    const answer = await this.#clientOf(request).send(
      {
        method: request.method as NonNullable<HttpRequest['method']>,
        path: request.path,
        headers,
        text,
        ...question,
      },
      abortSignal instanceof AbortSignal ? abortSignal : forever,
    )
    const told = Object.entries(answer.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    )
    const body = Readable.from([Buffer.from(answer.text)])
    // Also the SDK does not follow where somebody else leads.
    if (answer.status >= 300 && answer.status < 400)
      throw new SourceError('bad', 'the answer leads elsewhere')
    return { response: { statusCode: answer.status, headers: Object.fromEntries(told), body } }
  }

  destroy(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): object {
    return {}
  }

  #clientOf({ protocol, hostname, port }: SdkRequest): Http {
    const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
    const client =
      this.#clients.get(url) ??
      openHttp({ url, environment: this.#environment, deadlineMs: this.#deadlineMs })
    this.#clients.set(url, client)
    return client
  }
}
