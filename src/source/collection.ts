/**
 * What is measured how often, by what the graph knows of a thing: policies of the configuration. The first that selects a thing decides; what none selects is measured as the
 * settings of its source say.
 */
import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import { toTest, type VertexTest } from '../graph/filter.ts'
import type { Graph } from '../graph/graph.ts'
import { selected, selectorShape, toFilter } from '../graph/selector.ts'
import type { Sample } from '../metric/metric.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { KeyIds } from './key.ts'
import { toSeconds } from './config.ts'
import type { Collecting, Collection } from './source.ts'

const every = z.unknown().transform((value, context) => {
  const seconds = toSeconds(value)
  if (seconds !== undefined && seconds >= 1 && seconds <= 86_400) return seconds * 1_000
  context.addIssue({ code: 'custom', message: 'a time such as 10s, 5m or 1h is needed, from 1s to 1d' })
  return z.NEVER
})

const pattern = z
  .string()
  .regex(/^[A-Za-z*][\w.:*]{0,127}$/, 'the name of a metric is needed, * stands for any part of it')

/** One policy as people write it. */
const policy = z.strictObject({
  selector: selectorShape.default({}),
  /** Names of the sources that measure; default: all. */
  sources: z.array(z.string().min(1)).min(1).optional(),
  collect: z.boolean().default(true),
  every: every.optional(),
  /** Which metrics are kept; default: all. */
  metrics: z.array(pattern).min(1).optional(),
})
export const collectionShape = z.array(policy).max(1_000)
export type CollectionPolicy = z.output<typeof policy>

/** Which of them select nothing as things stand, by their places: a slip of the pen is without effect, and nothing else shows it. */
export const idlePolicies = (policies: readonly CollectionPolicy[], graph: Graph): number[] =>
  [...policies.keys()].filter((place) => selected(graph, policies[place]!.selector).length === 0)

/** What shows that something is measured at all is kept whatever a policy leaves out. */
const always = new Set(['up', 'scrape.duration', 'check.duration'])
/** What the graph knows changes: it is asked again after so long. */
const staleMs = 1_000

/** Of one source. */
export class Policies {
  readonly #rules: readonly { policy: CollectionPolicy; collecting: Collecting }[]
  readonly #graph: () => Graph
  readonly #now: () => number
  #tests: (VertexTest | undefined)[] = []
  #known = new Map<ResourceId, Collecting | undefined>()
  #askedAtMs = -Infinity

  constructor(
    source: string,
    policies: readonly CollectionPolicy[],
    graph: () => Graph,
    now: () => number = () => performance.now(),
  ) {
    this.#rules = policies
      .filter(({ sources }) => sources?.includes(source) ?? true)
      .map((one) => ({ policy: one, collecting: toCollecting(one) }))
    this.#graph = graph
    this.#now = now
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** The shortest time that any of them asks for. */
  get shortestMs(): number | undefined {
    const all = this.#rules.flatMap(({ collecting }) => collecting.everyMs ?? [])
    return all.length === 0 ? undefined : Math.min(...all)
  }

  of(id: ResourceId): Collecting | undefined {
    if (this.isEmpty) return undefined
    const now = this.#now()
    if (now - this.#askedAtMs >= staleMs) {
      this.#askedAtMs = now
      this.#known.clear()
      this.#tests = this.#rules.map(({ policy: { selector } }) =>
        toTest(this.#graph(), toFilter(this.#graph(), selector)),
      )
    }
    if (!this.#known.has(id)) this.#known.set(id, this.#find(id))
    return this.#known.get(id)
  }

  #find(id: ResourceId): Collecting | undefined {
    const vertex = this.#graph().get(id)
    if (vertex === undefined) return undefined
    return this.#rules.find((_, place) => this.#tests[place]?.(vertex) ?? true)?.collecting
  }

  /** The same for who knows things by the source's keys. What the inventory does not know yet has none. */
  byKeys(keys: KeyIds): Collection {
    return {
      shortestMs: this.shortestMs,
      of: async (asked) => {
        if (this.isEmpty) return new Map()
        const ids = await keys.find(asked)
        return new Map(
          [...ids].flatMap(([key, id]) => {
            const collecting = this.of(id)
            return collecting === undefined ? [] : [[key, collecting] as const]
          }),
        )
      },
    }
  }
}

function toCollecting({ collect, every: everyMs, metrics }: CollectionPolicy): Collecting {
  const tests = metrics?.map(
    (one) => new RegExp(`^${one.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'i'),
  )
  return {
    isOff: !collect,
    everyMs,
    accepts: (metric) => tests === undefined || always.has(metric) || tests.some((test) => test.test(metric)),
  }
}

const mostRemembered = 1_000_000
/** What comes a little early still counts as on time. */
const early = 0.75

/** Lets through what the policies want: also of sources that ask for all of their things at once and of those that are pushed to. */
export class Sieve {
  readonly #policies: Policies
  readonly #lastAt = new Map<string, number>()

  constructor(policies: Policies) {
    this.#policies = policies
  }

  keep(samples: readonly Sample[]): readonly Sample[] {
    return this.#policies.isEmpty ? samples : samples.filter((sample) => this.#isKept(sample))
  }

  #isKept({ resourceId, metric, at }: Sample): boolean {
    const collecting = this.#policies.of(resourceId)
    if (collecting === undefined) return true
    if (collecting.isOff || !collecting.accepts(metric)) return false
    return collecting.everyMs === undefined || this.#isTime(`${resourceId} ${metric}`, at, collecting.everyMs)
  }

  #isTime(series: string, at: number, everyMs: number): boolean {
    const lastAt = this.#lastAt.get(series)
    // What is late, after an absence for one, is before the last: it has its own times.
    if (lastAt !== undefined && Math.abs(at - lastAt) < everyMs * early) return false
    if (this.#lastAt.size >= mostRemembered) this.#lastAt.clear()
    this.#lastAt.set(series, at)
    return true
  }
}
