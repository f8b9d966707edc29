/**
 * Evaluates rules: a round when samples came, and at least every few seconds. Resources are divided into shards; this process looks at those whose turn it has, and what it
 * writes is refused when the turn went elsewhere. What was written is what it goes on from, also in another process.
 */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Graph } from '../graph/graph.ts'
import { startLoop, type Loop } from '../loop.ts'
import type { Metrics } from '../metric/index.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Turns } from '../turn.ts'
import { Answering } from './answering.ts'
import { Candidates, restMs, type Candidate } from './candidate.ts'
import { isLong, judgeLong, judgeNow, pauseOf } from './evidence.ts'
import { toWrite } from './image.ts'
import type { Verdict } from './rule/condition.ts'
import { step } from './rule/machine.ts'
import type { Rule } from './rule/rule.ts'
import { shardOf, Shards } from './shard.ts'
import { openAlerts, TurnLost, writeAlerts, type AlertWrite, type StoredAlert } from './store.ts'

export interface EngineOptions {
  db: Knex
  log: Logger
  metrics: Metrics
  turns: Turns
  graph(): Graph
  rules(): readonly Rule[]
  /** Called after events were written. */
  wake(): void
  now?: () => number
}

/** Timers run also where nothing is measured. */
const roundMs = 2_000
/** After a round there is none for so many times as long as it took, and for a second at most: rules cost a fifth of a core at most. */
const restTimes = 4
const mostRestMs = 1_000
const allMs = 15_000
/** Of one transaction. */
const mostWrites = 1_000

export class Engine {
  readonly #options: EngineOptions
  readonly #now: () => number
  readonly #candidates: Candidates
  readonly #answering: Answering
  readonly #open = new Map<string, StoredAlert>()
  readonly #shards: Shards
  readonly #nextAt = new Map<string, number>()
  readonly #problems = new Map<string, string>()
  readonly #loop: Loop
  readonly #stopTicks: () => void
  #touched = new Set<ResourceId>()
  #allAt = -Infinity
  #running: Promise<void> | undefined
  #again = false
  #resting: NodeJS.Timeout | undefined
  #endedAtMs = -Infinity
  #closed = false
  /** How long the last round took. */
  roundMs = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#candidates = new Candidates(options.metrics)
    this.#answering = new Answering(options.metrics)
    this.#shards = new Shards(
      options.turns,
      (lost) => this.#forget(lost),
      () => this.wake(),
    )
    this.#stopTicks = options.metrics.onTick((ids) => {
      for (const id of ids) this.#touched.add(id)
      this.#wakeRested()
    })
    this.#loop = startLoop({
      name: 'alert rules',
      everyMs: roundMs,
      log: options.log,
      run: () => this.round(),
    })
  }

  /** What a rule could not be judged for, in its last round. */
  problemOf(rule: string): string | undefined {
    return this.#problems.get(rule)
  }

  wake(): void {
    void this.round().catch((error: unknown) => {
      if (!this.#closed) this.#options.log.warn({ err: error }, 'rules cannot be evaluated now; trying again')
    })
  }

  /** Something was measured: it is judged at once, or together with more of it when there is much to judge. */
  #wakeRested(): void {
    if (this.#resting !== undefined || this.#closed) return
    const restMs = Math.min(mostRestMs, this.roundMs * restTimes) - (performance.now() - this.#endedAtMs)
    if (restMs <= 0) return this.wake()
    this.#resting = setTimeout(() => {
      this.#resting = undefined
      this.wake()
    }, restMs).unref()
  }

  /** Rules are others now: everything is looked at. */
  rulesChanged(): void {
    this.#allAt = -Infinity
    this.#nextAt.clear()
    this.wake()
  }

  /** One at a time; one that is wanted meanwhile follows. */
  round(): Promise<void> {
    this.#again = true
    this.#running ??= this.#rounds().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      const began = performance.now()
      await this.#round()
      this.#endedAtMs = performance.now()
      this.roundMs = this.#endedAtMs - began
    }
  }

  #forget(shards: ReadonlySet<number>): void {
    for (const [fingerprint, { image }] of this.#open)
      if (shards.has(shardOf(image.resourceId!))) this.#open.delete(fingerprint)
  }

  async #read(shards: ReadonlySet<number>): Promise<void> {
    const now = this.#now()
    this.#forget(shards)
    for (const stored of await openAlerts(this.#options.db)) {
      const { image, life } = stored
      if (!stored.fingerprint.startsWith('rule/')) continue
      if (image.resourceId === null || life === null || !shards.has(shardOf(image.resourceId))) continue
      this.#open.set(stored.fingerprint, { ...stored, life: { ...life, knownAt: now } })
    }
  }

  async #round(): Promise<void> {
    if (await this.#shards.settle((shards) => this.#read(shards))) this.#allAt = -Infinity
    if (this.#shards.size === 0) return
    const now = this.#now()
    const graph = this.#options.graph()
    const rules = this.#options.rules()
    this.#answering.record((id) => this.#shards.has(id), now)
    const isAll = Math.abs(now - this.#allAt) >= allMs
    const touched = isAll ? undefined : new Set([...this.#touched, ...this.#openResources()])
    this.#touched = new Set()
    if (isAll) this.#allAt = now
    this.#candidates.isBehind = false
    const writes: AlertWrite[] = []
    for (const rule of rules) writes.push(...(await this.#evaluate(rule, graph, touched, now)))
    if (this.#candidates.isBehind) this.#allAt = Math.min(this.#allAt, now - allMs + restMs)
    if (isAll) {
      this.#candidates.forget(new Set(rules.map(({ name }) => name)))
      writes.push(...this.#gone(rules, graph, now))
    }
    await this.#write(writes)
  }

  *#openResources(): Generator<ResourceId> {
    for (const { image } of this.#open.values()) yield image.resourceId!
  }

  async #evaluate(
    rule: Rule,
    graph: Graph,
    touched: ReadonlySet<ResourceId> | undefined,
    now: number,
  ): Promise<AlertWrite[]> {
    const byResource = this.#candidates.of(rule, graph, now)
    if (isLong(rule)) return this.#evaluateLong(rule, graph, [...byResource.values()].flat(), now)
    const writes: AlertWrite[] = []
    const look = (candidate: Candidate): void => {
      const isFiring = this.#open.get(candidate.fingerprint)?.life?.state === 'FIRING'
      const write = this.#step(
        rule,
        graph,
        candidate,
        judgeNow(this.#options.metrics, rule, candidate, isFiring, now),
        now,
      )
      if (write !== undefined) writes.push(write)
    }
    if (touched === undefined || touched.size > byResource.size) {
      for (const [id, own] of byResource)
        if (this.#shards.has(id) && (touched === undefined || touched.has(id))) own.forEach(look)
    } else for (const id of touched) if (this.#shards.has(id)) byResource.get(id)?.forEach(look)
    return writes
  }

  async #evaluateLong(
    rule: Rule,
    graph: Graph,
    all: readonly Candidate[],
    now: number,
  ): Promise<AlertWrite[]> {
    const nextAt = this.#nextAt.get(rule.name) ?? -Infinity
    const pause = pauseOf(rule)
    if (now < nextAt && nextAt - now <= pause) return []
    this.#nextAt.set(rule.name, now + pause)
    const mine = all.filter(({ resourceId }) => this.#shards.has(resourceId))
    if (mine.length === 0) return []
    try {
      const isFiring = ({ fingerprint }: Candidate): boolean =>
        this.#open.get(fingerprint)?.life?.state === 'FIRING'
      const verdicts = await judgeLong(this.#options.metrics, rule, mine, isFiring, now)
      this.#problems.delete(rule.name)
      return mine.flatMap(
        (candidate, index) => this.#step(rule, graph, candidate, verdicts[index]!, now) ?? [],
      )
    } catch (error) {
      this.#problems.set(rule.name, `It cannot be judged: ${(error as Error).message}`)
      return []
    }
  }

  #step(
    rule: Rule,
    graph: Graph,
    candidate: Candidate,
    verdict: Verdict,
    now: number,
  ): AlertWrite | undefined {
    const former = this.#open.get(candidate.fingerprint)
    const next = step(rule, former?.life ?? undefined, verdict, now)
    if (former === undefined && next.life === undefined) return undefined
    const isKept = next.change === undefined && next.life?.wellSince === former?.life?.wellSince
    if (former !== undefined && next.life !== undefined && isKept) {
      this.#open.set(candidate.fingerprint, {
        ...former,
        life: next.life,
        image: { ...former.image, value: next.life.value },
      })
      return undefined
    }
    return toWrite({ rule, graph, candidate, former, next, value: verdict.value, now })
  }

  /** Alerts whose rule is no more, or no longer selects their resource, or whose resource is gone. */
  #gone(rules: readonly Rule[], graph: Graph, now: number): AlertWrite[] {
    const byName = new Map(rules.map((rule) => [rule.name, rule]))
    return [...this.#open.values()].flatMap((stored) => {
      const { image, fingerprint } = stored
      const rule = byName.get(image.rule)
      const own = rule && this.#candidates.of(rule, graph, now).get(image.resourceId!)
      if (own?.some((candidate) => candidate.fingerprint === fingerprint)) return []
      return [
        {
          image: { ...image, state: 'RESOLVED' as const, endsAt: now },
          fingerprint,
          life: null,
          isTold: true,
        },
      ]
    })
  }

  async #write(writes: readonly AlertWrite[]): Promise<void> {
    for (let at = 0; at < writes.length; at += mostWrites) {
      // A turn may have been lost meanwhile.
      const some = writes
        .slice(at, at + mostWrites)
        .filter(({ image }) => this.#shards.has(image.resourceId!))
      const fences = this.#shards.fences(some.map(({ image }) => image.resourceId!))
      try {
        const { images, cursor } = await writeAlerts(this.#options.db, fences, some, 'plenum')
        for (const { fingerprint, life, image: wanted } of some) {
          const image = images.get(fingerprint)
          if (life !== null && image === undefined) this.#shards.readAgain(wanted.resourceId!)
          else if (life === null || image === undefined) this.#open.delete(fingerprint)
          else this.#open.set(fingerprint, { image, fingerprint, life, incidentId: null })
        }
        if (cursor !== null) this.#options.wake()
      } catch (error) {
        if (!(error instanceof TurnLost)) throw error
        this.#options.log.info({ reason: error.message }, 'alerts were not written')
      }
    }
  }

  async close(): Promise<void> {
    this.#stopTicks()
    this.#closed = true
    clearTimeout(this.#resting)
    await this.#loop.close()
    await this.#running?.catch(() => undefined)
    await this.#shards.close()
  }
}
