/** One process of `bench graph`: loads the graph of a database, follows the log, answers. Told what to do by messages. */
import pino from 'pino'
import { graphql } from 'graphql'
import { buildSchema } from '../../src/api/schema/index.ts'
import type { Context } from '../../src/context.ts'
import { countStatements, openDb, type Db } from '../../src/db.ts'
import { startEvents, type Events } from '../../src/event/index.ts'
import type { LiveGraph } from '../../src/graph/graph.ts'
import { startGraph } from '../../src/graph/index.ts'
import { startResources } from '../../src/resource/index.ts'
import type { Resources } from '../../src/resource/verbs.ts'
import { watchPauses, type Pauses } from './pause.ts'

/** What the process tells when it has loaded. */
export interface Started {
  seconds: number
  pauses: Pauses
  rssBytes: number
  resources: number
  links: number
}

/** What it tells at the end. */
export interface Ended {
  pauses: Pauses
  rssBytes: number
  /** Milliseconds from an event's time to its being in the graph, the worst of a hundred. */
  propagationP99: number
  rack: { things: number; milliseconds: number }
  statements: number
}

const things = 2_000

async function run(url: string): Promise<void> {
  const log = pino({ level: 'warn' })
  const db = openDb({ url })
  await db.raw('select 1')
  const pauses = watchPauses()
  const events = startEvents({ db, url, log })
  const resources = startResources({ db, wake: () => events.feed.wake() })
  const began = performance.now()
  const limits = { visited: 1_000_000, asOfResources: 200_000 }
  const holder = await startGraph({ resources, events, limits, log })
  process.send!({
    seconds: (performance.now() - began) / 1_000,
    pauses: pauses.read(),
    rssBytes: process.resourceUsage().maxRSS * 1_024,
    resources: holder.graph.size,
    links: holder.graph.linkCount,
  } satisfies Started)
  const stop = new AbortController()
  const lateness = watchLateness(events, stop.signal)
  await applied(events)
  const own = pauses.stop()
  stop.abort()
  process.send!({
    pauses: own,
    rssBytes: process.resourceUsage().maxRSS * 1_024,
    propagationP99: percentile(await lateness, 0.99),
    rack: measureRack(holder.graph),
    statements: await countQuery(db, holder.graph, resources, events),
  } satisfies Ended)
  await events.close()
  await holder.close()
  await db.destroy()
  process.disconnect()
}

/** Until the parent has named the last event and it is applied. */
async function applied(events: Events): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number>()
  process.once('message', (seq: number) => resolve(seq))
  const signal = AbortSignal.timeout(600_000)
  await events.feed.applied(await promise, signal, 600_000)
}

/** Of events that came alone; those of large transactions wait for each other. */
async function watchLateness(events: Events, signal: AbortSignal): Promise<number[]> {
  const late: number[] = []
  for await (const batch of events.feed.follow(events.feed.cursor(), signal)) {
    if ('events' in batch && batch.events.length === 1) late.push(Date.now() - batch.events[0]!.at)
  }
  return late
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** The rack whose failure hits nearest to 2,000 things; the median of 50 askings. */
function measureRack(graph: LiveGraph): Ended['rack'] {
  const racks = graph
    .ofType('Rack')
    .slice(0, 100)
    .map((rack) => ({ rack, count: graph.dependents(rack).length }))
  const [{ rack, count }] = racks.sort((a, b) => Math.abs(a.count - things) - Math.abs(b.count - things)) as [
    (typeof racks)[0],
  ]
  const times = Array.from({ length: 50 }, () => {
    const began = performance.now()
    graph.dependents(rack)
    return performance.now() - began
  })
  return { things: count, milliseconds: percentile(times, 0.5) }
}

const query = `{
  servers(first: 20) { totalCount nodes { name serialNumber rack { name site { name } switches { nodes { name } } }
    interfaces(first: 5) { nodes { name peers { name device { name } } } }
    virtualMachines { nodes { name tenant { name } containers { nodes { name services { nodes { name } } } } } }
    dependents(first: 10) { nodes { name } } } }
}`

async function countQuery(db: Db, graph: LiveGraph, resources: Resources, events: Events): Promise<number> {
  const counting = countStatements(db)
  const contextValue: Partial<Context> = {
    viewer: { name: 'bench', role: 'admin', tokenId: 1 },
    signal: AbortSignal.timeout(60_000),
    extensions: {},
    graph,
    resources,
    events: events.feed,
  }
  const { errors } = await graphql({ schema: buildSchema(), source: query, contextValue })
  if (errors) throw errors[0]!
  const ofQuery = counting.statements.filter((sql) => !/from "event"|from log_head/.test(sql))
  counting.stop()
  return ofQuery.length
}

await run(process.argv[2]!)
