/** A real Prometheus as a source; and one that is ill in the ways that neighbours over HTTP can be. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Guard } from '../../../src/source/guard.ts'
import { prometheus } from '../../../src/source/prometheus/index.ts'
import { toMeasured } from '../../../src/source/prometheus/map.ts'
import { SourceError, type SourceEnvironment, type Told } from '../../../src/source/source.ts'
import { startFront } from '../../conformance/driver/front.ts'
import { illnesses } from '../../conformance/driver/twin.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { freePort, startNeighbour, type Neighbour } from '../../support/neighbour.ts'
import { hasPrometheus } from '../../support/prometheus.ts'

const deadlineMs = 60_000
const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

test('what is of several resources, or of one several times, is none of its', () => {
  const at = 1_000
  const points = [
    { labels: { instance: 'a' }, value: 1, at },
    { labels: { instance: 'b', cpu: '0' }, value: 2, at },
    { labels: { instance: 'b', cpu: '1' }, value: 3, at },
    { labels: { instance: 'c' }, value: 4, at },
    { labels: { instance: 'd' }, value: NaN, at },
  ]
  const ids: Record<string, number> = { a: 7, b: 8, d: 9 }
  expect(toMeasured('load', points, ({ instance }) => ids[instance!])).toEqual({
    measured: [{ resourceId: 7, metric: 'load', value: 1, at }],
    unmatched: [
      { metric: 'load', labels: { instance: 'b', cpu: '0' }, why: 'twice' },
      { metric: 'load', labels: { instance: 'b', cpu: '1' }, why: 'twice' },
      { metric: 'load', labels: { instance: 'c' }, why: 'none' },
    ],
  })
})

test('settings say what is wrong with them', () => {
  const good = { url: 'http://127.0.0.1:9090', metrics: { load: { query: 'node_load1' } } }
  expect(prometheus.parseSettings(good)).toMatchObject({ every: 30 })
  for (const [bad, message] of [
    [{ ...good, metrics: {} }, /at least one metric/],
    [{ ...good, toaster: 1 }, /toaster/],
    [{ ...good, user: 'reader' }, /belong together/],
    [{ ...good, token: 'env:A', user: 'a', password: 'env:B' }, /either token/],
    [{ ...good, token: 'plain' }, /a reference such as/],
    [{ ...good, metrics: { 'no name': { query: '1' } } }, /a name such as/],
  ] as const)
    expect(() => prometheus.parseSettings(bad)).toThrow(message)
})

const vector = (...result: object[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })
const one = (instance: string): object => ({ metric: { instance }, value: [1_700_000_000, '1.5'] })
const forever = new AbortController().signal

async function openBehind(url: string, said: string[]) {
  const guard = new Guard({ atOnce: 8, perSecond: 10_000 })
  const note = (detail: object, message: string) => void said.push(message, JSON.stringify(detail))
  const environment: SourceEnvironment = {
    name: 'prometheus',
    log: { debug: note, warn: note },
    secret: async () => 'hush-hush-token',
    admit: (signal) => guard.admit(signal),
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
    matcher: () => (labels) => (labels['instance'] === 'db1' ? 7 : undefined),
  }
  const settings = {
    ...{ url, token: 'env:TOKEN', every: 0.05, requestSeconds: 0.5 },
    metrics: { load: { query: 'node_load1' } },
  }
  const source = await prometheus.open(prometheus.parseSettings(settings), environment)
  closing.push(() => source.close())
  return source
}

test.each(illnesses)(
  'one that is ill is told as down, by a SourceError without secrets: %s',
  async (illness) => {
    const said: string[] = []
    const front = await startFront({ answer: (_, response) => void response.end(vector(one('db1'))) })
    closing.push(() => front.close())
    front.be(illness)
    const source = await openBehind(front.url, said)
    const told: Told[] = []
    const watching = (async () => {
      for await (const each of source.watch!(forever)) told.push(each)
    })()
    const error = await watching.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SourceError)
    expect(told).toMatchObject([{ measured: [{ metric: 'up', value: 0 }, { metric: 'scrape.duration' }] }])
    expect(JSON.stringify([said, told, (error as Error).message, (error as Error).stack])).not.toContain(
      'hush',
    )
    expect(front.strayed()).toBe(0)
    expect(front.writes()).toEqual([])
    front.be('well')
    if (illness === 'certificate' || illness === 'elsewhere') return
    for await (const each of source.watch!(forever)) {
      expect(each).toMatchObject({
        measured: [
          { resourceId: 7, metric: 'load', value: 1.5, at: 1_700_000_000_000 },
          { metric: 'up', value: 1 },
          { metric: 'scrape.duration' },
          { metric: 'scrape.series', value: 1 },
          { metric: 'scrape.series.unmatched', value: 0 },
        ],
      })
      break
    }
  },
)

async function startExporter(): Promise<number> {
  const lines = ['node_load1 2.5', 'node_cpu{cpu="0"} 0.25', 'node_cpu{cpu="1"} 0.75']
  const exporter: Server = createServer((_, response) => void response.end(`${lines.join('\n')}\n`))
  exporter.listen(0, '127.0.0.1')
  await once(exporter, 'listening')
  closing.push(async () => {
    exporter.closeAllConnections()
    exporter.close()
    await once(exporter, 'close')
  })
  return (exporter.address() as AddressInfo).port
}

async function startScraper(
  folder: string,
  exporter: number,
): Promise<{ port: number; end: () => Promise<void> }> {
  const target = `{ targets: ['127.0.0.1:${exporter}'], labels:`
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: node
    static_configs:
      - ${target} { instance: 'db1.example.net:9100' } }
      - ${target} { instance: 'stranger:9100' } }
`,
  )
  const port = await freePort()
  const neighbour: Neighbour = await startNeighbour(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    'Server is ready',
  )
  let ended: Promise<void> | undefined
  const end = () => (ended ??= neighbour.close())
  closing.push(end)
  return { port, end }
}

const question = `{
  servers(filter: { name: { eq: "db1" } }) { nodes { readings { metric value } } }
  sources { name state { failure } readings { metric value } }
  events(first: 100, type: ["Notice"]) { nodes { resource { name } detail } }
  metrics { name unit help }
}`

type Values = { metric: string; value: number }[]
interface Answer {
  servers: { nodes: { readings: Values }[] }
  sources: { name: string; state: { failure: string | null }; readings: Values }[]
  events: { nodes: { resource: { name: string }; detail: Record<string, unknown> }[] }
  metrics: { name: string; unit: string; help: string }[]
}

test.skipIf(!hasPrometheus)(
  'what Debian’s Prometheus scrapes is read on the server that its labels speak of; the rest is listed; without it, it is down',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plenum-prometheus-source-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const { port, end } = await startScraper(folder, await startExporter())
    const metrics = {
      'system.load': { query: 'node_load1', help: 'Load' },
      'system.cpu.share': { query: 'avg by (instance) (node_cpu)' },
      'system.cpu.each': { query: 'node_cpu' },
      'system.broken': { query: 'rate(node_cpu' },
    }
    const app: TestApp = await startTestApp({
      sources: { east: { driver: 'prometheus', url: `http://127.0.0.1:${port}`, every: 0.5, metrics } },
    })
    closing.push(() => app.close())
    const items = [{ kind: 'Server', name: 'db1' }]
    const made = await app.query(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
      {
        input: { items },
      },
    )
    expect(made.errors).toBeUndefined()
    const until = async (check: (answer: Answer) => boolean): Promise<Answer> => {
      const late = performance.now() + deadlineMs
      for (;;) {
        const { data, errors } = await app.query(question)
        expect(errors).toBeUndefined()
        const answer = data as unknown as Answer
        if (check(answer)) return answer
        if (performance.now() > late) throw new Error(`not in time: ${JSON.stringify(data)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const east = ({ sources }: Answer) => sources.find(({ name }) => name === 'east')!
    const valuesOf = (readings: Values) =>
      Object.fromEntries(readings.map(({ metric, value }) => [metric, value]))
    const answer = await until(
      (one) =>
        one.servers.nodes[0]!.readings.length === 2 &&
        valuesOf(east(one).readings)['scrape.series'] === 8 &&
        one.events.nodes.length > 0,
    )
    expect(valuesOf(answer.servers.nodes[0]!.readings)).toEqual({
      'system.load': 2.5,
      'system.cpu.share': 0.5,
    })
    expect(valuesOf(east(answer).readings)).toMatchObject({ up: 1, 'scrape.series.unmatched': 6 })
    expect(east(answer).state.failure).toBeNull()
    expect(answer.metrics).toContainEqual({ name: 'system.load', unit: '1', help: 'Load' })
    const [told] = answer.events.nodes
    expect(told).toMatchObject({
      resource: { name: 'east' },
      detail: {
        notice: 'PrometheusUnmatched',
        failed: [{ metric: 'system.broken', reason: expect.stringContaining('parse error') as string }],
      },
    })

    await end()
    await until((one) => valuesOf(east(one).readings)['up'] === 0 && east(one).state.failure !== null)
  },
  deadlineMs * 3,
)
