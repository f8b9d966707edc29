/** How much of each provider is used, as values over time: what forecasts and rules look at. */
import type { Logger } from 'pino'
import { startLoop } from '../loop.ts'
import type { Metrics } from '../metric/index.ts'
import type { Turns } from '../turn.ts'
import type { Allocations } from './index.ts'

/** `capacity.used.vcpu`: one metric a class. */
export const usedMetric = (name: string): string => `capacity.used.${name.toLowerCase()}`

const measureEveryMs = 5 * 60_000
const lookEveryMs = 5_000

export interface OccupancyOptions {
  allocations: Pick<Allocations, 'capacity'>
  metrics: Pick<Metrics, 'define' | 'record'>
  turns: Turns
  log: Logger
}

/** One process does it. */
export function startOccupancy({ allocations, metrics, turns, log }: OccupancyOptions): {
  close(): Promise<void>
} {
  let isMine = false
  let measuredAt = 0
  const defined = new Set<string>()
  const group = turns.share('allocation/occupancy', ['allocation/occupancy'], (held) => {
    isMine = held.length > 0
  })
  async function define(classes: ReadonlySet<string>): Promise<void> {
    const unknown = [...classes].filter((name) => !defined.has(name))
    if (unknown.length === 0) return
    await metrics.define(
      unknown.map((name) => ({
        name: usedMetric(name),
        unit: '1',
        type: 'gauge' as const,
        help: `How much ${name} of a provider is used`,
      })),
    )
    for (const name of unknown) defined.add(name)
  }
  async function measure(): Promise<void> {
    if (!isMine || Date.now() - measuredAt < measureEveryMs) return
    const at = Date.now()
    const used = new Map<string, { resourceId: number; class: string; value: number }>()
    for (const { resourceId, capacity } of await allocations.capacity())
      for (const one of capacity)
        if (resourceId !== null)
          used.set(`${resourceId} ${one.class}`, { resourceId, class: one.class, value: one.used })
    await define(new Set([...used.values()].map((one) => one.class)))
    const samples = [...used.values()].map(({ resourceId, class: name, value }) => ({
      ...{ resourceId, metric: usedMetric(name), value, at },
    }))
    // Where nothing is offered yet it is looked again soon.
    if (samples.length === 0) return
    metrics.record(0, samples)
    measuredAt = at
  }
  const loop = startLoop({ name: 'occupancy', everyMs: lookEveryMs, log, run: measure })
  return {
    async close() {
      await loop.close()
      await group.close()
    },
  }
}
