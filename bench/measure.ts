/**
 * Samples: how many a second are taken in and kept, what one takes at rest, how long a day of a thousand resources takes to read, and a round of a thousand rules. Plenum and Postgres on the
 * same machine; the samples' clock runs ahead of the real one.
 *   npm run bench -- measure [--json FILE] [--only ingest,day,rules]
 */
import { parseArgs } from 'node:util'
import pino from 'pino'
import { migrate, openDb, type Db } from '../src/db.ts'
import { startMetrics, type Metrics } from '../src/metric/index.ts'
import type { Postgres } from '../src/postgres/index.ts'
import { tellFigures, type Figures } from './figure.ts'
import { measureRules } from './measure/rule.ts'
import { Sensor } from './measure/sensor.ts'
import { median } from './peers/measure.ts'
import { withPostgres } from './peers/site.ts'

const { values } = parseArgs({
  options: { json: { type: 'string' }, only: { type: 'string', default: 'ingest,day,rules' } },
})
const asked = new Set(values.only.split(','))
const log = pino({ level: 'silent' })
const stepMs = 30_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs

interface Site {
  db: Db
  metrics: Metrics
  clock: { now: number }
}

async function withMetrics(
  postgres: Postgres,
  name: string,
  work: (site: Site) => Promise<Figures>,
): Promise<Figures> {
  await postgres.ensureDatabase(name)
  const db = openDb({ url: postgres.url(name) })
  const clock = { now: Math.floor((Date.now() - dayMs) / dayMs) * dayMs }
  let metrics: Metrics | undefined
  try {
    await migrate(db)
    metrics = await startMetrics({
      ...{ db, log, now: () => clock.now },
      limits: { series: 1_000_000, seriesValues: 10_000_000 },
      keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
    })
    return await work({ db, metrics, clock })
  } finally {
    await metrics?.close()
    await db.destroy()
  }
}

/** One hour of `count` sensors, as it comes: every half a minute one sample of each. */
async function runHour({ metrics, clock }: Site, sensors: readonly Sensor[], metric: string): Promise<void> {
  const until = clock.now + hourMs
  for (; clock.now < until; clock.now += stepMs) {
    const at = clock.now
    metrics.record(
      0,
      sensors.map((sensor, index) => ({ resourceId: index + 1, metric, value: sensor.next(), at })),
    )
    await metrics.flush()
  }
}

/** Past the time in which an hour may still change. */
async function compact({ metrics, clock }: Site): Promise<void> {
  clock.now += 11 * 60_000
  await metrics.compact()
  clock.now -= 11 * 60_000
}

/** An hour of 20,000 series, written, followed, and made chunks of. */
async function ingest(site: Site): Promise<Figures> {
  const sensors = Array.from({ length: 20_000 }, (_, index) => new Sensor(index))
  const metric = 'bench.value'
  // Series are made once.
  site.metrics.record(
    0,
    sensors.map((sensor, index) => ({
      resourceId: index + 1,
      metric,
      value: sensor.next(),
      at: site.clock.now - stepMs,
    })),
  )
  await site.metrics.flush()
  const samples = () => site.metrics.counters().written
  const [began, before] = [performance.now(), samples()]
  await runHour(site, sensors, metric)
  const written = samples() - before
  const writeSeconds = (performance.now() - began) / 1_000
  await compact(site)
  const seconds = (performance.now() - began) / 1_000
  return {
    samplesPerSecond: written / seconds,
    samplesPerSecondWritten: written / writeSeconds,
    compactSecondsPerMillion: ((seconds - writeSeconds) / written) * 1e6,
  }
}

/** A day of 1,000 resources at half a minute: what it takes at rest, and how long it takes to read. */
async function day(site: Site): Promise<Figures> {
  const { db, metrics, clock } = site
  const sensors = Array.from({ length: 1_000 }, (_, index) => new Sensor(index))
  const from = clock.now
  for (let hour = 0; hour < 24; hour++) {
    await runHour(site, sensors, 'bench.value')
    await compact(site)
  }
  const { rows } = await db.raw<{ rows: { payload: string; disk: string; samples: string }[] }>(
    `select sum(octet_length(payload)) as payload, sum(samples) as samples,
       (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'sample_chunk'::regclass) as disk
     from sample_chunk`,
  )
  const { payload, disk, samples } = rows[0]!
  const resourceIds = sensors.map((_, index) => index + 1)
  const read = async (step: number) => {
    const times: number[] = []
    for (let round = 0; round < 6; round++) {
      const began = performance.now()
      const series = await metrics.series({
        resourceIds,
        metrics: ['bench.value'],
        range: { from, to: clock.now, stepMs: step },
        aggregate: 'AVG',
      })
      const count = series.reduce((sum, one) => sum + one.values.filter((value) => value !== null).length, 0)
      if (count !== (1_000 * dayMs) / step) throw new Error(`${count} values instead of all`)
      // the first only warms up
      if (round > 0) times.push(performance.now() - began)
    }
    return median(times)
  }
  return {
    bytesPerSample: Number(disk) / Number(samples),
    payloadBytesPerSample: Number(payload) / Number(samples),
    rangeQueryMilliseconds: await read(stepMs),
    rangeQueryMillisecondsFiveMinutes: await read(5 * 60_000),
    rangeQueryMillisecondsHours: await read(hourMs),
  }
}

let figures: Figures = {}
await withPostgres(async (postgres) => {
  const works = { ingest, day, rules: ({ db, metrics, clock }: Site) => measureRules(db, metrics, clock) }
  for (const [name, work] of Object.entries(works))
    if (asked.has(name)) {
      figures = { ...figures, ...(await withMetrics(postgres, `bench_${name}`, work)) }
      console.log(name, figures)
    }
})
await tellFigures('measure', figures, values.json)
