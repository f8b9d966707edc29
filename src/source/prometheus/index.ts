/** A Prometheus as a source: what its exporters measure, by queries of the configuration, on the resources that their labels speak of. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { checkLogin, headersOf, loginSettings, openHttp, readAuthorities } from '../http.ts'
import {
  SourceError,
  type Driver,
  type Measured,
  type Source,
  type SourceEnvironment,
  type Told,
} from '../source.ts'
import { Client } from './client.ts'
import { ownMetrics, toMeasured, type Unmatched } from './map.ts'

const settings = z
  .strictObject({
    /** Where its web pages begin: `https://prometheus.example.net`. */
    url: z.url({ protocol: /^https?$/ }),
    ...loginSettings,
    /** Seconds between two collections. */
    every: z.number().positive().default(30),
    requestSeconds: z.number().positive().default(20),
    /** What to measure, by the name that it gets. */
    metrics: z
      .record(
        z.string().regex(/^[a-z][a-z0-9_.:]{0,127}$/i, 'a name such as system.cpu.utilization is needed'),
        z.strictObject({
          query: z.string().min(1),
          unit: z.string().default('1'),
          type: z.enum(['gauge', 'counter', 'state']).default('gauge'),
          help: z.string().default(''),
        }),
      )
      .refine((metrics) => Object.keys(metrics).length > 0, 'at least one metric is needed'),
  })
  .superRefine((given, context) => {
    const message = checkLogin(given)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
type Settings = z.infer<typeof settings>

export const prometheus: Driver<Settings> = {
  name: 'prometheus',
  authoritative: false,
  precedence: 40,
  role: 'observed',
  metrics: ownMetrics,
  parseSettings: (value) => settings.parse(value),
  open,
}

/** What does not match is told in an event when it is others, and so often at most. */
const tellEveryMs = 600_000
const mostTold = 50
const atOnce = 4

async function open(own: Settings, environment: SourceEnvironment): Promise<Source> {
  const ca = own.ca === undefined ? undefined : await readAuthorities(own.ca)
  const http = openHttp({
    ...{ url: own.url, environment, deadlineMs: own.requestSeconds * 1_000 },
    ...(ca === undefined ? {} : { ca }),
  })
  const client = new Client(http, () => headersOf(own, environment))
  return {
    metrics: Object.entries(own.metrics).map(([name, { unit, type, help }]) => ({ name, unit, type, help })),
    watch: (signal) => watch(own, client, environment, signal),
    async probe(signal) {
      const { unmatched, series } = await collect(own, client, environment, signal)
      const known = environment.matcher === undefined ? '' : `, ${unmatched.length} of them of no resource`
      return `answers: ${series} series${known}`
    },
    close: async () => http.close(),
  }
}

async function* watch(
  own: Settings,
  client: Client,
  environment: SourceEnvironment,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  let told = '[[],[]]'
  let toldAtMs = -Infinity
  while (!signal.aborted) {
    const beganMs = performance.now()
    let round: Round
    try {
      round = await collect(own, client, environment, signal)
    } catch (error) {
      if (!signal.aborted)
        yield { measured: [of('up', 0), of('scrape.duration', (performance.now() - beganMs) / 1_000)] }
      throw error
    }
    const duration = (performance.now() - beganMs) / 1_000
    const about = [
      ...[of('up', 1), of('scrape.duration', duration)],
      ...[of('scrape.series', round.series), of('scrape.series.unmatched', round.unmatched.length)],
    ]
    yield { measured: [...round.measured, ...about] }
    const text = JSON.stringify([round.unmatched, round.failed])
    if (text !== told && performance.now() - toldAtMs >= tellEveryMs) {
      yield { notice: 'PrometheusUnmatched', detail: detailOf(round) }
      told = text
      toldAtMs = performance.now()
    }
    await delay(own.every * 1_000, undefined, { signal, ref: false }).catch(() => {})
  }
}

const of = (metric: string, value: number): Measured => ({ metric, value, at: Date.now() })

interface Round {
  measured: Measured[]
  unmatched: Unmatched[]
  failed: { metric: string; reason: string }[]
  series: number
}

/** A query that fails leaves the others' values whole; throws when all fail. */
async function collect(
  own: Settings,
  client: Client,
  environment: SourceEnvironment,
  signal: AbortSignal,
): Promise<Round> {
  const match = environment.matcher?.() ?? (() => undefined)
  const round: Round = { measured: [], unmatched: [], failed: [], series: 0 }
  let failure: unknown
  const waiting = Object.entries(own.metrics)
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const [metric, { query }] = next
      try {
        const points = await client.query(query, signal)
        const { measured, unmatched } = toMeasured(metric, points, match)
        round.measured.push(...measured)
        round.unmatched.push(...unmatched)
        round.series += points.length
      } catch (error) {
        failure = error
        round.failed.push({ metric, reason: (error as Error).message })
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  if (signal.aborted) throw new SourceError('aborted', 'the collection was given up')
  if (round.failed.length === Object.keys(own.metrics).length) throw failure
  round.unmatched.sort(byText)
  round.failed.sort(byText)
  return round
}

/** The same is told in the same order. */
const byText = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

function detailOf({ unmatched, failed }: Round): Record<string, unknown> {
  return {
    unmatched: unmatched.slice(0, mostTold),
    unmatchedCount: unmatched.length,
    failed: failed.slice(0, mostTold),
  }
}
