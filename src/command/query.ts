import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { follow, isSubscription } from './follow.ts'
import { formatTable } from './table.ts'
import { Refusal, untilInterrupted, type Command } from './command.ts'

export const query: Command = {
  usage: `query QUERY [--variables JSON] [--format table|json] [--first N] [--url URL] [--token TOKEN]
  Asks a running Plenum. QUERY is GraphQL, @FILE, or - for standard input; a subscription is followed until Ctrl-C, or for N messages. --url: PLENUM_URL or http://127.0.0.1:4000; --token: PLENUM_TOKEN.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        variables: { type: 'string', short: 'v' },
        format: { type: 'string', short: 'f', default: process.stdout.isTTY ? 'table' : 'json' },
        first: { type: 'string' },
        url: { type: 'string', default: process.env['PLENUM_URL'] ?? 'http://127.0.0.1:4000' },
        token: { type: 'string', default: process.env['PLENUM_TOKEN'] ?? '' },
      },
    })
    if (positionals.length !== 1)
      throw new Refusal("Give one query: plenum query '{ servers { totalCount } }'")
    if (values.format !== 'table' && values.format !== 'json')
      throw new Refusal(`--format is table or json, not ${values.format}`)
    if (values.token === '') throw new Refusal('A token is needed: set PLENUM_TOKEN, or give --token')
    const { url, token } = values
    const query = readQuery(positionals[0]!)
    const variables = parseVariables(values.variables)
    checkUrl(url)
    if (isSubscription(query)) {
      const first = parseCount(values.first)
      return follow({ url, token, query, variables, first, signal: untilInterrupted() })
    }
    const answer = await ask(url, token, { query, variables })
    process.stdout.write(
      values.format === 'json' || answer.data == null
        ? `${JSON.stringify(answer, null, 2)}\n`
        : formatTable(answer.data),
    )
    for (const error of answer.errors ?? [])
      process.stderr.write(`${error.path ? `${error.path.join('.')}: ` : ''}${error.message}\n`)
    return answer.errors ? 1 : 0
  },
}

interface Answer {
  data?: Record<string, unknown> | null
  errors?: { message: string; path?: (string | number)[] }[]
}

function readQuery(text: string): string {
  if (text === '-') return readFileSync(0, 'utf8')
  if (!text.startsWith('@')) return text
  try {
    return readFileSync(text.slice(1), 'utf8')
  } catch {
    throw new Refusal(`${text.slice(1)} cannot be read`)
  }
}

function parseCount(text: string | undefined): number {
  if (text === undefined) return Infinity
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Refusal(`--first is a number of messages, not ${text}`)
  return count
}

function checkUrl(url: string): void {
  if (!URL.canParse('/graphql', url))
    throw new Refusal(`${url} is no URL such as http://127.0.0.1:4000: see PLENUM_URL and --url`)
}

function parseVariables(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new Refusal(`--variables is no JSON: ${(error as Error).message}`)
  }
}

async function ask(url: string, token: string, body: unknown): Promise<Answer> {
  const signal = AbortSignal.any([untilInterrupted(), AbortSignal.timeout(120_000)])
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal,
  }).catch((error: Error) => {
    throw new Refusal(
      `Nothing answers at ${url}: ${error.cause instanceof Error ? error.cause.message : error.message}. Start it with npm start, or give --url`,
    )
  })
  const text = await response.text()
  try {
    return JSON.parse(text) as Answer
  } catch {
    throw new Refusal(`${url} does not answer as Plenum does (HTTP ${response.status})`)
  }
}
