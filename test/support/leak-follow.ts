/**
 * The same of subscriptions: worlds that change, followed while they do and replayed afterwards from somewhere. Nothing that is told may hold a text that the viewer could not
 * know at any time; and a replay tells what was told live.
 */
import { followEvents, followResources, followTopology } from '../../src/api/subscription/index.ts'
import { LinkView, View } from '../../src/api/schema/view.ts'
import type { Context, FeedBatch } from '../../src/context.ts'
import type { LoggedEvent } from '../../src/event/event.ts'
import { scopeGraph } from '../../src/graph/scope.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { Chance } from './chance.ts'
import { epoch, toEvents } from './datacenter.ts'
import { loadWorld, type Leak } from './leaks.ts'
import { change, filtered, knownTo, makeWorld, textsOf } from './tenants.ts'

export interface FollowCount {
  worlds: number
  events: number
  told: number
  leaks: Leak[]
}

const steps = 30

export async function lookForLeaksInFollowing(seed: number, worlds: number): Promise<FollowCount> {
  const chance = new Chance(seed)
  const count: FollowCount = { worlds: 0, events: 0, told: 0, leaks: [] }
  while (count.worlds < worlds && count.leaks.length < 10) await followOne(chance, count)
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

async function followOne(chance: Chance, count: FollowCount): Promise<void> {
  const world = makeWorld(chance)
  const graph = await loadWorld(world)
  const all = [...world.resources.values()].filter(({ kind }) => kind === 'Tenant').map(({ id }) => id)
  const tenants = new Set(chance.some(all, 2))
  const ever = new Set<string>()
  const texts = new Set<string>()
  const note = () => {
    for (const text of textsOf(world)) texts.add(text)
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
  const snapshot = await texted(followResources(contextOf(graph, tenants, live), { snapshot: true }))
  const after = chance.below(log.length)
  async function* replay(): AsyncGenerator<FeedBatch> {
    yield { events: log.filter(({ seq }) => seq > after), cursor: graph.cursor }
  }
  const context = contextOf(graph, tenants, replay)
  const cursor = { epoch, seq: after }
  const told = {
    snapshot,
    resourceChanged: await texted(followResources(context, { after: cursor })),
    events: await texted(Promise.resolve(followEvents(context, cursor, undefined))),
    topologyChanged: await texted(
      followTopology(context, { root: [String(chance.pick([...tenants]))], depth: 4 }),
    ),
  }
  const secrets = [...texts].filter((text) => !ever.has(text))
  for (const [question, text] of Object.entries(told)) {
    count.told += text.split('__typename').length - 1
    const secret = secrets.find((one) => text.includes(one))
    if (secret !== undefined)
      count.leaks.push({ question, tenants: [...tenants], what: around(text, secret) })
  }
  count.worlds++
  count.events += log.length
}

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
