/** A subscription at the terminal: every message is a line of JSON, until it ends, is interrupted, or so many have come. */
import { parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { print, Refusal } from './command.ts'

export interface FollowRequest {
  url: string
  token: string
  query: string
  variables: Record<string, unknown> | undefined
  /** Ends after so many messages. */
  first: number
  signal: AbortSignal
}

/** What cannot be read is for the server to refuse. */
export function isSubscription(query: string): boolean {
  try {
    return parse(query).definitions.some(
      (one) => one.kind === 'OperationDefinition' && one.operation === 'subscription',
    )
  } catch {
    return false
  }
}

/** The exit code. */
export async function follow({
  url,
  token,
  query,
  variables,
  first,
  signal,
}: FollowRequest): Promise<number> {
  const client = createClient({
    url: new URL('/graphql', url.replace(/^http/, 'ws')).href,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  })
  const stop = () => void client.dispose()
  signal.addEventListener('abort', stop)
  try {
    let count = 0
    for await (const { data, errors } of client.iterate({ query, ...(variables ? { variables } : {}) })) {
      for (const { message } of errors ?? []) process.stderr.write(`${message}\n`)
      if (errors) return 1
      await print(`${JSON.stringify(data)}\n`)
      if (++count >= first) break
    }
    return 0
  } catch (error) {
    if (signal.aborted) return 0
    throw toRefusal(error, url)
  } finally {
    signal.removeEventListener('abort', stop)
    await client.dispose()
  }
}

/** The client throws what it got: the errors of a refused operation, how the socket was closed, or why it could not be opened. */
function toRefusal(error: unknown, url: string): Refusal {
  if (Array.isArray(error)) return new Refusal(error.map(({ message }: Error) => message).join('; '))
  const { reason, message } = error as { reason?: string; message?: string }
  if (reason) return new Refusal(`${url} ended it: ${reason}`)
  return new Refusal(`Nothing can be followed at ${url}${message ? `: ${message}` : ''}`)
}
