/** The API over HTTP and WebSocket. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { startAdmission, type Admission } from './admission.ts'
import { startApollo } from './apollo.ts'
import type { ApiConfig } from './config.ts'
import { readAllowList } from './allowed.ts'
import { addConsole } from './console.ts'
import { addGraphqlRoute } from './graphql-route.ts'
import { createPrepare } from './document.ts'
import { addCors, createDoor } from './door.ts'
import { createGuesses } from './guesses.ts'
import { guardRoots } from './guard.ts'
import type { WriteAudit } from './guard.ts'
import { addHealth, toReadiness } from './health.ts'
import type { CheckReady } from './health.ts'
import { createHttp } from './http.ts'
import { addImportRoute } from './import-route.ts'
import type { ReadInventory } from './import-route.ts'
import { createLogin } from './login.ts'
import { createFindDocument, type FindDocument } from './persisted.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { addAlertRoute } from './alert-route.ts'
import { addPrometheusRoutes } from './prometheus/route.ts'
import type { Nouns } from './request.ts'
import { addMetrics } from './metrics-route.ts'
import { PerToken } from './per-token.ts'
import type { SocketCounts } from './sockets.ts'
import { EventStreams } from './sse.ts'
import { Groups } from './subscription/groups.ts'
import type { Waiting } from './waiting.ts'
import { startWebSocket } from './websocket.ts'
import { tellTogether } from '../process/index.ts'
import { together, type Family, type Gauge, type Telemetry } from '../telemetry/index.ts'

export type { ApiConfig, ApiLimits } from './config.ts'
export type { AuditEntry, WriteAudit } from './guard.ts'
export { startWaiting } from './waiting.ts'
export { compileCounts } from './compile/index.ts'
export { toReadiness, type CheckReady, type Readiness } from './health.ts'
export type { ImportFormat, ReadInventory } from './import-route.ts'

export interface ApiOptions extends Nouns {
  config: ApiConfig
  schema: GraphQLSchema
  audit: WriteAudit
  readInventory: ReadInventory
  ready: CheckReady
  /** What answers on the port until now. */
  waiting: Waiting
  telemetry: Telemetry
  /** Addresses that may read /metrics without a token. */
  allowMetrics: readonly string[]
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
  const refusals = createRefusals(options.audit, log)
  guardRoots(schema, { ...options, refusals, readOnly: config.readOnly ?? false })
  const find = findDocument(config, schema, refusals)
  const apollo = await startApollo({ schema, config, log })
  const admission = startAdmission(config.limits)
  const door = createDoor(config)
  const login = createLogin(nouns.tokens, createGuesses(config.limits.refusedLogins), refusals)
  const app = createHttp(config, door, log)
  addCors(app, config)
  let isDraining = false
  addHealth(app, async (signal) => (isDraining ? draining : options.ready(signal)))
  if (config.graphiql) addConsole(app)
  const groups = new Groups()
  const operations = new PerToken(config.limits.subscriptionsPerToken)
  const streams = new EventStreams({
    tokens: nouns.tokens,
    operations,
    stallSeconds: config.limits.stallSeconds,
  })
  const shared = {
    config,
    groups,
    operations,
    streams,
    door,
    login,
    refusals,
    admission,
    nouns,
    schema,
    find,
    log,
  }
  addGraphqlRoute(app, { ...shared, apollo })
  addImportRoute(app, { ...options, ...shared })
  addPrometheusRoutes(app, shared)
  addAlertRoute(app, { ...options, ...shared })
  const webSocket = startWebSocket(app.server as Server, shared)
  options.telemetry.add([...doorGauges(admission, webSocket), ...groupGauges(groups, streams)])
  const sharing = tellTogether(() => options.telemetry.families())
  const families = async (): Promise<readonly Family[]> => {
    const all = await sharing.all()
    return all === undefined
      ? options.telemetry.families()
      : together(all.map(({ process, told }) => ({ process, families: told })))
  }
  addMetrics(app, { login, door, allow: options.allowMetrics, families })
  await options.waiting.close()
  await app.listen({ host: config.host, port: config.port })
  const watching = watchTokens(nouns, log)
  return {
    url: urlOf(app.server.address() as AddressInfo, config.tls === undefined ? 'http' : 'https'),
    async close() {
      isDraining = true
      watching.abort()
      sharing.close()
      admission.close()
      streams.close()
      const late = setTimeout(() => (app.server as Server).closeAllConnections(), drainMs)
      await Promise.all([app.close(), webSocket.close()])
      clearTimeout(late)
      await refusals.close()
      await apollo.stop()
    },
  }
}

function findDocument(
  { documents, limits, introspection }: ApiConfig,
  schema: GraphQLSchema,
  refusals: Refusals,
): FindDocument {
  const { automatic, allow, exemptAdmins } = documents
  const prepare = createPrepare(schema, limits, introspection)
  const allowed = allow.length === 0 ? undefined : readAllowList(allow, schema)
  return createFindDocument({ prepare, automatic, allowed, exemptAdmins, refusals })
}

const draining = toReadiness({ draining: 'the process stops: what runs is finished first' })

const doorGauges = (admission: Admission, sockets: { counts(): SocketCounts }): Gauge[] => [
  {
    name: 'plenum_requests_running',
    help: 'Requests that were taken up and are not answered yet.',
    read: () => admission.running,
  },
  {
    name: 'plenum_requests_limited_total',
    help: 'Requests refused by the limits of rate, number and load.',
    type: 'counter',
    read: () => admission.refused,
  },
  { name: 'plenum_websockets', help: 'Open WebSockets.', read: () => sockets.counts().sockets },
  {
    name: 'plenum_websocket_operations',
    help: 'Operations that run on WebSockets, nearly all of them subscriptions.',
    read: () => sockets.counts().operations,
  },
]

const groupGauges = (groups: Groups, streams: EventStreams): Gauge[] => [
  {
    name: 'plenum_event_streams',
    help: 'Open event streams (Server-Sent Events).',
    read: () => streams.count,
  },
  {
    name: 'plenum_subscription_groups',
    help: 'Groups of subscriptions that ask the same: what happens is executed and written once for each.',
    read: () => groups.counts().groups,
  },
  {
    name: 'plenum_subscription_members',
    help: 'Subscriptions that are in a group; the others catch up, or ask for what cannot be shared.',
    read: () => groups.counts().members,
  },
]

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
