/**
 * Follows what happens in an engine. An event says only that something may be otherwise: what it names is asked for anew, many at once when much happens. So the names
 * of events, which differ between engines, do not matter, and what is told is what is. An engine says that a container has died before it shows it: so each is looked
 * at a little later again.
 */
import type { Memory } from '../memory.ts'
import { Pace } from '../pace.ts'
import { scrape } from '../scrape.ts'
import { SourceError, type Collection, type Told } from '../source.ts'
import type { Engine, EngineEvent } from './client.ts'
import {
  containerKey,
  routedNetworks,
  toContainer,
  toFixed,
  toImage,
  toNetwork,
  toVolume,
  type Place,
} from './map.ts'
import { readStats } from './stat.ts'

const againMs = [500, 5_000]

/** What is asked for together. */
const groups = ['image', 'network', 'volume'] as const
type Group = (typeof groups)[number]

/** What is to be looked at. */
class Dirt {
  readonly groups = new Set<Group>()
  readonly containers = new Set<string>()
  readonly #again = new Set<string>()
  isAll = true
  isMeasuring = false
  readonly #timers = new Set<NodeJS.Timeout>()
  #wake: () => void = () => {}
  #failure: SourceError | undefined

  take({ Type, Action, Actor }: EngineEvent): void {
    // Looking into a container changes nothing of it.
    if (Type === 'container' && /^(?:exec_|top|attach|resize|export|archive-path|logs)/.test(Action)) return
    if (Type === 'container') this.containers.add(Actor.ID)
    if ((groups as readonly string[]).includes(Type)) this.groups.add(Type as Group)
    const other = Actor.Attributes?.['container']
    if (other) this.containers.add(other)
    this.#wake()
  }

  measure(): void {
    this.isMeasuring = true
    this.#wake()
  }

  #lookAgain(ids: readonly string[]): void {
    for (const ms of againMs) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        for (const id of ids) this.#again.add(id)
        this.#wake()
      }, ms)
      this.#timers.add(timer)
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  fail(error: unknown): void {
    this.#failure =
      error instanceof SourceError
        ? error
        : new SourceError('failed', 'events cannot be read', { cause: error })
    this.#wake()
  }

  get #isClean(): boolean {
    return (
      !this.isAll && !this.isMeasuring && this.groups.size + this.containers.size + this.#again.size === 0
    )
  }

  /** What is dirty now, as soon as there is any; throws what failed. */
  async next(): Promise<{ isAll: boolean; groups: Set<Group>; containers: string[]; isMeasuring: boolean }> {
    while (!this.#failure && this.#isClean) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#failure) throw this.#failure
    const { isAll, isMeasuring } = this
    const containers = [...this.containers.union(this.#again)]
    const taken = { isAll, isMeasuring, groups: new Set(this.groups), containers }
    if (this.containers.size > 0) this.#lookAgain([...this.containers])
    this.isAll = this.isMeasuring = false
    this.groups.clear()
    this.containers.clear()
    this.#again.clear()
    return taken
  }
}

export interface FollowOptions {
  engine: Engine
  place(signal: AbortSignal): Promise<Place>
  everyMs: number
  collection?: Collection | undefined
  /** Kept between two watches: what was gone meanwhile is told by the next. */
  memory: Memory
}

export async function* follow(options: FollowOptions, signal: AbortSignal): AsyncGenerator<Told> {
  const { engine, everyMs } = options
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const dirt = new Dirt()
  const opened = Promise.withResolvers<void>()
  const listening = listen(engine, dirt, opened, both)
  const pace = new Pace(options.collection, everyMs)
  const timer = setInterval(() => dirt.measure(), pace.tickMs)
  const looking = new Look(options, pace)
  try {
    await opened.promise
    dirt.measure()
    for (;;) yield* looking.at(await dirt.next(), both)
  } finally {
    clearInterval(timer)
    dirt.close()
    stop.abort()
    await listening
  }
}

async function listen(
  engine: Engine,
  dirt: Dirt,
  opened: PromiseWithResolvers<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of engine.events(opened.resolve, signal)) dirt.take(event)
    throw new SourceError('unreachable', 'events: they ended')
  } catch (error) {
    dirt.fail(error)
    opened.reject(error)
  }
}

class Look {
  readonly #options: FollowOptions
  readonly #pace: Pace
  #routed: ReadonlySet<string> = new Set()
  #place: Place | undefined
  #running = new Set<string>()

  constructor(options: FollowOptions, pace: Pace) {
    this.#options = options
    this.#pace = pace
  }

  async *at(
    { isAll, groups: dirty, containers, isMeasuring }: Awaited<ReturnType<Dirt['next']>>,
    signal: AbortSignal,
  ): AsyncGenerator<Told> {
    if (isAll) yield* this.#all(signal)
    else {
      // Networks first: containers' addresses are theirs.
      for (const group of ['network', 'image', 'volume'] as const)
        if (dirty.has(group)) yield* this.#group(group, signal)
      if (containers.length > 0) yield* this.#containers(containers, signal)
    }
    if (isMeasuring) yield* this.#measure(signal)
  }

  async *#all(signal: AbortSignal): AsyncGenerator<Told> {
    const { engine, memory, place } = this.#options
    const [at, held] = await Promise.all([place(signal), engine.all(signal)])
    this.#place = at
    memory.forget()
    this.#routed = routedNetworks(held.networks)
    const isHeld = new Set(held.containers.map(({ Id }) => containerKey(Id)))
    this.#running = runningOf(held.containers)
    yield* memory.tell('fixed', toFixed(at))
    yield* memory.tell(
      'network',
      held.networks.flatMap((one) => toNetwork(one, this.#routed)),
    )
    yield* memory.tell('image', held.images.map(toImage))
    yield* memory.tell(
      'volume',
      held.volumes.map((one) => toVolume(one, at)),
    )
    for (const one of held.containers)
      yield* memory.tell(containerKey(one.Id), toContainer(one, this.#routed, at))
    for (const holder of memory.holders)
      if (holder.startsWith('container/') && !isHeld.has(holder)) yield* memory.tell(holder, [])
  }

  async *#group(group: Group, signal: AbortSignal): AsyncGenerator<Told> {
    const { engine, memory } = this.#options
    if (group === 'image') yield* memory.tell(group, (await engine.images(signal)).map(toImage))
    else if (group === 'volume')
      yield* memory.tell(
        group,
        (await engine.volumes(signal)).map((one) => toVolume(one, this.#place!)),
      )
    else {
      const networks = await engine.networks(signal)
      this.#routed = routedNetworks(networks)
      yield* memory.tell(
        group,
        networks.flatMap((one) => toNetwork(one, this.#routed)),
      )
    }
  }

  async *#containers(ids: readonly string[], signal: AbortSignal): AsyncGenerator<Told> {
    const { engine, memory } = this.#options
    const found = await engine.containers(ids, signal)
    const byId = new Map(found.map((one) => [one.Id, one]))
    for (const id of ids) {
      const one = byId.get(id)
      this.#running.delete(id)
      if (one && runningOf([one]).size > 0) this.#running.add(id)
      yield* memory.tell(containerKey(id), one ? toContainer(one, this.#routed, this.#place!) : [])
    }
  }

  async *#measure(signal: AbortSignal): AsyncGenerator<Told> {
    const keys = await this.#pace.due([...this.#running].map(containerKey))
    if (keys.length === 0) return
    yield* scrape(() => readStats(this.#options.engine, keys, undefined, signal), signal)
  }
}

const runningOf = (containers: readonly { Id: string; State: string }[]): Set<string> =>
  new Set(containers.filter(({ State }) => State.toLowerCase() === 'running').map(({ Id }) => Id))
