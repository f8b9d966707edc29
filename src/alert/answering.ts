/** Which share of what a source asks answers: a value of the source itself, so that one that is cut off is told from many things that broke. */
import type { Metrics } from '../metric/index.ts'
import type { ResourceId } from '../resource/resource.ts'

export const answeringMetric = {
  name: 'source.answering',
  unit: '1',
  type: 'gauge' as const,
  help: 'Of the things that a source asks, the share that answered when it was asked last.',
}

/** Of fewer it cannot be told whether they or the way to them is broken. */
const fewest = 3
const everyMs = 30_000

export class Answering {
  readonly #metrics: Metrics
  readonly #told = new Map<ResourceId, { share: number; at: number }>()
  #defining: Promise<void> | undefined

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** Of the sources that this process is to look at; when it changed, and now and then. */
  record(isMine: (sourceId: ResourceId) => boolean, now: number): void {
    for (const [sourceId, share] of this.#shares(isMine, now)) {
      const told = this.#told.get(sourceId)
      if (told?.share === share && now - told.at < everyMs) continue
      this.#told.set(sourceId, { share, at: now })
      this.#defining ??= this.#metrics.define([answeringMetric]).catch(() => (this.#defining = undefined))
      this.#metrics.record(0, [{ resourceId: sourceId, metric: answeringMetric.name, value: share, at: now }])
    }
  }

  #shares(isMine: (sourceId: ResourceId) => boolean, now: number): Map<ResourceId, number> {
    const counts = new Map<ResourceId, { asked: number; answered: number }>()
    for (const { id, sourceId, resourceId } of this.#metrics.seriesOf('up')) {
      // Its own value is no thing that it asks.
      if (sourceId === 0 || resourceId === sourceId || !isMine(sourceId)) continue
      const latest = this.#metrics.head.latest(id)
      if (latest === undefined || now > latest.staleAt) continue
      const count = counts.get(sourceId) ?? { asked: 0, answered: 0 }
      counts.set(sourceId, { asked: count.asked + 1, answered: count.answered + (latest.value > 0 ? 1 : 0) })
    }
    return new Map(
      [...counts]
        .filter(([, { asked }]) => asked >= fewest)
        .map(([sourceId, { asked, answered }]) => [sourceId, answered / asked]),
    )
  }
}
