/** Sources: the drivers, and those of the configuration, running. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import type { Graph } from '../graph/graph.ts'
import type { Metrics } from '../metric/index.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Turns } from '../turn.ts'
import { aws } from './aws/index.ts'
import { checks, services } from './check/index.ts'
import { findAddresses, matcherOf } from './address.ts'
import { idlePolicies, Policies, type CollectionPolicy } from './collection.ts'
import type { SourceConfig } from './config.ts'
import { docker } from './docker/index.ts'
import type { BreakerState } from './guard.ts'
import type { Touch } from './live.ts'
import { readMade, type MadeAnswer } from './made.ts'
import { readStores, storesOf, type LogRequest, type LogStore } from './log.ts'
import type { StoreAnswer } from '../log-line/index.ts'
import { inSpan } from '../telemetry/index.ts'
import { liveReads } from './meter.ts'
import { frr } from './frr/index.ts'
import { ipmi } from './ipmi/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { netbox } from './netbox/index.ts'
import { prometheus } from './prometheus/index.ts'
import { snmp } from './snmp/index.ts'
import { redfish } from './redfish/index.ts'
import { loki } from './loki/index.ts'
import { openstack } from './openstack/index.ts'
import { actorOf, steeringOf, type Steering } from './acting.ts'
import { Running } from './running.ts'
import type { Actor as SourceActor, Driver } from './source.ts'
import { askSync, findAsked, sourcesOf } from './store.ts'
import { uptimeMetrics } from './uptime.ts'
import { checkListed, untilSynced, type Synced } from './sync.ts'

export type { Touch, TouchStatus } from './live.ts'
export { probeSource } from './probe.ts'
export type { MadeAnswer } from './made.ts'
export type { SourceFailure } from './source.ts'
export { readSecret, Redactor, secretsOf } from './secret.ts'
export { collectionShape, type CollectionPolicy } from './collection.ts'
export { parseServices, parseSources, type ConfigFault, type SourceConfig } from './config.ts'

/** All drivers; a new one is one line. */
export const drivers: readonly Driver[] = [
  netbox,
  snmp,
  openstack,
  docker,
  kubernetes,
  aws,
  redfish,
  ipmi,
  frr,
  prometheus,
  loki,
  checks,
  services,
]

/** One thing whose values are asked for, by the key that its source knows it by. */
export interface ReadTarget {
  resourceId: ResourceId
  sourceId: ResourceId
  key: string
}
export interface LiveReading {
  resourceId: ResourceId
  sourceId: ResourceId
  metric: string
  value: number
  /** Milliseconds since the epoch. */
  at: number
}
export interface ReadAnswer {
  readings: LiveReading[]
  /** How each source did, by its name: what `extensions.sources` says. */
  touched: Map<string, Touch>
}

export interface Sources {
  /**
   * Live values, one call a source whatever the number of things; empty `metrics`: all that each measures. Never rejects because of a source, and ends by its
   * deadline (default 5 s): what fails is said in `touched`, and the last known values are told. What is read is recorded as well.
   */
  read(
    request: {
      targets: readonly ReadTarget[]
      metrics: readonly string[]
      /** Older values are asked for anew. */
      maxAgeMs: number
      deadlineMs?: number
    },
    signal: AbortSignal,
  ): Promise<ReadAnswer>
  /** Lines of logs that sources keep; those that keep none are not among the answers. Never rejects because of a source. */
  logs(request: LogRequest, signal: AbortSignal): Promise<StoreAnswer[]>
  /** Which sources keep lines; with `keyOf` where they keep those of things that others know. */
  logStores(): ReadonlyMap<ResourceId, LogStore>
  /**
   * Lists a source now, in whichever process has its turn; releases what is held with `acceptVanished`. INVALID_INPUT when it is not one that is listed,
   * SOURCE_UNAVAILABLE when that fails or nobody does it in time.
   */
  sync(
    sourceId: ResourceId,
    options: { acceptVanished: boolean },
    by: Actor,
    signal: AbortSignal,
  ): Promise<Synced>
  /** Makes and ends things there, within the source's bounds. NOT_FOUND: it is not configured; FORBIDDEN: it is not to be changed, or nobody can change it. */
  actor(name: string): SourceActor
  /** What actors made in each source that may be changed; of these when given. Never rejects because of a source. */
  made(only: ReadonlySet<ResourceId> | undefined, signal: AbortSignal): Promise<MadeAnswer[]>
  /** What is done to things that stand; throws as `actor`. */
  steering: Steering
  /** Those of the configuration, as they do in this process. */
  states(): readonly SourceStanding[]
  close(): Promise<void>
}

export interface SourceStanding {
  name: string
  driver: string
  breaker: BreakerState
  /** Whether this process lists or watches it, or a part of it. */
  isMine: boolean
}

export interface SourcesOptions {
  db: Db
  config: readonly SourceConfig[]
  /** Default: all is measured as the sources' own settings say. */
  collection?: readonly CollectionPolicy[]
  resources: Resources
  turns: Turns
  graph: () => Graph
  metrics: Pick<Metrics, 'record' | 'define'>
  log: Logger
  /** Builds no actors. */
  readOnly: boolean
  /** Called after events were written. */
  wake: () => void
  /** Drivers that may have run sources which are no longer configured. */
  known?: readonly Driver[]
  /** How often it is looked whether anybody asks for a sync. */
  pollMs?: number
}

const by: Actor = { name: 'plenum' }

export async function startSources(options: SourcesOptions): Promise<Sources> {
  const { db, config, resources, metrics, graph, log, collection = [], pollMs = 500 } = options
  const running = new Map<ResourceId, Running>()
  for (const one of config) {
    const { name, precedence, control } = one
    const { name: driver, role, authoritative } = one.driver
    await metrics.define(uptimeMetrics)
    await metrics.define(one.driver.metrics)
    const sourceId = await resources.saveSource(
      { name, driver, role, authoritative, precedence, control },
      by,
    )
    const record = metrics.record.bind(metrics)
    const defining = { ...one, driver: withDefinitions(one.driver, metrics) }
    const policies = new Policies(name, collection, graph)
    const inventory = {
      addresses: async () => findAddresses(graph(), sourceId),
      matcher: () => matcherOf(graph()),
    }
    running.set(
      sourceId,
      new Running({ ...options, policies, config: defining, sourceId, inventory, record }),
    )
  }
  await tellRemoved(options, running)
  // While the inventory has sources alone, all select nothing.
  if (graph().size > running.size)
    for (const place of idlePolicies(collection, graph()))
      log.warn({ policy: `collection[${place}]` }, 'a collection policy selects nothing of the inventory')

  let looking: Promise<void> | undefined
  const look = () => {
    const mine = [...running.values()].filter(({ isMine }) => isMine).map(({ sourceId }) => sourceId)
    looking ??= findAsked(db, mine)
      .then(async (asked) => {
        for (const one of asked) await running.get(one.sourceId)?.answer(one)
      })
      .catch((error: unknown) => log.warn({ err: error }, 'syncs that are asked for cannot be seen now'))
      .finally(() => (looking = undefined))
  }
  const timer = setInterval(look, pollMs).unref()

  return {
    read: (request, signal) => read(running, request, signal),
    logs: (request, signal) => readStores(running, request, signal),
    logStores: () => storesOf(running),
    async sync(sourceId, { acceptVanished }, actor, signal) {
      checkListed(running, sourceId)
      const at = await askSync(db, sourceId, { by: actor.name, accept: acceptVanished })
      look()
      return untilSynced(db, sourceId, at, signal)
    },
    actor: (name) => actorOf(running, name, options.readOnly),
    made: (only, signal) => readMade(running, only, signal),
    steering: steeringOf(running, options.readOnly),
    states: () =>
      [...running.values()].map(({ name, config: { driver }, guard, holds }) => ({
        ...{ name, driver: driver.name, breaker: guard.state, isMine: holds },
      })),
    async close() {
      clearInterval(timer)
      await looking
      await Promise.all([...running.values()].map((one) => one.close()))
    },
  }
}

async function read(
  running: ReadonlyMap<ResourceId, Running>,
  { targets, metrics, maxAgeMs, deadlineMs = 5_000 }: Parameters<Sources['read']>[0],
  signal: AbortSignal,
): Promise<ReadAnswer> {
  const touched = new Map<string, Touch>()
  const all = [...Map.groupBy(targets, ({ sourceId }) => sourceId)].map(async ([sourceId, own]) => {
    const source = running.get(sourceId)
    const idOf = new Map(own.map(({ key, resourceId }) => [key, resourceId]))
    const asked = { keys: [...idOf.keys()], metrics, maxAgeMs, deadlineMs }
    const answer = await inSpan('source.read', 'internal', { 'plenum.source': source?.name }, async () =>
      source?.read(asked, signal),
    )
    if (source === undefined || answer === undefined) return []
    liveReads.add([source.name, answer.status])
    const { readings, ...touch } = answer
    touched.set(source.name, touch)
    return readings.map(({ key, ...rest }) => ({ ...rest, sourceId, resourceId: idOf.get(key)! }))
  })
  return { readings: (await Promise.all(all)).flat(), touched }
}

/** The claims of a source that nobody runs any more stay, and that is said. */
async function tellRemoved(
  { db, resources, turns, known = drivers }: SourcesOptions,
  running: ReadonlyMap<ResourceId, Running>,
): Promise<void> {
  const stored = await sourcesOf(
    db,
    known.map(({ name }) => name),
  )
  const removed = [...stored].filter(([, id]) => !running.has(id))
  // Another process may be configured otherwise.
  const taken = await turns.taken(removed.map(([name]) => `source/${name}`))
  for (const [name, id] of removed) {
    if (taken.has(`source/${name}`)) continue
    const failure = 'It is no longer in the configuration: what it said stays as it was'
    await resources.noteFailure(id, failure, by)
  }
}

/** What a source measures by its own configuration is known when it is open. */
function withDefinitions(driver: Driver, metrics: SourcesOptions['metrics']): Driver {
  return {
    ...driver,
    async open(settings, environment) {
      const source = await driver.open(settings, environment)
      if (source.metrics === undefined) return source
      try {
        await metrics.define(source.metrics)
      } catch (error) {
        await source.close()
        throw error
      }
      return source
    },
  }
}
