/** Prometheus' query API, or whatever speaks it (VictoriaMetrics, Thanos, Mimir): what a query gives now. */
import { z } from 'zod'
import { refuse, type Http, type HttpRequest } from '../http.ts'
import { SourceError } from '../source.ts'

/** One series of an answer, with its value. */
export interface Point {
  labels: Readonly<Record<string, string>>
  value: number
  at: number
}

const path = 'api/v1/query'
const answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
})
const refusal = z.object({ status: z.literal('error'), error: z.string() })

export class Client {
  readonly #http: Http
  readonly #headers: () => Promise<Record<string, string>>

  constructor(http: Http, headers: () => Promise<Record<string, string>>) {
    this.#http = http
    this.#headers = headers
  }

  async query(query: string, signal: AbortSignal): Promise<Point[]> {
    const headers = { accept: 'application/json', ...(await this.#headers()) }
    const request: HttpRequest = { path, query: { query }, headers }
    const { status, text, ...rest } = await this.#http.send(request, signal)
    const value = parseJson(text)
    const refused = refusal.safeParse(value)
    if (refused.success && (status === 400 || status === 422))
      throw new SourceError('bad', `it refuses the query: ${refused.data.error.slice(0, 300)}`)
    refuse(request, { status, ...rest })
    const parsed = answer.safeParse(value)
    if (!parsed.success) throw new SourceError('bad', `GET ${path}: the answer is no vector`)
    return parsed.data.data.result.map(({ metric, value: [seconds, number] }) => ({
      labels: metric,
      value: toNumber(number),
      at: Math.round(seconds * 1_000),
    }))
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As Prometheus writes it: `NaN`, `+Inf` and `-Inf` beside numbers. */
const toNumber = (text: string): number =>
  /^[+-]?Inf$/.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : text === '' ? NaN : Number(text)
