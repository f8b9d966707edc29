/** Which metrics and series there are: kept by every process, learned from the tables. */
import type { Knex } from 'knex'
import type { ResourceId } from '../resource/resource.ts'
import type { Metric, SeriesId, SeriesKey } from './metric.ts'
import { allMetrics, saveMetrics, saveSeries, seriesAfter, seriesByIds, type SeriesRow } from './store.ts'

const pageSize = 20_000

export class Catalogue {
  readonly #db: Knex
  readonly #metrics = new Map<string, Metric & { id: number }>()
  readonly #names = new Map<number, string>()
  readonly #series = new Map<SeriesId, SeriesKey>()
  readonly #byResource = new Map<ResourceId, SeriesId[]>()
  /** By source, metric and resource: what the collector asks for every sample. */
  readonly #ids = new Map<ResourceId, Map<string, Map<ResourceId, SeriesId>>>()

  constructor(db: Knex) {
    this.#db = db
  }

  get size(): number {
    return this.#series.size
  }

  get metrics(): Iterable<Metric> {
    return this.#metrics.values()
  }

  metric(name: string): Metric | undefined {
    return this.#metrics.get(name)
  }

  async load(signal: AbortSignal): Promise<void> {
    await this.#learnMetrics()
    for (let last = 0; !signal.aborted;) {
      const rows = await seriesAfter(this.#db, last, pageSize)
      for (const row of rows) this.#add(row)
      if (rows.length < pageSize) return
      last = rows.at(-1)!.id
    }
  }

  async #learnMetrics(): Promise<void> {
    for (const metric of await allMetrics(this.#db)) this.#addMetric(metric)
  }

  #addMetric(metric: Metric & { id: number }): void {
    this.#metrics.set(metric.name, metric)
    this.#names.set(metric.id, metric.name)
  }

  #add({ id, resourceId, metricId, sourceId }: SeriesRow): void {
    const metric = this.#names.get(metricId)
    if (metric === undefined || this.#series.has(id)) return
    this.#series.set(id, { resourceId, metric, sourceId })
    const list = this.#byResource.get(resourceId)
    if (list === undefined) this.#byResource.set(resourceId, [id])
    else list.push(id)
    let metrics = this.#ids.get(sourceId)
    if (metrics === undefined)
      this.#ids.set(sourceId, (metrics = new Map<string, Map<ResourceId, SeriesId>>()))
    let resources = metrics.get(metric)
    if (resources === undefined) metrics.set(metric, (resources = new Map<ResourceId, SeriesId>()))
    resources.set(resourceId, id)
  }

  /** Says what metrics mean; what is not known keeps what was said before. */
  async define(metrics: readonly Metric[]): Promise<void> {
    const fresh = metrics.filter(({ name, unit, type, help }) => {
      const known = this.#metrics.get(name)
      return known?.unit !== unit || known.type !== type || known.help !== help
    })
    if (fresh.length === 0) return
    await saveMetrics(this.#db, fresh)
    await this.#learnMetrics()
  }

  find(sourceId: ResourceId, metric: string, resourceId: ResourceId): SeriesId | undefined {
    return this.#ids.get(sourceId)?.get(metric)?.get(resourceId)
  }

  /** Every series of a metric. */
  *ofMetric(metric: string): Generator<SeriesId> {
    for (const metrics of this.#ids.values()) yield* metrics.get(metric)?.values() ?? []
  }

  /** Makes the series that are not there yet. */
  async make(keys: readonly SeriesKey[]): Promise<void> {
    const unknown = [...new Set(keys.map(({ metric }) => metric))].filter((name) => !this.#metrics.has(name))
    if (unknown.length > 0)
      await this.define(unknown.map((name) => ({ name, unit: '', type: 'gauge', help: '' })))
    const rows = await saveSeries(
      this.#db,
      keys.map(({ resourceId, metric, sourceId }) => ({
        resourceId,
        sourceId,
        metricId: this.#metrics.get(metric)!.id,
      })),
    )
    for (const row of rows) this.#add(row)
  }

  /** Learns series that another process made. */
  async learn(ids: Iterable<SeriesId>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#series.has(id))
    if (unknown.length === 0) return
    const rows = await seriesByIds(this.#db, unknown)
    if (rows.some(({ metricId }) => !this.#names.has(metricId))) await this.#learnMetrics()
    for (const row of rows) this.#add(row)
  }

  key(id: SeriesId): SeriesKey | undefined {
    return this.#series.get(id)
  }

  /** Series of a resource, of these metrics when given. */
  of(resourceId: ResourceId, metrics?: ReadonlySet<string>): SeriesId[] {
    const ids = this.#byResource.get(resourceId) ?? []
    return metrics === undefined ? ids : ids.filter((id) => metrics.has(this.#series.get(id)!.metric))
  }

  /** How many series a metric has: who is to blame when there are too many. */
  largestMetric(): { name: string; series: number } {
    const counts = new Map<string, number>()
    for (const { metric } of this.#series.values()) counts.set(metric, (counts.get(metric) ?? 0) + 1)
    const [name, series] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0]
    return { name, series }
  }
}
