/** A second store: Debian's Prometheus as the remote, and one that is ill in every way that a remote can be. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import pino from 'pino'
import { uncompress } from 'snappyjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { remoteShape, startMetrics, type Metrics } from '../../src/metric/index.ts'
import { aggregates } from '../../src/metric/metric.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { hasPrometheus, startPrometheus } from '../support/prometheus.ts'

const hourMs = 3_600_000
const start = Date.UTC(2026, 10, 20, 6)
type Ill = { status: number; headers?: Record<string, string> } | 'hang'

let database: TestDatabase
let now: number
let metrics: Metrics | undefined

beforeEach(async () => {
  database = await createDatabase()
  now = start
})
afterEach(async () => {
  await metrics?.close()
  metrics = undefined
  await database.close()
})

async function open(remote: object): Promise<Metrics> {
  const config = remoteShape.parse(remote)
  metrics = await startMetrics({
    db: database.db,
    log: pino({ level: 'silent' }),
    now: () => now,
    pollMs: 10,
    limits: { series: 1e6, seriesValues: 1e6 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
    remote: {
      config: { ...config, write: config.write! },
      headers: async () => ({ authorization: 'Bearer hush' }),
      everyMs: 10,
    },
  })
  return metrics
}
const reopen = async (remote: object): Promise<Metrics> => {
  await metrics!.close()
  return open(remote)
}

async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10))
}
const sentTo = async (): Promise<number> =>
  Number((await database.db('metric_remote').first('seq'))?.seq ?? -1)
const headSeq = async (): Promise<number> => Number((await database.db('metric_head').first('seq')).seq)
const untilSent = () => until(async () => (await sentTo()) === (await headSeq()))

describe.runIf(hasPrometheus)('a real Prometheus', () => {
  const names = ['hw.power', 'system.cpu.utilization']
  const keys = names.flatMap((metric) => [1, 2].map((resourceId) => ({ resourceId, metric, sourceId: 7 })))

  /** Four hours of every half minute. */
  async function fill(own: Metrics): Promise<void> {
    for (let minute = 0; minute < 240; minute++) {
      now = start + minute * 60_000
      for (const half of [0, 30_000])
        own.record(
          7,
          keys.map(({ resourceId, metric }, index) => ({
            ...{ resourceId, metric, at: now + half },
            value: Math.round(Math.sin(minute / 20 + index) * 1e6) / 1e4 + (half === 0 ? 0.5 : 0),
          })),
        )
      await own.flush()
    }
    await untilSent()
  }

  test('answers for what is not kept here any more, to the value, for every aggregate and for raw samples', async () => {
    const prometheus = await startPrometheus([])
    const remote = {
      write: `${prometheus.url}/api/v1/write`,
      query: prometheus.url,
      labels: { plenum: 'test' },
    }
    try {
      const own = await open(remote)
      await fill(own)
      const range = { from: start, to: start + 4 * hourMs, stepMs: 300_000 }
      const ask = (asked: Metrics, stepMs = range.stepMs) =>
        Promise.all(
          aggregates.map((aggregate) =>
            asked.series({ resourceIds: [1, 2], metrics: names, range: { ...range, stepMs }, aggregate }),
          ),
        )
      const raw = (asked: Metrics) => asked.samples(keys, { from: start + 1_000, to: start + 3 * hourMs })
      const kept = { five: await ask(own), hour: await ask(own, hourMs), raw: await raw(own) }
      expect(kept.five[0]).toHaveLength(4)
      expect(kept.raw[0]!.times).toHaveLength(360)
      // Days later nothing of it is here.
      now = start + 96 * hourMs
      for (const table of ['metric_tick', 'sample_fine', 'sample_chunk', 'sample_day'])
        await database.db(table).delete()
      await database.db('metric_head').update({ compacted_seq: database.db.ref('seq') })
      const later = await reopen(remote)
      const rounded = (found: Awaited<ReturnType<typeof ask>>) =>
        found.map((all) =>
          all
            .map((one) => ({
              ...one,
              values: one.values.map((value) => value && Number(value.toPrecision(10))),
            }))
            .sort((a, b) => a.metric.localeCompare(b.metric) || a.resourceId - b.resourceId),
        )
      expect(rounded(await ask(later))).toEqual(rounded(kept.five))
      expect(rounded(await ask(later, hourMs))).toEqual(rounded(kept.hour))
      const columns = (all: typeof kept.raw) =>
        new Map(
          all.map(({ times, values, resourceId, metric }) => [
            `${metric} ${resourceId}`,
            [[...times], [...values]],
          ]),
        )
      expect(columns(await raw(later))).toEqual(columns(kept.raw))
    } finally {
      await metrics?.close()
      metrics = undefined
      await prometheus.close()
    }
  })

  test('what it has already, as after a process was killed in the middle, is refused by it and harms nothing', async () => {
    const prometheus = await startPrometheus([])
    const remote = { write: `${prometheus.url}/api/v1/write`, query: prometheus.url }
    try {
      const own = await open(remote)
      await fill(own)
      const count = async (): Promise<number> => {
        const query = 'sum(count_over_time({source="7"}[5h]))'
        const time = String((start + 4 * hourMs) / 1_000)
        const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query, time })}`)
        return Number(((await answer.json()) as any).data.result[0].value[1])
      }
      const before = await count()
      expect(before).toBe(4 * 480)
      await own.close()
      await database.db('metric_remote').update({ seq: (await sentTo()) - 20 })
      const again = await open(remote)
      again.record(7, [{ resourceId: 1, metric: 'hw.power', value: 5, at: now + 45_000 }])
      await again.flush()
      await untilSent()
      expect(await count()).toBe(before + 1)
    } finally {
      await metrics?.close()
      metrics = undefined
      await prometheus.close()
    }
  })
})

describe('a remote that is ill', () => {
  let server: Server
  let url: string
  /** What came, as `metric resource value`. */
  let taken: string[]
  let answer: (series: string[]) => Ill
  let asked: { headers: IncomingMessage['headers']; at: number }[]

  beforeEach(async () => {
    taken = []
    asked = []
    answer = () => ({ status: 204 })
    server = createServer((request, response) => {
      void buffer(request).then((body) => {
        if (!request.url!.endsWith('/write')) {
          const end = (asked.push({ headers: request.headers, at: now }), answer([]))
          if (end !== 'hang') response.writeHead(end.status, end.headers).end('{"status":"error"}')
          return
        }
        const series = decode(uncompress(body))
        const end = (asked.push({ headers: request.headers, at: now }), answer(series))
        if (end === 'hang') return
        if (end.status < 300) taken.push(...series)
        response.writeHead(end.status, end.headers).end(end.status < 300 ? '' : 'out of order sample')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    await metrics?.close()
    metrics = undefined
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  const record = async (own: Metrics, ...values: number[]): Promise<void> => {
    own.record(
      7,
      values.map((value) => ({ resourceId: value, metric: 'load', value, at: now })),
    )
    await own.flush()
  }
  const all = (...values: number[]): string[] => values.map((value) => `load ${value} ${value}`)

  test('says who it is and what it sends, and each sample comes once', async () => {
    const own = await open({ write: `${url}/write`, labels: { site: 'icn1' } })
    await record(own, 1, 2, 3)
    await record(own, 4)
    await untilSent()
    expect(taken.toSorted()).toEqual(all(1, 2, 3, 4))
    expect(asked[0]!.headers).toMatchObject({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
      authorization: 'Bearer hush',
    })
  })

  test.each<[string, Ill]>([
    ['answers 500', { status: 500 }],
    ['answers 429 and when to come again', { status: 429, headers: { 'retry-after': '7' } }],
    ['does not know the token', { status: 401 }],
    ['leads elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['hangs', 'hang'],
  ])('one that %s gets everything, once, when it is well again', async (_, ill) => {
    let isIll = true
    answer = () => (isIll ? ill : { status: 204 })
    const own = await open({ write: `${url}/write`, requestSeconds: 0.2 })
    await record(own, 1, 2)
    await until(() => asked.length > 0)
    await record(own, 3)
    // It is left alone for a while: by the clock of the test.
    const tries = asked.length
    isIll = false
    now += 6_900
    if (ill !== 'hang' && ill.headers?.['retry-after'] !== undefined) {
      await own.flush()
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(asked).toHaveLength(tries)
    }
    await until(async () => {
      now += 1_000
      return (await sentTo()) === (await headSeq())
    })
    expect(taken.toSorted()).toEqual(all(1, 2, 3))
  })

  test('of what is refused only what is to blame is left out', async () => {
    answer = (series) => ({ status: series.some((one) => one.startsWith('load 13 ')) ? 400 : 204 })
    const own = await open({ write: `${url}/write` })
    const values = Array.from({ length: 40 }, (_, index) => index + 1)
    await record(own, ...values)
    await untilSent()
    expect(taken.toSorted()).toEqual(all(...values.filter((value) => value !== 13)).toSorted())
    // Who refuses everything is not asked for each.
    answer = () => ({ status: 400 })
    const before = asked.length
    await record(own, ...Array.from({ length: 3_000 }, (_, index) => index + 1))
    await untilSent()
    expect(asked.length - before).toBeLessThan(200)
  })

  test('samples wait for it as long as it is said, then they go, and so it is told', async () => {
    answer = () => ({ status: 503 })
    const own = await open({ write: `${url}/write`, bufferHours: 2 })
    await record(own, 1)
    now += 90 * 60_000
    await own.compact()
    expect(await database.db('metric_tick')).toHaveLength(1)
    now += 2 * hourMs
    await record(own, 2)
    await own.compact()
    expect(await database.db('metric_tick')).toHaveLength(1)
    answer = () => ({ status: 204 })
    await until(async () => {
      now += 10_000
      return (await sentTo()) === (await headSeq())
    })
    expect(taken).toEqual(all(2))
  })

  test.each([
    ['answers 500', { status: 500 }, /remote store/],
    ['answers what is no JSON', { status: 200 }, /remote store/],
    ['hangs', 'hang' as const, /no answer in time/],
  ])('one that %s is said to be the reason that nothing is told', async (_, ill, message) => {
    const own = await open({ write: `${url}/write`, query: url, requestSeconds: 0.2 })
    await record(own, 1)
    await untilSent()
    answer = () => ill
    now += 100 * hourMs
    const range = { from: start, to: start + hourMs, stepMs: 60_000 }
    const asking = own.series({ resourceIds: [1], metrics: ['load'], range, aggregate: 'AVG' })
    await expect(asking).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
    await expect(asking).rejects.toThrow(message)
    // What is near is here.
    await record(own, 1)
    const near = { from: now - hourMs, to: now + hourMs, stepMs: hourMs }
    expect(
      await own.series({ resourceIds: [1], metrics: ['load'], range: near, aggregate: 'LAST' }),
    ).toHaveLength(1)
  })
})

test('a store that is asked must be written to', () => {
  const { error } = remoteShape.safeParse({ query: 'http://127.0.0.1:1' })
  expect(error!.issues[0]!.message).toContain('write is needed too')
  expect(remoteShape.safeParse({ write: 'http://x/', labels: { resource: '1' } }).success).toBe(false)
  expect(remoteShape.safeParse({ write: 'http://x/', headers: { authorization: 'Bearer x' } }).success).toBe(
    false,
  )
})

/** A WriteRequest as `metric resource value`, read by its tags. */
function decode(bytes: Uint8Array): string[] {
  return fieldsOf(bytes).map(({ content }) => {
    const own = fieldsOf(content)
    const labels = new Map(
      own
        .filter(({ tag }) => tag === 0x0a)
        .map(
          (one) =>
            fieldsOf(one.content).map((part) => Buffer.from(part.content).toString()) as [string, string],
        ),
    )
    expect([...labels.keys()]).toEqual([...labels.keys()].sort())
    const samples = own.filter(({ tag }) => tag === 0x12)
    expect(samples).toHaveLength(1)
    const value = Buffer.from(samples[0]!.content).readDoubleLE(1)
    return `${labels.get('metric')} ${labels.get('resource')} ${value}`
  })
}

function fieldsOf(bytes: Uint8Array): { tag: number; content: Uint8Array }[] {
  const found: { tag: number; content: Uint8Array }[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++]!
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    found.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}
