/** How often lines of a pattern come, as a series that rules look at. Counted in the table, so that it does not matter which process took a line in. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import { startLoop } from '../loop.ts'
import type { Metrics } from '../metric/index.ts'
import type { Turns } from '../turn.ts'
import type { LogsConfig } from './config.ts'
import { wordsOf } from './line.ts'
import { countLines } from './store.ts'

const everyMs = 10_000
const windowMs = 60_000
/** Until a line has been written. */
const lateMs = 1_000
/** For how long none is told after the last. */
const quietMs = 900_000

export const rateMetric = (pattern: string): string => `log.${pattern}.rate`

export interface LogRatesOptions {
  db: Db
  patterns: LogsConfig['patterns']
  metrics: Pick<Metrics, 'define' | 'record'>
  turns: Turns
  log: Logger
  everyMs?: number
}

/** One process does it: lines in the last minute, of each resource that had one lately. */
export function startLogRates(options: LogRatesOptions): { close(): Promise<void> } {
  const { db, metrics, turns, log } = options
  const patterns = Object.entries(options.patterns)
  if (patterns.length === 0) return { close: async () => {} }
  let isMine = false
  let isDefined = false
  const group = turns.share('log/rate', ['log/rate'], (held) => {
    isMine = held.length > 0
  })
  async function measure(signal: AbortSignal): Promise<void> {
    if (!isMine) return
    if (!isDefined) await metrics.define(patterns.map(([name, { contains }]) => toMetric(name, contains)))
    isDefined = true
    for (const [name, { contains, severity: severities }] of patterns) {
      if (signal.aborted) return
      const to = Date.now() - lateMs
      const query = {
        from: to - quietMs,
        to,
        words: wordsOf(contains),
        ...(severities ? { severities } : {}),
      }
      const counts = await countLines(db, query, to - windowMs)
      metrics.record(
        0,
        [...counts].map(([resourceId, value]) => ({ resourceId, metric: rateMetric(name), value, at: to })),
      )
    }
  }
  const loop = startLoop({ name: 'log rates', everyMs: options.everyMs ?? everyMs, log, run: measure })
  return {
    async close() {
      await loop.close()
      await group.close()
    },
  }
}

const toMetric = (name: string, contains: string) => ({
  name: rateMetric(name),
  unit: '1/min',
  type: 'gauge' as const,
  help: `Log lines a minute with: ${contains}`,
})
