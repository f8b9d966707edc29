/** The API over HTTP and WebSocket. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { startAdmission } from './admission.ts'
import { startApollo } from './apollo.ts'
import type { ApiConfig } from './config.ts'
import { addConsole } from './console.ts'
import { addGraphqlRoute } from './graphql-route.ts'
import { createPrepare } from './document.ts'
import { guardRoots } from './guard.ts'
import type { WriteAudit } from './guard.ts'
import { addHealth } from './health.ts'
import type { CheckReady } from './health.ts'
import { createHttp } from './http.ts'
import { addImportRoute } from './import-route.ts'
import type { ReadInventory } from './import-route.ts'
import type { Nouns } from './request.ts'
import { startWebSocket } from './websocket.ts'

export type { ApiConfig, ApiLimits } from './config.ts'
export type { AuditEntry, WriteAudit } from './guard.ts'
export type { CheckReady, Readiness } from './health.ts'
export type { ImportFormat, ReadInventory } from './import-route.ts'

export interface ApiOptions extends Nouns {
  config: ApiConfig
  schema: GraphQLSchema
  audit: WriteAudit
  readInventory: ReadInventory
  ready: CheckReady
  log: Logger
}

export interface Api {
  url: string
  /** Stops taking requests, tells WebSockets to go, lets what runs finish, and cuts off what takes longer than 5 s. */
  close(): Promise<void>
}

const drainMs = 5_000

/** Serves until closed. The schema's root fields get their guards: give it a schema of its own. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { config, schema, log } = options
  const nouns: Nouns = options
  guardRoots(schema, { ...options, readOnly: config.readOnly ?? false })
  const prepare = createPrepare(schema, config.limits)
  const apollo = await startApollo({ schema, limits: config.limits, log })
  const admission = startAdmission(config.limits)
  const app = createHttp(config, log)
  addHealth(app, options.ready)
  addConsole(app)
  addGraphqlRoute(app, { config, admission, nouns, schema, apollo, prepare, log })
  addImportRoute(app, { ...options, admission, nouns })
  const webSocket = startWebSocket(app.server as Server, { admission, schema, config, nouns, prepare, log })
  await app.listen({ host: config.host, port: config.port })
  const watching = watchTokens(nouns, log)
  return {
    url: urlOf(app.server.address() as AddressInfo, config.tls === undefined ? 'http' : 'https'),
    async close() {
      watching.abort()
      admission.close()
      const late = setTimeout(() => (app.server as Server).closeAllConnections(), drainMs)
      await Promise.all([app.close(), webSocket.close()])
      clearTimeout(late)
      await apollo.stop()
    },
  }
}

const urlOf = ({ address, family, port }: AddressInfo, protocol: 'http' | 'https'): string =>
  `${protocol}://${family === 'IPv6' ? `[${address}]` : address}:${port}`

/** A token revoked in another process ends its sockets here too. */
function watchTokens({ events, tokens }: Nouns, log: Logger): AbortController {
  const controller = new AbortController()
  const { signal } = controller
  const watch = async (): Promise<void> => {
    for await (const batch of events.follow(events.cursor(), signal)) {
      if ('gap' in batch) await tokens.forgetAll()
      else {
        for (const { body } of batch.events) {
          if (body.type === 'TokenRevoked') tokens.forget(Number(body.detail['tokenId']))
        }
      }
    }
  }
  watch().catch((error: unknown) => {
    if (!signal.aborted) log.error({ err: error }, 'following the revocation of tokens failed')
  })
  return controller
}
