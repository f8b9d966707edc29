/** How long it takes from a sample that arrives in one process to the alert that a subscriber of another one is told. */
import { createClient } from 'graphql-ws'
import pino from 'pino'
import { WebSocket } from 'ws'
import type { Db } from '../../src/db.ts'
import { startMetrics } from '../../src/metric/index.ts'

export const ruleText =
  "rules: [{ name: Bench, metric: bench.load, condition: { type: threshold, above: 10 }, severity: warning, summary: '{{resource.name}}' }]\n"

const times = 500

/** Milliseconds, sorted: one alert that begins and ends, again and again. */
export async function measureAlerts(
  db: Db,
  port: number,
  token: string,
  resourceId: number,
): Promise<number[]> {
  const metrics = await startMetrics({
    db,
    log: pino({ level: 'silent' }),
    limits: { series: 1_000, seriesValues: 100_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  const metric = 'bench.load'
  await metrics.define([{ name: metric, unit: '1', type: 'gauge', help: 'Load' }])
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
  })
  const query =
    'subscription { alertChanged(filter: { rule: ["Bench"] }, snapshot: true) { alert { state } } }'
  const alerts = client.iterate<{ alertChanged: { alert: { state: string } | null } }>({ query })
  await alerts.next()
  const latencies: number[] = []
  for (let turn = 0; turn < times + 2; turn++) {
    const value = turn % 2 === 0 ? 42 : 1
    const began = performance.now()
    metrics.record(0, [{ resourceId, metric, value, at: Date.now() }])
    await alerts.next()
    // The first makes the series.
    if (turn >= 2) latencies.push(performance.now() - began)
  }
  await alerts.return?.()
  await client.dispose()
  await metrics.close()
  return latencies.sort((a, b) => a - b)
}
