/** Loki's query API, or whatever speaks it: lines of a query in a range. */
import { z } from 'zod'
import { refuse, type Http, type HttpRequest } from '../http.ts'
import { SourceError } from '../source.ts'
import { levelOf } from './query.ts'

const labels = z.record(z.string(), z.string())
const answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('streams'),
    // A third member, where there is one, holds metadata of the line.
    result: z.array(
      z.object({ stream: labels, values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())) }),
    ),
  }),
})

export interface Range {
  query: string
  /** Milliseconds since the epoch, both within. */
  from: number
  to: number
  /** The newest so many. */
  limit: number
}

export interface Line {
  at: number
  level: number | null
  text: string
}

export class Client {
  readonly #http: Http
  readonly #headers: () => Promise<Record<string, string>>

  constructor(http: Http, headers: () => Promise<Record<string, string>>) {
    this.#http = http
    this.#headers = headers
  }

  async lines({ query, from, to, limit }: Range, signal: AbortSignal): Promise<Line[]> {
    const path = 'loki/api/v1/query_range'
    // Its `end` is not within.
    const range = { start: `${from}000000`, end: `${to + 1}000000`, limit, direction: 'backward' }
    const request = { path, query: { query, ...range } }
    const { status, headers, text } = await this.#send(request, signal)
    if (status === 400) throw new SourceError('bad', `it refuses the query: ${text.trim().slice(0, 300)}`)
    refuse(request, { status, headers })
    const parsed = answer.safeParse(parseJson(text))
    if (!parsed.success) throw new SourceError('bad', `GET ${path}: the answer is not of lines`)
    return parsed.data.data.result.flatMap(({ stream, values }) =>
      values.flatMap(([nanoseconds, said]) => {
        const at = Number(nanoseconds.slice(0, -6))
        return Number.isFinite(at) && nanoseconds.length > 6
          ? [{ at, level: levelOf(stream), text: said.replace(/\r?\n$/, '') }]
          : []
      }),
    )
  }

  /** Whether it answers and lets us ask. */
  async labels(signal: AbortSignal): Promise<string[]> {
    const request = { path: 'loki/api/v1/labels' }
    const { status, headers, text } = await this.#send(request, signal)
    refuse(request, { status, headers })
    const parsed = z
      .object({ status: z.literal('success'), data: z.array(z.string()).nullish() })
      .safeParse(parseJson(text))
    if (!parsed.success) throw new SourceError('bad', `GET ${request.path}: the answer is no list of labels`)
    return parsed.data.data ?? []
  }

  async #send(request: HttpRequest, signal: AbortSignal) {
    const headers = { accept: 'application/json', ...(await this.#headers()) }
    return this.#http.send({ ...request, headers }, signal)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
