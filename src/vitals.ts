/** What /metrics tells of the nouns, by how they stand at the moment of the question. */
import type { Config } from './config.ts'
import type { Db } from './db.ts'
import { compileCounts } from './api/index.ts'
import type { Events } from './event/index.ts'
import { heapShare, type GraphHolder } from './graph/index.ts'
import type { Metrics } from './metric/index.ts'
import type { Sources } from './source/index.ts'
import type { Gauge, Point } from './telemetry/index.ts'
import type { Turns } from './turn.ts'

export interface Vital {
  db: Db
  events: Events
  holder: GraphHolder
  turns: Turns
  sources: Sources
  metrics: Metrics
  config: Config
}

export function vitals({ db, events, holder, turns, sources, metrics, config }: Vital): Gauge[] {
  return [
    ...graphVitals(holder, events),
    ...executionVitals(),
    ...sourceVitals(turns, sources),
    ...sampleVitals(metrics),
    ...databaseVitals(db, config.database.poolSize),
  ]
}

const graphVitals = (holder: GraphHolder, { feed }: Events): Gauge[] => [
  {
    name: 'plenum_graph_resources',
    help: 'Resources in the graph of this process.',
    read: () => holder.graph.size,
  },
  { name: 'plenum_graph_links', help: 'Links in it.', read: () => holder.graph.linkCount },
  {
    name: 'plenum_graph_link_bytes',
    help: 'Memory that its links take, outside of the heap; resources are in the heap.',
    read: () => holder.graph.adjacency.bytes,
  },
  {
    name: 'plenum_graph_heap_ratio',
    help: 'How full the heap is, garbage included; a graph that needs more than 0.75 of it is refused.',
    read: heapShare,
  },
  {
    name: 'plenum_graph_ready',
    help: 'Whether the graph follows the log (1) or is loaded again (0).',
    read: () => (holder.notReady() === undefined ? 1 : 0),
  },
  {
    name: 'plenum_log_applied_seq',
    help: 'The last event that the graph has.',
    read: () => feed.lag().applied,
  },
  {
    name: 'plenum_log_head_seq',
    help: 'The last event that is known to be there.',
    read: () => feed.lag().head,
  },
  {
    name: 'plenum_log_lag_seconds',
    help: 'How long it is since the graph was known to have all of the log; it is looked at each second.',
    read: () => feed.lag().seconds,
  },
]

const executionVitals = (): Gauge[] => [
  {
    name: 'plenum_executions_total',
    help: 'Operations by who executed them: plans that were compiled, or graphql-js.',
    type: 'counter',
    read: () => [
      { labels: { executor: 'compiled' }, value: compileCounts.executed },
      { labels: { executor: 'graphql-js' }, value: compileCounts.fallback },
    ],
  },
  {
    name: 'plenum_plans_total',
    help: 'Plans by what happened: compiled, reused, evicted.',
    type: 'counter',
    read: () =>
      (['compiled', 'reused', 'evicted'] as const).map((result) => ({
        labels: { result },
        value: compileCounts[result],
      })),
  },
  { name: 'plenum_plans', help: 'Documents that have plans now.', read: () => compileCounts.plans },
]

const sampleVitals = (metrics: Metrics): Gauge[] => [
  {
    name: 'plenum_samples_written_total',
    help: 'Samples that this process wrote.',
    type: 'counter',
    read: () => metrics.counters().written,
  },
  {
    name: 'plenum_samples_refused_total',
    help: 'Samples that were not taken, by why.',
    type: 'counter',
    read: () =>
      Object.entries(metrics.counters().refused).map(([reason, value]): Point => ({
        labels: { reason },
        value,
      })),
  },
  {
    name: 'plenum_samples_dropped_total',
    help: 'Samples that waited too long for a database that did not answer.',
    type: 'counter',
    read: () => metrics.counters().dropped,
  },
  {
    name: 'plenum_remote_lag_seconds',
    help: 'How long ago nothing waited for the remote store, in the process that writes to it.',
    read: () => metrics.counters().remoteLagSeconds,
  },
  {
    name: 'plenum_series',
    help: 'Series that are known; limits.series is the most.',
    read: () => metrics.counters().series,
  },
]

const breakerStates = ['CLOSED', 'HALF_OPEN', 'OPEN'] as const

const sourceVitals = (turns: Turns, sources: Sources): Gauge[] => [
  {
    name: 'plenum_turns_held',
    help: 'Pieces of background work that are this process\u2019 turn, by group.',
    read: () => [...turns.counts()].map(([group, value]): Point => ({ labels: { group }, value })),
  },
  {
    name: 'plenum_source_breaker_state',
    help: 'Whether a source is asked: 1 for the state that its breaker has in this process.',
    read: () =>
      sources.states().flatMap(({ name, breaker }) =>
        breakerStates.map((state) => ({
          labels: { source: name, state },
          value: state === breaker ? 1 : 0,
        })),
      ),
  },
  {
    name: 'plenum_source_mine',
    help: 'Whether this process lists or watches the source.',
    read: () =>
      sources.states().map(({ name, isMine }) => ({ labels: { source: name }, value: isMine ? 1 : 0 })),
  },
]

interface Pool {
  numUsed(): number
  numFree(): number
  numPendingAcquires(): number
}

function databaseVitals(db: Db, most: number): Gauge[] {
  const pool = (db.client as { pool: Pool }).pool
  return [
    {
      name: 'plenum_database_connections',
      help: 'Connections of the pool, by what they do.',
      read: () => [
        { labels: { state: 'used' }, value: pool.numUsed() },
        { labels: { state: 'idle' }, value: pool.numFree() },
      ],
    },
    { name: 'plenum_database_connections_max', help: 'How many there may be.', read: () => most },
    {
      name: 'plenum_database_waiting',
      help: 'Pieces of work that wait for a connection.',
      read: () => pool.numPendingAcquires(),
    },
  ]
}
