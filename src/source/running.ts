/** One source that runs: opened, listed at its interval, its watch taken in, what goes wrong told once and tried again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import type { Graph } from '../graph/graph.ts'
import type { Sample } from '../metric/metric.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Turn, TurnGroup, Turns } from '../turn.ts'
import { Sieve, type Policies } from './collection.ts'
import type { SourceConfig } from './config.ts'
import { Guard, inTime, obeying } from './guard.ts'
import { Intake } from './watch.ts'
import { KeyIds } from './key.ts'
import { Live, type LiveAnswer, type LiveRequest } from './live.ts'
import { createEnvironment, type EnvironmentOptions } from './environment.ts'
import { Redactor } from './secret.ts'
import { Lister } from './lister.ts'
import { SourceError, type Source, type SourceEnvironment } from './source.ts'
import { Standing } from './standing.ts'
import { tellNotices, type Asked } from './store.ts'
import { Uptime } from './uptime.ts'

export interface RunningOptions {
  db: Db
  config: SourceConfig
  sourceId: ResourceId
  resources: Resources
  turns: Turns
  graph: () => Graph
  record: (sourceId: ResourceId, samples: readonly Sample[]) => void
  inventory: EnvironmentOptions['inventory']
  policies: Policies
  readOnly: boolean
  log: Logger
  wake: () => void
}

const retryMs = [1_000, 5_000, 15_000, 60_000]
const openMs = 60_000
const closeMs = 5_000
/** A listing that is so much behind its interval says nothing of now. */
const lateness = 1.5
const forever = new AbortController().signal

export class Running {
  readonly name: string
  readonly sourceId: ResourceId
  readonly config: SourceConfig
  readonly guard: Guard
  readonly keys: KeyIds
  readonly #options: RunningOptions
  readonly #by: Actor
  readonly #log: Logger
  readonly #stop = new AbortController()
  readonly redactor = new Redactor()
  readonly #intake: Intake
  readonly #lister: Lister
  readonly #live: Live
  readonly #group: TurnGroup
  readonly #onShards = new Set<() => void>()
  /** What this process holds, by shard. */
  #turns = new Map<number, Turn>()
  #source: Source | undefined
  #opening: Promise<void>
  #working: AbortController | undefined
  #work: Promise<void> = Promise.resolve()
  readonly #standing: Standing
  readonly #uptime: Uptime

  constructor(options: RunningOptions) {
    const { config, sourceId, resources, log } = options
    this.#options = options
    this.name = config.name
    this.config = config
    this.sourceId = sourceId
    this.#by = { name: `source:${config.name}` }
    this.#log = log.child({ source: config.name })
    this.guard = new Guard({ ...config, onChange: (breaker) => void this.#standing.note({ breaker }) })
    this.keys = new KeyIds(config.name, resources, (id) => options.graph().get(id)?.id)
    this.#uptime = new Uptime({ sourceId, record: (samples) => options.record(sourceId, samples) })
    this.#intake = this.#createIntake()
    this.#standing = new Standing({
      ...{ resources, sourceId },
      ...{ by: this.#by, log: this.#log, clean: (error) => this.redactor.cleanError(error) },
      otherwise: () => this.#lister.failure,
      onIll: () => this.holds && this.#source?.list === undefined && this.#uptime.listed(false),
    })
    this.#lister = new Lister({
      ...options,
      by: this.#by,
      log: this.#log,
      guard: this.guard,
      clean: (error) => this.redactor.cleanError(error),
      cleanThing: (thing) => this.redactor.cleanAll(thing),
      standing: () => this.#standing.failure,
      onListed: () => this.#intake.forgetWritten(),
      beginListing: () => this.#intake.beginListing(),
      onAsked: (isUp, seconds) => this.#uptime.listed(isUp, seconds),
    })
    this.#live = new Live(
      this.guard,
      (error) => this.redactor.cleanError(error),
      (readings) => void this.#intake.add({ readings: [...readings] }),
    )
    this.#opening = this.#open()
    this.#group = options.turns.share(`source/${config.name}`, this.#turnNames(), (held) =>
      this.#onTurns(held),
    )
  }

  get shards(): number {
    return this.config.driver.shards ?? 1
  }

  /** The connection, where it could be opened. */
  get source(): Source | undefined {
    return this.#source
  }

  /** Whether this process is to answer what is asked of the source. */
  get isMine(): boolean {
    return this.shards === 1 && this.#turns.size > 0
  }

  /** Whether any part of its work is this process' turn. */
  get holds(): boolean {
    return this.#turns.size > 0
  }

  #turnNames(): string[] {
    const name = `source/${this.name}`
    return this.shards === 1 ? [name] : Array.from({ length: this.shards }, (_, shard) => `${name}/${shard}`)
  }

  /** Of what the driver measures; undefined when it cannot be asked for values. Never rejects. */
  async read(request: LiveRequest, signal: AbortSignal): Promise<LiveAnswer | undefined> {
    if (this.#source === undefined) {
      const reason = this.#standing.failure ?? 'it is not open yet'
      return { status: 'ERROR', ageSeconds: null, milliseconds: 0, readings: [], reason }
    }
    const measured = this.config.driver.metrics.map(({ name }) => name)
    const metrics =
      request.metrics.length === 0 ? measured : request.metrics.filter((name) => measured.includes(name))
    if (this.#source.read === undefined || metrics.length === 0) return undefined
    return this.#live.read(this.#source, { ...request, metrics }, signal)
  }

  answer(asked: Asked): Promise<void> {
    return this.#lister.answer(asked)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#working?.abort()
    await this.#opening
    await this.#work
    await this.#intake.close()
    const closing = this.#source?.close()
    if (closing !== undefined)
      await inTime(closing, forever, closeMs).catch((error: unknown) =>
        this.#warn(error, 'a source did not close well'),
      )
    await this.#group.close()
  }

  #createIntake(): Intake {
    const { db, sourceId, resources, record, wake, policies } = this.#options
    const sieve = new Sieve(policies)
    return new Intake({
      sourceId,
      by: this.#by,
      resources,
      keys: this.keys,
      shards: this.shards,
      log: this.#log,
      fenceOf: (shard) => this.#turns.get(shard),
      record: (samples) => record(sourceId, sieve.keep(samples)),
      collected: (isUp, seconds) => this.#uptime.collected(isUp, seconds),
      clean: (value) => this.redactor.cleanAll(value),
      tell: async (notices) => {
        const told = notices.map(({ resourceId, notice }) => ({ ...notice, resourceId, sourceId }))
        await tellNotices(db, this.#by.name, told)
        wake()
      },
    })
  }

  /** Until it can be opened. */
  async #open(): Promise<void> {
    const { signal } = this.#stop
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const opening = this.config.driver.open(this.config.settings, this.#environment())
        this.#source = await inTime(opening, signal, openMs)
        // A listing will say by itself that all is well.
        if (tries > 0 || this.#source.list === undefined) await this.#standing.tell(null)
        return this.#begin()
      } catch (error) {
        if (signal.aborted) return
        await this.#standing.tell(`it cannot be opened: ${this.redactor.cleanError(error).message}`)
        await this.#rest(tries)
      }
    }
  }

  #environment(): SourceEnvironment {
    return createEnvironment({
      name: this.name,
      control: this.config.control && !this.#options.readOnly,
      shards: this.shards,
      mine: () => [...this.#turns.keys()].sort((a, b) => a - b),
      listeners: this.#onShards,
      log: this.#log,
      redactor: this.redactor,
      guard: this.guard,
      signal: this.#stop.signal,
      inventory: this.#options.inventory,
      collection: this.#options.policies.byKeys(this.keys),
    })
  }

  #onTurns(held: readonly Turn[]): void {
    const had = this.#turns.size
    this.#turns = new Map(
      held.map((turn) => [this.shards === 1 ? 0 : Number(turn.turn.split('/').at(-1)), turn]),
    )
    this.#intake.forgetWritten()
    for (const listener of this.#onShards) listener()
    if (had === 0 || this.#turns.size === 0) this.#begin()
  }

  /** Works as long as something is this process' turn. */
  #begin(): void {
    this.#working?.abort()
    const source = this.#source
    if (source === undefined || this.#turns.size === 0 || this.#stop.signal.aborted) return
    const working = (this.#working = new AbortController())
    const signal = AbortSignal.any([working.signal, this.#stop.signal])
    const before = this.#work
    this.#work = before.then(async () => {
      await Promise.all([
        this.#listAll(source, signal),
        this.#watchAll(source, signal),
        this.#standing.noteAll(() => this.#look(source), signal),
      ])
    })
  }

  async #listAll(source: Source, signal: AbortSignal): Promise<void> {
    const turn = this.#turns.get(0)
    if (source.list === undefined || this.shards > 1 || turn === undefined) return
    await this.#lister.run(source, turn, AbortSignal.any([signal, turn.signal]))
  }

  async #watchAll(source: Source, signal: AbortSignal): Promise<void> {
    if (source.watch === undefined) return
    for (let tries = 0; !signal.aborted; tries++) {
      const beganMs = performance.now()
      try {
        for await (const told of obeying(source.watch(signal), signal)) {
          if (this.#standing.failure !== null) await this.#standing.tell(null)
          await this.#intake.add(told)
        }
        if (!signal.aborted) throw new SourceError('failed', 'it ended by itself')
      } catch (error) {
        if (signal.aborted) return
        await this.#standing.tell(
          `what it pushes cannot be followed: ${this.redactor.cleanError(error).message}`,
        )
        this.#lister.soon()
        if (performance.now() - beganMs > 60_000) tries = 0
        await this.#rest(tries)
      }
    }
  }

  /** A source that only watches was seen as long as its watch is well. */
  #look(source: Source): { isSeen: boolean; lagSeconds: number | undefined } {
    const isWell = this.#standing.failure === null
    const isSeen = source.watch !== undefined && source.list === undefined && isWell
    if (isSeen) this.#uptime.listed(true)
    else this.#uptime.again(this.config.intervalSeconds * lateness * 1_000)
    return { isSeen, lagSeconds: this.#intake.lagSeconds }
  }

  #rest(tries: number): Promise<void> {
    const ms = retryMs[Math.min(tries, retryMs.length - 1)]! * (0.8 + 0.4 * Math.random())
    return delay(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
  }

  #warn(error: unknown, message: string): void {
    this.#log.warn({ failure: this.redactor.cleanError(error).message }, message)
  }
}
