/** The published graphql-ws client on a real socket that a test can kill. */
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface TestSocket {
  client: Client
  /** Results of an operation, one by one. Leaving the loop completes it. */
  iterate<T = any>(query: string, variables?: Record<string, unknown>): AsyncGenerator<T>
  /** Resolves with the code and reason when the server closes it. */
  closed: Promise<{ code: number; reason: string }>
  /** Breaks the connection without a word. */
  kill(): void
  close(): Promise<void>
}

export function openSocket(url: string, token: string | undefined): TestSocket {
  const sockets: WebSocket[] = []
  const { promise: closed, resolve } = Promise.withResolvers<{ code: number; reason: string }>()
  class Recorded extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols)
      sockets.push(this)
      this.on('error', () => {})
      this.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    }
  }
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Recorded,
    ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    retryAttempts: 0,
    lazy: true,
    onNonLazyError: () => {},
  })
  return {
    client,
    async *iterate<T>(query: string, variables?: Record<string, unknown>) {
      const results = client.iterate({ query, ...(variables ? { variables } : {}) })
      for await (const { data, errors } of results) {
        if (errors?.length) throw Object.assign(new Error(errors[0]!.message), { errors })
        yield data as T
      }
    },
    closed,
    kill: () => sockets.forEach((socket) => socket.terminate()),
    close: async () => client.dispose(),
  }
}
