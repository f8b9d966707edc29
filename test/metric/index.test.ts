import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startMetrics, type Metrics } from '../../src/metric/index.ts'
import type { Aggregate, Sample } from '../../src/metric/metric.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const hour = 3_600_000
const day = 24 * hour
const begin = Date.UTC(2026, 1, 3, 10)
const limits = { series: 1_000, seriesValues: 1_000_000 }
const keep = { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 }
const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

let database: TestDatabase
let now = begin
const open = new Set<Metrics>()

beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())
afterEach(async () => {
  for (const one of open) await one.close()
  open.clear()
  await database.db.raw('truncate series, metric_tick, sample_fine, sample_chunk, sample_day')
  await database.db.raw("update metric_head set compacted_seq = 0, compacted_until = '-infinity', seq = 0")
})

async function start(rest: { limits?: typeof limits; url?: string; pollMs?: number } = {}): Promise<Metrics> {
  const metrics = await startMetrics({
    db: database.db,
    log: pino({ level: 'silent' }),
    now: () => now,
    limits,
    keep,
    ...rest,
  })
  open.add(metrics)
  return metrics
}

async function stop(metrics: Metrics): Promise<void> {
  open.delete(metrics)
  await metrics.close()
}

const sample = (
  resourceId: number,
  value: number,
  at: number,
  metric = 'system.cpu.utilization',
): Sample => ({
  resourceId,
  metric,
  value,
  at,
})

/** What a naive reader says of all samples, the later told counting where times are the same. */
function naive(samples: readonly Sample[], from: number, to: number, stepMs: number, aggregate: Aggregate) {
  const last = new Map(samples.map(({ at, value }) => [at, value]))
  const start = Math.floor(from / stepMs) * stepMs
  const values: (number | null)[] = []
  for (let at = start; at < to; at += stepMs) {
    const some = [...last].filter(([time]) => time >= at && time < at + stepMs).sort(([a], [b]) => a - b)
    const numbers = some.map(([, value]) => value)
    const sum = numbers.reduce((a, b) => a + b, 0)
    values.push(
      some.length === 0
        ? null
        : {
            AVG: sum / some.length,
            MIN: Math.min(...numbers),
            MAX: Math.max(...numbers),
            SUM: sum,
            COUNT: some.length,
            LAST: numbers.at(-1)!,
          }[aggregate],
    )
  }
  return values.every((value) => value === null) ? [] : values
}

it('gives the latest of each series, the newest source first, and says what is measured', async () => {
  now = begin
  const metrics = await start()
  await metrics.define([{ name: 'system.cpu.utilization', unit: '1', type: 'gauge', help: 'busy share' }])
  metrics.record(5, [sample(1, 0.25, begin - 2_000), sample(1, 40, begin - 2_000, 'hw.temperature')])
  metrics.record(6, [sample(1, 0.5, begin - 1_000)])
  metrics.record(5, [sample(1, 0.75, begin - 60_000)])
  await metrics.flush()
  const fresh = 5 * 60_000
  const latest = (sourceId: number, metric: string, value: number, at: number) => ({
    ...{ resourceId: 1, metric, sourceId, value, at },
    staleAt: at + fresh,
  })
  expect(metrics.readings(1)).toEqual([
    latest(5, 'hw.temperature', 40, begin - 2_000),
    latest(6, 'system.cpu.utilization', 0.5, begin - 1_000),
    latest(5, 'system.cpu.utilization', 0.25, begin - 2_000),
  ])
  expect(metrics.readings(1, ['hw.temperature'])).toHaveLength(1)
  expect(metrics.readings(2)).toEqual([])
  expect(metrics.metrics([1]).map(({ name, unit }) => [name, unit])).toEqual([
    ['hw.temperature', ''],
    ['system.cpu.utilization', '1'],
  ])
})

it('takes no value that is none, and none of the far past or future; the others are taken', async () => {
  now = begin
  const metrics = await start({ limits: { ...limits, series: 2 } })
  metrics.record(5, [
    sample(1, NaN, begin),
    sample(1, Infinity, begin),
    sample(1, 1, NaN),
    sample(1, 1, begin + hour),
    sample(1, 1, begin - 2 * day),
    sample(1, 1, begin, 'no such; name'),
    sample(1, 1, begin),
    sample(2, 1, begin),
    sample(3, 1, begin),
  ])
  await metrics.flush()
  expect(metrics.counters()).toMatchObject({
    refused: { notFinite: 3, future: 1, past: 1, name: 1, tooManySeries: 1 },
    written: 2,
    series: 2,
  })
})

it('is seen by another process, and again after a restart', async () => {
  now = begin
  const [one, two] = [await start(), await start()]
  one.record(5, [sample(1, 7, begin)])
  await one.flush()
  await two.flush()
  expect(two.readings(1)).toMatchObject([{ value: 7, at: begin }])
  await stop(one)
  await stop(two)
  const again = await start()
  expect(again.readings(1)).toMatchObject([{ value: 7, at: begin }])
})

it('writes what waits when it closes', async () => {
  now = begin
  const metrics = await start()
  metrics.record(5, [sample(1, 7, begin)])
  await stop(metrics)
  expect((await start()).readings(1)).toMatchObject([{ value: 7 }])
})

it('refuses a read of too many values, with what to do', async () => {
  now = begin
  const metrics = await start({ limits: { ...limits, seriesValues: 10 } })
  metrics.record(5, [sample(1, 7, begin)])
  await metrics.flush()
  const range = { from: begin - hour, to: begin, stepMs: 60_000 }
  await expect(
    metrics.series({ resourceIds: [1], metrics: ['system.cpu.utilization'], range, aggregate: 'AVG' }),
  ).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('larger step') as string,
  })
})

/** mulberry32 */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

it(`answers as a naive reader does, whatever was compacted, late or restarted (seed ${seed})`, async () => {
  const random = randomOf(seed)
  const told = new Map<number, Sample[]>([1, 2, 3].map((id) => [id, []]))
  now = begin
  let metrics = await start()
  // Series 1 every 30 s, 2 every 5 s, 3 now and then. Late ones up to 3 hours.
  for (let step = 0; step < 40; step++) {
    const lot: Sample[] = []
    const until = now + 12 * 60_000
    for (let at = now; at < until; at += 30_000) lot.push(sample(1, Math.floor(random() * 100), at))
    if (step % 3 === 0)
      for (let at = now; at < until; at += 5_000) lot.push(sample(2, Math.floor(random() * 1_000) / 8, at))
    if (random() < 0.3) lot.push(sample(3, Math.floor(random() * 10), now + Math.floor(random() * 600_000)))
    now = until
    if (random() < 0.4) lot.push(sample(1, Math.floor(random() * 100), now - Math.floor(random() * 3 * hour)))
    metrics.record(5, lot)
    for (const one of lot) told.get(one.resourceId)!.push(one)
    await metrics.flush()
    if (random() < 0.4) await metrics.compact()
    if (random() < 0.1) {
      await stop(metrics)
      metrics = await start()
    }
  }
  await metrics.compact()
  for (const [from, to, stepMs] of [
    [begin, now, 60_000],
    [begin + hour / 3, now - hour / 2, 300_000],
    [begin, now, 45_000],
    [begin, now, hour],
    [begin - day, now + day, 2 * hour],
  ] as const) {
    for (const aggregate of ['AVG', 'MIN', 'MAX', 'SUM', 'COUNT', 'LAST'] as const) {
      for (const [id, samples] of told) {
        const [series] = await metrics.series({
          resourceIds: [id],
          metrics: ['system.cpu.utilization'],
          range: { from, to, stepMs },
          aggregate,
        })
        expect(series?.values ?? [], `${id} ${aggregate} ${stepMs}`).toEqual(
          naive(samples, from, to, stepMs, aggregate),
        )
      }
    }
  }
  const { rows } = await database.db.raw<{ rows: { open: string }[] }>(
    'select count(*) as open from metric_tick',
  )
  expect(Number(rows[0]!.open)).toBeLessThan(12)
})

it('drops what is older than it is to be kept', async () => {
  now = begin
  const metrics = await start()
  metrics.record(5, [sample(1, 7, begin)])
  await metrics.flush()
  now = begin + 3 * hour
  await metrics.compact()
  const read = (from: number, to: number, stepMs: number) =>
    metrics.series({
      resourceIds: [1],
      metrics: ['system.cpu.utilization'],
      range: { from, to, stepMs },
      aggregate: 'LAST',
    })
  expect(await read(begin, begin + hour, 60_000)).toHaveLength(1)
  now = begin + 100 * day
  await metrics.compact()
  expect(await read(begin, begin + hour, 60_000)).toEqual([])
  expect(await read(begin, begin + day, hour)).toHaveLength(1)
})

it('tells another process at once what it was told, without being asked', async () => {
  const [one, other] = await Promise.all([
    start({ pollMs: hour }),
    start({ url: database.url, pollMs: hour }),
  ])
  for (let value = 0; value < 3; value++) {
    const heard = new Promise((resolve) => {
      const stop = other.onTick((ids) => {
        stop()
        resolve([...ids])
      })
    })
    one.record(7, [sample(5, value, now + value)])
    expect(await heard).toEqual([5])
    expect(other.readings(5)).toMatchObject([{ value }])
  }
})
