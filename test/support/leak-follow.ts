/**
 * The same of subscriptions: worlds that change, followed while they do and replayed afterwards from somewhere. Nothing that is told may hold a text that the viewer could not
 * know at any time; and a replay tells what was told live.
 */
import {
  followEvents,
  followResources,
  followTopology,
  type ChangeFilterInput,
} from '../../src/api/subscription/index.ts'
import { LinkView, View } from '../../src/api/schema/view.ts'
import type { Context, FeedBatch } from '../../src/context.ts'
import type { LoggedEvent } from '../../src/event/event.ts'
import { scopeGraph } from '../../src/graph/scope.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { kindNames } from '../../src/resource/kind/index.ts'
import { Chance } from './chance.ts'
import { epoch, toEvents } from './datacenter.ts'
import { loadWorld, type Leak } from './leaks.ts'
import { change, filtered, holds, knownTo, makeWorld, textsOf } from './tenants.ts'

export interface FollowCount {
  worlds: number
  /** Of viewers and subscriptions. */
  pairs: number
  events: number
  told: number
  leaks: Leak[]
}

const steps = 30

export async function lookForLeaksInFollowing(seed: number, pairs: number): Promise<FollowCount> {
  const chance = new Chance(seed)
  const count: FollowCount = { worlds: 0, pairs: 0, events: 0, told: 0, leaks: [] }
  while (count.pairs < pairs && count.leaks.length < 10) await followOne(chance, count)
  return count
}

/** What a client could read of what it is told, without times and places in the log. */
function read(value: unknown): unknown {
  if (typeof value === 'function') return read((value as () => unknown)())
  if (value instanceof View) {
    const { id, kind, name, owner, labels, fields } = value.vertex
    return value.access === 'FULL' ? [id, kind.name, name, owner, labels, fields] : [id, kind.name, name]
  }
  if (value instanceof LinkView) return value.id
  if (Array.isArray(value)) return value.map(read)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'at' && key !== 'cursor')
  return Object.fromEntries(entries.map(([key, one]) => [key, read(one)]))
}

function contextOf(
  graph: MemoryGraph,
  tenants: ReadonlySet<number>,
  follow: () => AsyncIterable<FeedBatch>,
): Context {
  const viewer = { name: 't', role: 'viewer' as const, tokenId: 1, tenants }
  return {
    viewer,
    graph: scopeGraph(viewer, graph),
    signal: new AbortController().signal,
    events: { cursor: () => graph.cursor, follow, applied: () => Promise.resolve() },
  } as unknown as Context
}

/** Who follows, and what they could know, ever. */
interface Follower {
  tenants: ReadonlySet<number>
  ever: Set<string>
}

async function followOne(chance: Chance, count: FollowCount): Promise<void> {
  const world = makeWorld(chance)
  const graph = await loadWorld(world)
  const all = [...world.resources.values()].filter(({ kind }) => kind === 'Tenant').map(({ id }) => id)
  const followers = [new Set([all[0]!]), new Set(chance.some(all, 2)), new Set<number>()].map(
    (tenants): Follower => ({ tenants, ever: new Set() }),
  )
  const texts = new Set<string>()
  const note = () => {
    for (const text of textsOf(world)) texts.add(text)
    for (const { tenants, ever } of followers)
      for (const text of textsOf(filtered(world, knownTo(world, tenants)))) ever.add(text)
  }
  note()
  const log: LoggedEvent[] = []
  /** One at a time, each told before the next happens. */
  async function* live(): AsyncGenerator<FeedBatch> {
    for (let step = 0; step < steps; step++) {
      const events = toEvents(graph.cursor.seq, change(chance, world))
      graph.apply(events)
      log.push(...events)
      note()
      yield { events, cursor: { epoch, seq: graph.cursor.seq } }
    }
  }
  const first = chance.pick(followers)
  const following = followResources(contextOf(graph, first.tenants, live), { snapshot: true })
  const told: [Follower, string, string][] = [[first, 'live', await texted(following)]]
  for (const follower of followers)
    for (const [question, text] of Object.entries(
      await replayAll(chance, graph, log, [...world.resources.keys()], follower),
    ))
      told.push([follower, question, text])
  for (const [{ tenants, ever }, question, text] of told) {
    count.pairs++
    count.told += text.split('__typename').length - 1
    const secret = [...texts].find((one) => !ever.has(one) && holds(text, one))
    if (secret !== undefined)
      count.leaks.push({ question, tenants: [...tenants], what: around(text, secret) })
  }
  count.worlds++
  count.events += log.length
}

/** Everything again, each from somewhere on. */
async function replayAll(
  chance: Chance,
  graph: MemoryGraph,
  log: readonly LoggedEvent[],
  ids: readonly number[],
  { tenants }: Follower,
): Promise<Record<string, string>> {
  const from = () => ({ epoch, seq: chance.is(0.5) ? 0 : chance.below(log.length) })
  const contextAfter = ({ seq: after }: { seq: number }): Context =>
    contextOf(graph, tenants, async function* () {
      yield { events: log.filter(({ seq }) => seq > after), cursor: graph.cursor }
    })
  const resources = (filter: ChangeFilterInput) => {
    const after = from()
    return texted(followResources(contextAfter(after), { after, filter }))
  }
  const context = contextAfter({ seq: 0 })
  const root = chance.pick([...tenants, ...ids])
  return {
    resourceChanged: await resources({}),
    'resourceChanged of kinds': await resources({ kind: chance.some(kindNames, 5) }),
    'resourceChanged of a state': await resources({ status: [chance.pick(['ACTIVE', 'PLANNED'])] }),
    'resourceChanged of a label': await resources({ label: [{ key: 'env', value: 'prod' }] }),
    'resourceChanged of one': withoutRef(root, await resources({ ref: [String(root)] })),
    events: await texted(Promise.resolve(followEvents(context, { epoch, seq: 0 }, undefined))),
    topologyChanged: withoutRef(
      root,
      await texted(followTopology(context, { root: [String(root)], depth: 4 })),
    ),
  }
}

/** A refusal names what was asked for. */
const withoutRef = (ref: number, text: string): string => text.replaceAll(`the ref ${ref}`, 'it')

async function texted(following: Promise<AsyncIterable<unknown>>): Promise<string> {
  let text = ''
  try {
    for await (const message of await following) text += `${JSON.stringify(read(message))}\n`
  } catch (error) {
    // The root of a picture may be gone, or none of the viewer's any more.
    if ((error as { code?: string }).code !== 'NOT_FOUND') throw error
    text += (error as Error).message
  }
  return text
}

const around = (text: string, secret: string): string => {
  const at = text.indexOf(secret)
  return `${secret} in …${text.slice(Math.max(0, at - 300), at + 200)}…`
}
