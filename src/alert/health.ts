/**
 * Health in the graph: the worst alert that fires on a resource; OK where what measures it answers; UNKNOWN where that is silent, or where only the way to it is
 * known to be broken; null where nothing measures it.
 */
import type { LiveGraph } from '../graph/graph.ts'
import { leastFreshMs } from '../metric/fresh.ts'
import type { Metrics } from '../metric/index.ts'
import type { Health, ResourceId } from '../resource/resource.ts'
import type { AlertImage, IncidentImage } from './alert.ts'

export interface HealthOptions {
  metrics: Metrics
  graph(): LiveGraph
  alertsOf(resourceId: ResourceId): readonly AlertImage[]
  incidentOf(alertId: number): IncidentImage | undefined
  now: () => number
}

const sweepMs = 15_000

export class HealthKeeper {
  readonly #options: HealthOptions
  /** Until when what was heard of it says something. */
  readonly #freshUntil = new Map<ResourceId, number>()
  readonly #timer: NodeJS.Timeout
  readonly #stop: () => void
  #graph: LiveGraph | undefined

  constructor(options: HealthOptions) {
    this.#options = options
    const { metrics, now } = options
    for (const { name } of metrics.metrics())
      for (const { id, resourceId } of metrics.seriesOf(name))
        this.#hear(resourceId, metrics.head.latest(id)?.staleAt ?? 0)
    this.#stop = metrics.onTick((ids) => {
      const at = now()
      for (const id of ids) {
        const wasSilent = at > (this.#freshUntil.get(id) ?? 0)
        this.#hear(id, at + leastFreshMs)
        if (wasSilent) this.set(id)
      }
    })
    this.#timer = setInterval(() => this.sweep(), sweepMs).unref()
    this.sweep()
  }

  #hear(id: ResourceId, freshUntil: number): void {
    this.#freshUntil.set(id, Math.max(freshUntil, this.#freshUntil.get(id) ?? 0))
  }

  /** Those that are measured seldom are silent later: it is looked up when the shortest time is over. */
  #isSilent(id: ResourceId, now: number): boolean {
    if (now <= this.#freshUntil.get(id)!) return false
    for (const { staleAt = 0 } of this.#options.metrics.readings(id)) this.#hear(id, staleAt)
    return now > this.#freshUntil.get(id)!
  }

  /** Those that fell silent; everything when the graph is another one. */
  sweep(): void {
    const graph = this.#options.graph()
    const isOther = graph !== this.#graph
    this.#graph = graph
    const now = this.#options.now()
    for (const id of this.#freshUntil.keys()) {
      if (graph.get(id) === undefined) this.#freshUntil.delete(id)
      else if (isOther || this.#isSilent(id, now)) this.set(id)
    }
  }

  set(id: ResourceId): void {
    this.#options.graph().setHealth(id, this.#healthOf(id))
  }

  #healthOf(id: ResourceId): Health | null {
    const { alertsOf, incidentOf, now } = this.#options
    const firing = alertsOf(id).filter(({ state, severity }) => state === 'FIRING' && severity !== 'INFO')
    const known = firing.filter(
      ({ id: alertId, failure }) => !(failure === 'DOWN' && isUnreached(incidentOf(alertId))),
    )
    if (known.some(({ severity }) => severity === 'CRITICAL')) return 'CRITICAL'
    if (known.length > 0) return 'WARNING'
    if (firing.length > 0) return 'UNKNOWN'
    if (!this.#freshUntil.has(id)) return null
    return this.#isSilent(id, now()) ? 'UNKNOWN' : 'OK'
  }

  close(): void {
    this.#stop()
    clearInterval(this.#timer)
  }
}

/** It does not answer because its source reaches nothing. */
const isUnreached = (incident: IncidentImage | undefined): boolean => incident?.failure === 'SILENT'
