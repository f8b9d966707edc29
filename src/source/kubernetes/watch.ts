/** Follows a cluster: every collection is listed, then watched from there; a place that is gone is listed anew, a watch that ends is taken up where it was. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Memory } from '../memory.ts'
import { Pace } from '../pace.ts'
import { scrape } from '../scrape.ts'
import { SourceError, type Collection, type Reading, type Told } from '../source.ts'
import { Expired, type Client } from './client.ts'
import { idOf, type Held } from './held.ts'
import { containerKey, toFixed } from './map.ts'
import { collectionNames, type CollectionName } from './shape.ts'
import { toQuantity } from './text.ts'

export interface FollowOptions {
  client: Client
  held: Held
  memory: Memory
  everyMs: number
  collection?: Collection | undefined
}

const retryMs = [100, 1_000, 5_000]

export async function* follow(options: FollowOptions, signal: AbortSignal): AsyncGenerator<Told> {
  const { client, held, memory, everyMs } = options
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const dirt = new Dirt()
  memory.forget()
  const lists = await Promise.all(collectionNames.map((name) => relist(name, options, dirt, both)))
  for (const holder of memory.holders) dirt.addHolder(holder)
  const following = collectionNames.map((name, index) =>
    followOne(name, lists[index], options, dirt, both).catch((error: unknown) => dirt.fail(error)),
  )
  const giveUp = () => dirt.fail(new SourceError('aborted', 'the watch was given up'))
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  const pace = new Pace(options.collection, everyMs)
  const timer = setInterval(() => dirt.measure(), pace.tickMs)
  dirt.measure()
  try {
    yield* memory.tell('fixed', toFixed(held))
    for (;;) {
      const { all, isMeasuring } = await dirt.next()
      for (const [holder, [name, id]] of all) yield* memory.tell(holder, held.thingsOf(name, id))
      if (isMeasuring) yield* measure(client, held, pace, both)
    }
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', giveUp)
    stop.abort()
    await Promise.all(following)
  }
}

class Dirt {
  readonly #all = new Map<string, [CollectionName, string]>()
  #isMeasuring = false
  #failure: unknown
  #wake: () => void = () => {}

  add(name: CollectionName, id: string): void {
    this.#all.set(`${name} ${id}`, [name, id])
    this.#wake()
  }

  /** What was told by a watch before may be gone. */
  addHolder(holder: string): void {
    const [name, id] = holder.split(' ', 2) as [CollectionName, string | undefined]
    if (id !== undefined) this.add(name, id)
  }

  measure(): void {
    this.#isMeasuring = true
    this.#wake()
  }

  fail(error: unknown): void {
    this.#failure ??= error
    this.#wake()
  }

  async next(): Promise<{ all: [string, [CollectionName, string]][]; isMeasuring: boolean }> {
    while (this.#failure === undefined && this.#all.size === 0 && !this.#isMeasuring)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#failure !== undefined) throw this.#failure
    const taken = { all: [...this.#all], isMeasuring: this.#isMeasuring }
    this.#all.clear()
    this.#isMeasuring = false
    return taken
  }
}

/** Where to watch from; undefined where there is no such collection. */
async function relist(
  name: CollectionName,
  { client, held }: FollowOptions,
  dirt: Dirt,
  signal: AbortSignal,
): Promise<string | undefined> {
  const listed = await client.list(name, signal)
  if (listed === undefined) return undefined
  const ids = new Set(listed.objects.map(idOf))
  for (const id of held.of(name).keys())
    if (!ids.has(id)) touch(name, id, held, dirt, () => held.remove(name, id))
  for (const object of listed.objects) touch(name, idOf(object), held, dirt, () => held.put(name, object))
  return listed.version
}

/** Changes what is held, and notes what is to be told because of it. */
function touch(name: CollectionName, id: string, held: Held, dirt: Dirt, change: () => void): void {
  const before = held.dependents(name, id)
  change()
  for (const [other, its] of [...before, ...held.dependents(name, id)]) dirt.add(other, its)
  dirt.add(name, id)
}

async function followOne(
  name: CollectionName,
  first: string | undefined,
  options: FollowOptions,
  dirt: Dirt,
  signal: AbortSignal,
): Promise<void> {
  const { client, held } = options
  let version = first
  for (let failures = 0; version !== undefined && !signal.aborted;) {
    try {
      for await (const change of client.watch(name, version, signal)) {
        failures = 0
        version = change.version
        if (change.type === 'bookmark') continue
        const { object, type } = change
        const id = idOf(object)
        touch(name, id, held, dirt, () => (type === 'put' ? held.put(name, object) : held.remove(name, id)))
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Expired) version = await relist(name, options, dirt, signal)
      // What cuts watches off from time to time, a proxy for one, is no failure of the cluster yet.
      else if (
        !(error instanceof SourceError) ||
        error.failure !== 'unreachable' ||
        failures >= retryMs.length
      )
        throw error
    }
    await delay(retryMs[Math.min(failures++, retryMs.length - 1)], undefined, { signal }).catch(() => {})
  }
}

async function* measure(client: Client, held: Held, pace: Pace, signal: AbortSignal): AsyncGenerator<Told> {
  // Clusters without the metrics API, and one that is ill, are followed all the same.
  const measure = async () => {
    const readings = await readUsage(client, held, undefined, signal)
    const due = new Set(await pace.due([...new Set(readings.map(({ key }) => key))]))
    return readings.filter(({ key }) => due.has(key))
  }
  yield* scrape(measure, signal)
}

/** Of all containers by one request, whatever the number of those that are asked for. */
export async function readUsage(
  client: Client,
  held: Held,
  wanted: { keys: ReadonlySet<string>; metrics: readonly string[] } | undefined,
  signal: AbortSignal,
): Promise<Reading[]> {
  const at = Date.now()
  return (await client.usage(signal)).flatMap(({ metadata, containers }) => {
    const pod = held.of('pods').get(`${metadata.namespace}/${metadata.name}`)
    if (pod === undefined) return []
    return containers.flatMap(({ name, usage }) => {
      const key = containerKey(pod.metadata.uid, name)
      if (wanted && !wanted.keys.has(key)) return []
      const values = {
        'container.cpu.usage': toQuantity(usage.cpu),
        'container.memory.usage': toQuantity(usage.memory),
      }
      return Object.entries(values).flatMap(([metric, value]) =>
        value === undefined || (wanted && !wanted.metrics.includes(metric))
          ? []
          : [{ key, metric, value, at }],
      )
    })
  })
}
