/**
 * One login to a cloud: its token, renewed before it ends and when it is refused, and what its catalog says. Requests that are told to come later do so, as long as
 * that is soon.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { openHttp, toRetryAfter, failureOf, type Http, type HttpAnswer, type HttpRequest } from '../http.ts'
import { SourceError, type SourceEnvironment } from '../source.ts'
import type { Account } from './cloud.ts'

const endpoint = z.object({
  interface: z.string(),
  region_id: z.string().nullish(),
  region: z.string().nullish(),
  url: z.string(),
})
const token = z.object({
  token: z.object({
    expires_at: z.string(),
    roles: z.array(z.object({ name: z.string() })).nullish(),
    project: z.object({ id: z.string(), name: z.string() }).nullish(),
    catalog: z.array(z.object({ type: z.string(), endpoints: z.array(endpoint) })).nullish(),
  }),
})
type Token = z.infer<typeof token>['token']

interface Login {
  id: string
  token: Token
  until: number
}

/** A token that ends within this is renewed before it is used. */
const earlyMs = 60_000
const mostWaitMs = 60_000
const mostWaits = 3

export class Session {
  readonly account: Account
  readonly #environment: SourceEnvironment
  readonly #deadlineMs: number
  readonly #clients = new Map<string, Http>()
  #login: Promise<Login> | undefined

  constructor(account: Account, environment: SourceEnvironment, deadlineMs: number) {
    this.account = account
    this.#environment = environment
    this.#deadlineMs = deadlineMs
  }

  async token(signal: AbortSignal): Promise<Token> {
    return (await this.#current(signal)).token
  }

  /** With a token; what is no success is thrown. */
  async send(url: string, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    for (let waits = 0, renewed = false; ;) {
      const login = await this.#current(signal)
      const headers = { accept: 'application/json', ...request.headers, 'x-auth-token': login.id }
      const answer = await this.#client(url).send({ ...request, headers }, signal)
      if (answer.status === 401 && !renewed) {
        renewed = true
        await this.#drop(login)
        continue
      }
      if (answer.status < 300 || answer.status === 300) return answer
      const retryAfterMs = toRetryAfter(answer.headers['retry-after'])
      const isLater = (answer.status === 429 || answer.status === 503) && retryAfterMs !== undefined
      if (!isLater || retryAfterMs > mostWaitMs || waits++ === mostWaits)
        throw new SourceError(
          failureOf(answer.status),
          `${request.method ?? 'GET'} ${request.path.split('?', 1)[0]}: ${answer.status}${reasonOf(request, answer)}`,
          retryAfterMs === undefined ? {} : { retryAfterMs },
        )
      await rest(retryAfterMs, signal)
    }
  }

  /** One login for all who wait. Who gives up may not spoil it for the others: they try by themselves. */
  async #current(signal: AbortSignal): Promise<Login> {
    for (;;) {
      const login = (this.#login ??= this.#logIn(signal))
      try {
        const known = await login
        if (known.until - earlyMs > Date.now()) return known
        if (this.#login === login) this.#login = undefined
      } catch (error) {
        if (this.#login === login) this.#login = undefined
        if (signal.aborted || (error as SourceError).failure !== 'aborted') throw error
      }
    }
  }

  async #drop(login: Login): Promise<void> {
    const now = await this.#login?.catch(() => undefined)
    if (now?.id === login.id) this.#login = undefined
  }

  async #logIn(signal: AbortSignal): Promise<Login> {
    const began = Date.now()
    const body = await this.account.login()
    const request: HttpRequest = { path: 'auth/tokens', method: 'POST', body, harmless: 'login' }
    const answer = await this.#client(withVersion(this.account.authUrl, 'v3')).send(request, signal)
    if (answer.status !== 201 && answer.status !== 200)
      throw new SourceError(failureOf(answer.status), `the login is refused: ${answer.status}`)
    const parsed = parseJson(token, 'auth/tokens', answer.text).token
    const id = answer.headers['x-subject-token']
    if (typeof id !== 'string') throw new SourceError('bad', 'auth/tokens: the answer has no token')
    const until = Date.parse(parsed.expires_at)
    // Its clock may be another: a token that seems to be over is believed for a while.
    return {
      id,
      token: parsed,
      until: Number.isFinite(until) && until > began + 2 * earlyMs ? until : began + 3 * earlyMs,
    }
  }

  #client(url: string): Http {
    let client = this.#clients.get(url)
    if (client === undefined) {
      const { ca } = this.account
      client = openHttp({
        url,
        environment: this.#environment,
        deadlineMs: this.#deadlineMs,
        ...(ca === undefined ? {} : { ca }),
      })
      this.#clients.set(url, client)
    }
    return client
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (cause) {
    throw new SourceError('aborted', 'given up', { cause })
  }
}

/**
 * Why a change is refused, in the service's words. Not where it calls the request ill-formed: that quotes what was sent.
 */
function reasonOf({ method = 'GET' }: HttpRequest, { status, text }: HttpAnswer): string {
  if (method === 'GET' || (status !== 403 && status !== 409 && status !== 413)) return ''
  try {
    const [body] = Object.values(JSON.parse(text) as Record<string, { message?: unknown } | string>)
    const message = typeof body === 'string' ? body : body?.message
    return typeof message === 'string' ? `: ${message.slice(0, 200)}` : ''
  } catch {
    return ''
  }
}

/** `http://host/identity` with the version that is meant, whether it is there already or another one is. */
export function withVersion(url: string, version: string): string {
  const plain = url.replace(/\/+$/, '')
  return /\/v\d+(?:\.\d+)?$/.test(plain)
    ? plain.replace(/\/v\d+(?:\.\d+)?$/, `/${version}`)
    : `${plain}/${version}`
}

/** The answer in the shape that is used of it; SourceError when it has another. */
export function parseJson<T>(shape: z.ZodType<T>, what: string, text: string): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new SourceError('bad', `${what}: the answer is no JSON`)
  }
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const at = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new SourceError('bad', `${what}: the answer is not of the shape that is known (${at.slice(0, 100)})`)
}
