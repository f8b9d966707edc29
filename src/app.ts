/** The whole program put together: a list of starts, closed in reverse. */
import type { Logger } from 'pino'
import { startAllocations, startHeadroom, startOccupancy } from './allocation/index.ts'
import { startAlerts } from './alert/index.ts'
import { startApi, startWaiting } from './api/index.ts'
import { buildSchema } from './api/schema/index.ts'
import { checkReadiness } from './health.ts'
import { startTelemetry, startTraces } from './telemetry/index.ts'
import { vitals } from './vitals.ts'
import type { Config } from './config.ts'
import { migrate, openDb } from './db.ts'
import { appendEvents, startEvents, writeAudit } from './event/index.ts'
import { startGraph, tenantIds } from './graph/index.ts'
import { startIdentities } from './identity/index.ts'
import { readInventory } from './inventory/index.ts'
import { startLogLines, startLogRates } from './log-line/index.ts'
import { startMetrics, type MetricsOptions } from './metric/index.ts'
import { startPruning } from './prune.ts'
import { startResources } from './resource/index.ts'
import type { Resources } from './resource/verbs.ts'
import { secretsOf, startSources } from './source/index.ts'
import { startSyslog } from './syslog/index.ts'
import { startTokens } from './token/index.ts'
import { startUsage } from './usage/index.ts'
import { startTurns } from './turn.ts'

export interface App {
  url: string
  /** The administrator's secret, when this start made it. */
  adminSecret: string | undefined
  close(): Promise<void>
}

/** `wrap` puts something between the API and the resources: a benchmark's own source. */
export async function startApp(
  config: Config,
  databaseUrl: string,
  log: Logger,
  wrap: (resources: Resources) => Resources = (resources) => resources,
): Promise<App> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const end of closing.reverse().splice(0)) await end()
  }
  try {
    const waiting = await startWaiting(config.http)
    closing.push(() => waiting.close())
    const db = openDb({ url: databaseUrl, poolSize: config.database.poolSize })
    closing.push(() => db.destroy())
    await migrate(db)
    const telemetry = startTelemetry()
    closing.push(async () => telemetry.close())
    const traces = await startTraces(
      { ...config.tracing, headers: await secretsOf(config.tracing.headers) },
      db,
    )
    closing.push(() => traces.close())

    const events = startEvents({ db, url: databaseUrl, log })
    closing.push(() => events.close())

    const resources = wrap(startResources({ db, wake: () => events.feed.wake() }))
    const holder = await startGraph({ resources, events, limits: config.limits, log })
    closing.push(() => holder.close())

    const turns = startTurns({ db, log })
    closing.push(() => turns.close())

    const metrics = await startMetrics({
      ...{ db, url: databaseUrl, log, turns },
      ...{ limits: config.limits, keep: config.keep },
      remote: remoteOf(config),
    })
    closing.push(() => metrics.close())

    const sources = await startSources({
      db,
      config: config.sources,
      collection: config.collection,
      ...{ resources, turns, metrics, log },
      graph: () => holder.graph,
      readOnly: config.readOnly,
      wake: () => events.feed.wake(),
    })
    closing.push(() => sources.close())

    telemetry.add(vitals({ db, events, holder, turns, sources, metrics, config }))

    const alerts = await startAlerts({
      ...{ db, log, metrics, turns },
      feed: events.feed,
      graph: () => holder.graph,
      ...{ rules: config.rules, notify: config.notify },
    })
    closing.push(() => alerts.close())

    const allocations = await startAllocations({
      ...{ db, resources, turns, metrics, log },
      config: config.allocation,
      maintained: () => alerts.maintained(),
      actorOf: (name) => sources.actor(name),
      made: (only, signal) => sources.made(only, signal),
      ...sources.steering,
      feed: events.feed,
      graph: () => holder.graph,
      wake: () => events.feed.wake(),
    })
    closing.push(() => allocations.close())

    const headroom = startHeadroom({ allocations, metrics, turns, log, graph: () => holder.graph })
    closing.push(() => headroom.close())

    const logs = startLogLines({ db, log, waitingLines: config.syslog.waitingLines })
    closing.push(() => logs.close())
    const { patterns } = config.logs
    const rates = startLogRates({ db, metrics, turns, log, patterns })
    closing.push(() => rates.close())
    const syslog = await startSyslog({
      ...{ config: config.syslog, log },
      graph: () => holder.graph,
      add: (line) => logs.add(line),
    })
    closing.push(() => syslog.close())

    const occupancy = startOccupancy({ allocations, metrics, turns, log })
    closing.push(() => occupancy.close())

    const pruning = startPruning({ db, keep: config.keep, log })
    closing.push(() => pruning.close())

    const { roles, oidc: providers } = config.access
    const tenantsOf = (names: readonly string[]) => tenantIds(holder.graph, names)
    const identities = startIdentities({ providers, roles, tenantsOf, log })
    const tokens = startTokens({
      ...{ db, log, roles, identities },
      onChange: async (type, token, by) => {
        await db.transaction((trx) =>
          appendEvents(trx, by.name, [{ type, detail: { tokenId: token.id, name: token.name } }]),
        )
        events.feed.wake()
      },
    })
    closing.push(() => tokens.close())
    const adminSecret = await tokens.ensureAdmin(config.adminToken)

    const api = await startApi({
      config: {
        ...config.http,
        documents: config.documents,
        limits: config.limits,
        readOnly: config.readOnly,
      },
      schema: buildSchema(),
      get graph() {
        return holder.graph
      },
      graphAt: (instant, signal) => holder.graphAt(instant, signal),
      resources,
      events: events.feed,
      metrics,
      alerts,
      allocations,
      sources,
      tokens,
      logs,
      usage: startUsage({ db, config: config.usage, historyDays: config.keep.historyDays }),
      audit: (entry) => writeAudit(db, entry),
      readInventory,
      ready: (signal) =>
        checkReadiness(
          {
            db,
            graph: () => holder.notReady(),
            lag: () => events.feed.lag(),
            lagSeconds: config.health.lagSeconds,
            isSample: new URL(databaseUrl).pathname === '/plenum_demo',
            readOnly: config.readOnly,
          },
          signal,
        ),
      telemetry,
      waiting,
      allowMetrics: config.metrics.allow,
      log,
    })
    closing.push(() => api.close())
    return { url: api.url, adminSecret, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where samples are written to as well. */
function remoteOf({ remote }: Config): MetricsOptions['remote'] {
  const { write } = remote
  if (write === undefined) return undefined
  return { config: { ...remote, write }, headers: () => secretsOf(remote.headers) }
}
