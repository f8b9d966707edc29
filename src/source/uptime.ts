/** Whether a source answers, as values of the source itself: every listing, collection and watch tells how it went. */
import type { Sample } from '../metric/metric.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { MetricDefinition } from './source.ts'

export const uptimeMetrics: readonly MetricDefinition[] = [
  { name: 'up', unit: '1', type: 'state', help: 'Whether it answered when it was asked last: 1 or 0.' },
  {
    name: 'scrape.duration',
    unit: 's',
    type: 'gauge',
    help: 'How long it took to read it. Of a source: its last collection, or its last listing where it measures nothing.',
  },
]

export interface UptimeOptions {
  sourceId: ResourceId
  record(samples: readonly Sample[]): void
  /** Milliseconds since the epoch. */
  now?: () => number
}

export class Uptime {
  readonly #options: UptimeOptions
  readonly #now: () => number
  #last: { isUp: boolean; at: number } | undefined
  #measures = false
  /** How the last listing went: what still answers a part of what it is asked is not well. */
  #isListed = true

  constructor(options: UptimeOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Without `seconds` nothing was listed: its watch ended or is well. */
  listed(isUp: boolean, seconds?: number): void {
    if (seconds !== undefined) this.#isListed = isUp
    this.#tell(isUp, this.#measures ? undefined : seconds)
  }

  collected(isUp: boolean, seconds: number): void {
    this.#measures = true
    this.#tell(isUp && this.#isListed, seconds)
  }

  /** What was so when it was asked last is so still, as long as it is not due to be asked again. */
  again(withinMs: number): void {
    if (this.#last !== undefined && this.#now() - this.#last.at <= withinMs)
      this.#record('up', this.#last.isUp ? 1 : 0)
  }

  #tell(isUp: boolean, seconds: number | undefined): void {
    this.#last = { isUp, at: this.#now() }
    this.#record('up', isUp ? 1 : 0)
    if (seconds !== undefined) this.#record('scrape.duration', seconds)
  }

  #record(metric: string, value: number): void {
    this.#options.record([{ resourceId: this.#options.sourceId, metric, value, at: this.#now() }])
  }
}
