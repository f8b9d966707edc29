/** A source whose every word is the test's, and what runs it. */
import pino from 'pino'
import { startEvents } from '../../src/event/index.ts'
import { startGraph, type GraphHolder } from '../../src/graph/index.ts'
import type { Sample } from '../../src/metric/metric.ts'
import { startResources } from '../../src/resource/index.ts'
import type { Observation } from '../../src/resource/resource.ts'
import type { Resources } from '../../src/resource/verbs.ts'
import { parseSources, startSources, type Sources, type SourcesOptions } from '../../src/source/index.ts'
import type { Driver, Reading, Source, SourceEnvironment, Told } from '../../src/source/source.ts'
import { startTurns, type Turns } from '../../src/turn.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

/** What the outside system is now; tests change it as they go. */
export class Script {
  things: Observation[] = []
  /** Thrown by the next calls, until it is undefined again. */
  failing: Error | undefined
  openFailing: Error | undefined
  lists = 0
  /** Awaited by a listing before its end. */
  pausing: Promise<void> | undefined
  reads: { keys: readonly string[]; metrics: readonly string[] }[] = []
  opened: SourceEnvironment[] = []
  closed = 0
  values = new Map<string, number>()
  /** Never answers `read`, and does not obey its signal either. */
  hanging = false
  readonly #queue: Told[] = []
  readonly #wakes = new Set<() => void>()
  #broken: Error | undefined

  say(...told: Told[]): void {
    this.#queue.push(...told)
    this.#wake()
  }

  /** Ends all watches that run. */
  breakWatch(error: Error): void {
    this.#broken = error
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Told> {
    while (!signal.aborted) {
      if (this.#broken) {
        const error = this.#broken
        this.#broken = undefined
        throw error
      }
      const told = this.#queue.shift()
      if (told !== undefined) yield told
      else await this.#untilSaid(signal)
    }
  }

  #untilSaid(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#wakes.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

export interface ScriptedOptions {
  isListed?: boolean
  isWatched?: boolean
  shards?: number
  authoritative?: boolean
}

export function createDriver(script: Script, options: ScriptedOptions = {}): Driver {
  const { isListed = true, isWatched = false, shards = 1, authoritative = true } = options
  return {
    name: 'scripted',
    authoritative,
    precedence: 50,
    role: 'observed',
    shards,
    metrics: [{ name: 'test.load', unit: '1', type: 'gauge', help: 'How much there is to do.' }],
    parseSettings: (value) => value,
    open: async (_, environment) => {
      script.opened.push(environment)
      if (script.openFailing) throw script.openFailing
      const source: Source = {
        async read(keys, metrics): Promise<Reading[]> {
          script.reads.push({ keys, metrics })
          if (script.hanging) await new Promise(() => {})
          if (script.failing) throw script.failing
          const at = Date.now()
          return keys.flatMap((key) => {
            const value = script.values.get(key)
            return value === undefined ? [] : metrics.map((metric) => ({ key, metric, value, at }))
          })
        },
        close: async () => {
          script.closed += 1
        },
      }
      if (isListed)
        source.list = async function* () {
          script.lists += 1
          for (const thing of script.things) yield thing
          await script.pausing
          if (script.failing) throw script.failing
        }
      if (isWatched) source.watch = (signal) => script.watch(signal)
      return source
    },
  }
}

export interface Process {
  sources: Sources
  turns: Turns
  resources: Resources
  holder: GraphHolder
  samples: Sample[]
  /** Resolves when `check` gives something other than undefined or false; looks after each event of the log and each note. */
  until<T>(check: () => Promise<T | undefined | false>): Promise<T>
  close(): Promise<void>
}

export async function startProcess(
  database: TestDatabase,
  driver: Driver,
  config: Record<string, unknown>,
  rest: Partial<SourcesOptions> = {},
  turnMs = 600,
): Promise<Process> {
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' })
  const { db, url } = database
  const events = startEvents({ db, url, log, pollMs: 100 })
  const resources = startResources({ db, wake: () => events.feed.wake() })
  const holder = await startGraph({ resources, events, limits: { visited: 1e6, asOfResources: 1e6 }, log })
  const turns = startTurns({ db, log, lengthMs: turnMs, graceMs: 100 })
  const samples: Sample[] = []
  const parsed = parseSources(config, [driver])
  if (parsed.faults.length > 0) throw new Error(JSON.stringify(parsed.faults))
  const sources = await startSources({
    db,
    config: parsed.sources,
    known: [driver],
    resources,
    turns,
    graph: () => holder.graph,
    metrics: { record: (_, more) => void samples.push(...more), define: async () => {} },
    log,
    readOnly: false,
    wake: () => events.feed.wake(),
    pollMs: 50,
    ...rest,
  })
  return {
    sources,
    turns,
    resources,
    holder,
    samples,
    async until(check) {
      for (;;) {
        const found = await check()
        if (found !== undefined && found !== false) return found
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    async close() {
      await sources.close()
      await turns.close()
      await holder.close()
      await events.close()
    },
  }
}

export { createDatabase, type TestDatabase }
