/** Loki's query API over HTTP as it is documented (3.x): exact selectors and line filters with `|~`, the newest first, limits, refusals. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface FakeStream {
  labels: Record<string, string>
  lines: { at: number; text: string; metadata?: Record<string, string> }[]
}

export class FakeLoki {
  streams: FakeStream[] = []
  token = 'hush-hush-loki-token'
  orgId = 'plenum'
  requests: string[] = []
  mostLines = 5_000

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url!, 'http://loki')
    this.requests.push(`${request.method} ${url.pathname} ${url.searchParams.get('query') ?? ''}`.trim())
    const say = (status: number, body: unknown) =>
      void response
        .writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${this.token}`) return say(401, 'no')
    if (request.headers['x-scope-orgid'] !== this.orgId) return say(401, 'no org id')
    if (url.pathname === '/loki/api/v1/labels')
      return say(200, {
        status: 'success',
        data: [...new Set(this.streams.flatMap((one) => Object.keys(one.labels)))],
      })
    if (url.pathname !== '/loki/api/v1/query_range') return say(404, '404 page not found')
    const limit = Number(url.searchParams.get('limit'))
    if (limit > this.mostLines)
      return say(
        400,
        `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${this.mostLines})`,
      )
    const query = parseQuery(url.searchParams.get('query')!)
    if (query === undefined) return say(400, 'parse error at line 1, col 1: syntax error')
    const [start, end] = [BigInt(url.searchParams.get('start')!), BigInt(url.searchParams.get('end')!)]
    const chosen = this.streams
      .filter(({ labels }) => Object.entries(query.labels).every(([name, value]) => labels[name] === value))
      .flatMap(({ labels, lines }) => lines.map((line) => ({ labels, ...line })))
      .filter(({ at, text }) => {
        const nanoseconds = BigInt(at) * 1_000_000n + 123_456n
        return nanoseconds >= start && nanoseconds < end && query.tests.every((test) => test.test(text))
      })
      .sort((one, other) => other.at - one.at)
      .slice(0, limit)
    const result = [...Map.groupBy(chosen, ({ labels }) => labels)].map(([stream, lines]) => ({
      stream,
      values: lines.map(({ at, text, metadata }) => [`${at}123456`, text, ...(metadata ? [metadata] : [])]),
    }))
    say(200, { status: 'success', data: { resultType: 'streams', result, stats: {} } })
  }
}

/** A string of Go, at a place. */
const string = String.raw`"((?:[^"\\\n]|\\(?:u[0-9a-f]{4}|["\\nt]))*)"`

function parseQuery(text: string): { labels: Record<string, string>; tests: RegExp[] } | undefined {
  const [whole, inner, rest] = new RegExp(
    `^\\{((?:[a-zA-Z_]\\w*=${string},?)+)\\}((?: \\|~ ${string})*)$`,
  ).exec(text)
    ? [text, ...splitQuery(text)]
    : []
  if (whole === undefined) return undefined
  const labels = Object.fromEntries(
    [...inner!.matchAll(new RegExp(`([a-zA-Z_]\\w*)=${string}`, 'g'))].map(([, name, value]) => [
      name!,
      JSON.parse(`"${value}"`) as string,
    ]),
  )
  const tests = [...rest!.matchAll(new RegExp(`\\|~ ${string}`, 'g'))].map(([, value]) => {
    const pattern = JSON.parse(`"${value}"`) as string
    return new RegExp(pattern.replace(/^\(\?i\)/, ''), pattern.startsWith('(?i)') ? 'i' : '')
  })
  return { labels, tests }
}

function splitQuery(text: string): [string, string] {
  const end = new RegExp(`^\\{(?:[a-zA-Z_]\\w*=${string},?)+\\}`).exec(text)![0].length
  return [text.slice(1, end - 1), text.slice(end)]
}
