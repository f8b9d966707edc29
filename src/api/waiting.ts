/** Answers on the port while the process starts: that it lives, and that it is not ready and why. Loading a large graph takes a while. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { ApiConfig } from './config.ts'
import { toReadiness } from './health.ts'

export interface Waiting {
  /** The port is free again when it resolves. */
  close(): Promise<void>
}

const notYet = toReadiness({ starting: 'the process starts: the graph is being loaded' })
const retryAfterSeconds = 5

const answer: RequestListener = (request, response) => {
  const path = request.url?.split('?', 1)[0]
  const body =
    path === '/health/live'
      ? { live: true }
      : path === '/health/ready'
        ? notYet
        : {
            errors: [
              {
                message: 'Plenum starts: come again',
                extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds },
              },
            ],
          }
  response.writeHead(path === '/health/live' ? 200 : 503, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': String(retryAfterSeconds),
    connection: 'close',
  })
  response.end(JSON.stringify(body))
}

/** Not where any free port is asked for, nor beside processes that answer already: they would answer less. */
export async function startWaiting({
  host,
  port,
  tls,
}: Pick<ApiConfig, 'host' | 'port' | 'tls'>): Promise<Waiting> {
  if (port === 0 || cluster.isWorker) return { close: async () => {} }
  const server = tls
    ? createHttpsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, answer)
    : createHttpServer(answer)
  server.listen(port, host)
  await once(server, 'listening')
  return {
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
