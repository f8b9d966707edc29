/**
 * Measures a cloud: all hypervisors by one request a region, projects by what was listed of them; a machine by itself, which Nova tells in no other way, only where
 * somebody asks for it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Pace } from '../pace.ts'
import { scrape } from '../scrape.ts'
import {
  SourceError,
  sourceFailures,
  type Collection,
  type Reading,
  type SourceFailure,
  type Told,
} from '../source.ts'
import type { Cloud } from './inventory.ts'
import * as toUsage from './map/usage.ts'
import { findRegions, findServices, type Service } from './service.ts'
import type { Session } from './session.ts'
import * as shape from './shape.ts'

/** The last that tells what hypervisors have given away; every release answers in it. */
const lastWithUsage = [2, 87] as const
/** So many machines are asked for by one reading; each is a request, on which Nova asks its host. */
const mostMachines = 40

export class Usage {
  readonly #session: Session
  readonly #cloud: Cloud
  /** Nova of each region. */
  #computes: Map<string, Service> | undefined

  constructor(session: Session, cloud: Cloud) {
    this.#session = session
    this.#cloud = cloud
  }

  /** A region that fails leaves the others' values whole; throws when all fail. */
  async all(signal: AbortSignal): Promise<Reading[]> {
    const computes = await this.#find(signal)
    const ends = await Promise.allSettled(
      [...computes].map(([region, compute]) => hypervisors(region, compute, signal)),
    )
    return [...this.#settled(ends), ...this.#cloud.hosts(), ...this.#projects()]
  }

  /** What cannot be read is left out when others can. */
  async read(keys: readonly string[], names: readonly string[], signal: AbortSignal): Promise<Reading[]> {
    const [wanted, named] = [new Set(keys), new Set(names)]
    const asks = (kind: string, metrics: readonly { name: string }[]): string[] =>
      metrics.some(({ name }) => named.has(name)) ? keys.filter((key) => key.startsWith(`${kind}/`)) : []
    const machines = asks('server', toUsage.machineMetrics).slice(0, mostMachines)
    const hosts = asks('hypervisor', toUsage.hypervisorMetrics)
    if (machines.length + hosts.length === 0) return this.#kept(wanted, named)
    const computes = [...(await this.#find(signal))]
    const ends = await Promise.allSettled([
      ...(hosts.length === 0
        ? []
        : computes.map(([region, compute]) => hypervisors(region, compute, signal))),
      ...machines.map((key) => this.#machine(key.slice('server/'.length), computes, signal)),
    ])
    return [...this.#settled(ends), ...this.#kept(wanted, named)].filter(
      (one) => wanted.has(one.key) && named.has(one.metric),
    )
  }

  /** What was found; which services there are is asked anew after a failure. */
  #settled(ends: readonly PromiseSettledResult<Reading[]>[]): Reading[] {
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) this.#computes = undefined
    if (failed !== undefined && ends.every((end) => end.status === 'rejected')) throw failed.reason
    return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
  }

  /** Without asking anybody. */
  #kept(wanted: ReadonlySet<string>, named: ReadonlySet<string>): Reading[] {
    return this.#projects().filter(({ key, metric }) => wanted.has(key) && named.has(metric))
  }

  #projects(): Reading[] {
    return toUsage.toQuotaReadings(this.#cloud.counted(), Date.now())
  }

  async #find(signal: AbortSignal): Promise<Map<string, Service>> {
    if (this.#computes !== undefined) return this.#computes
    const found = new Map<string, Service>()
    for (const region of await findRegions(this.#session, signal)) {
      const compute = (await findServices(this.#session, region, signal)).get('compute')
      if (compute !== undefined) found.set(region, compute)
    }
    return (this.#computes = found)
  }

  /** Nothing of one that does not run, or that is gone. */
  async #machine(
    id: string,
    computes: readonly (readonly [string, Service])[],
    signal: AbortSignal,
  ): Promise<Reading[]> {
    for (const [, compute] of computes) {
      if (!(await compute.has(2, 48, signal))) continue
      try {
        const path = `servers/${encodeURIComponent(id)}/diagnostics`
        const told = await compute.get(shape.diagnostics, path, {}, signal)
        return toUsage.toMachineReadings(id, told, Date.now())
      } catch (error) {
        if (!(error instanceof SourceError)) throw error
        if (/: 409\b/.test(error.message)) return []
        if (error.failure !== 'missing') throw error
      }
    }
    return []
  }
}

/** None where the login may not see them: the listing says so. */
async function hypervisors(region: string, compute: Service, signal: AbortSignal): Promise<Reading[]> {
  const service = compute.upTo(...lastWithUsage)
  const at = Date.now()
  const options = { path: 'os-hypervisors/detail', list: 'hypervisors', shape: shape.hypervisorUsage }
  const paged = (await service.has(2, 33, signal)) ? { limit: 1_000 } : {}
  try {
    const all = await service.list({ ...options, ...paged, markerOf: ({ id }) => String(id) }, signal)
    return all.flatMap((one) => toUsage.toHypervisorReadings(region, one, at))
  } catch (error) {
    if (error instanceof SourceError && (error.failure === 'denied' || error.failure === 'missing')) return []
    throw error
  }
}

/** A proxy answers for services that are not there; what is measured is what the services are for, so that nothing else says that they are well. */
const absences: ReadonlySet<SourceFailure> = new Set(sourceFailures)

export interface MeasureOptions {
  usage: Usage
  everyMs: number
  collection?: Collection | undefined
}

/** Round by round; one that fails is told, and ends nothing. */
async function* measure(
  { usage, everyMs, collection }: MeasureOptions,
  signal: AbortSignal,
): AsyncGenerator<Told[]> {
  const pace = new Pace(collection, everyMs)
  const readAll = async (): Promise<Reading[]> => {
    const readings = await usage.all(signal)
    const due = new Set(await pace.due([...new Set(readings.map(({ key }) => key))]))
    return readings.filter(({ key }) => due.has(key))
  }
  for (;;) {
    yield await Array.fromAsync(scrape(readAll, signal, absences))
    await delay(pace.tickMs, undefined, { signal, ref: false }).catch(() => {})
    if (signal.aborted) throw new SourceError('aborted', 'the watch was given up')
  }
}

/** What is measured, and what is followed beside it, as both come. The first round is before all: a bus that is away hides no values. */
export async function* measureBeside(
  options: MeasureOptions,
  follow: ((signal: AbortSignal) => AsyncGenerator<Told>) | undefined,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const rounds = measure(options, both)
  const ofRound = async () => (await rounds.next()).value as Told[]
  yield* await ofRound()
  const followed = follow?.(both)
  const ofFollowed = async () => followed!.next()
  try {
    let round = ofRound()
    let next = followed === undefined ? undefined : ofFollowed()
    for (;;) {
      const won = await (next === undefined ? round : Promise.race([round, next]))
      if (Array.isArray(won)) {
        yield* won
        round = ofRound()
      } else {
        if (won.done === true) return
        yield won.value
        next = ofFollowed()
      }
    }
  } finally {
    stop.abort()
    await Promise.allSettled([rounds.return(undefined), followed?.return(undefined)])
  }
}
