/** /metrics of a whole Plenum: read by Prometheus' own tool, and told to those only who may know. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { together, toExposition } from '../../src/telemetry/index.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({
    sources: { site: { driver: 'check', checks: [{ name: 'none', tcp: '127.0.0.1:1' }] } },
  })
})
afterAll(() => app.close())

const scrape = (headers: Record<string, string> = { authorization: `Bearer ${app.token}` }) =>
  fetch(`${app.url}/metrics`, { headers })

/** By name and labels as they stand in the text. */
async function values(): Promise<Map<string, number>> {
  const text = await (await scrape()).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}
const valueOf = async (name: string): Promise<number> => (await values()).get(name) ?? 0

test('what is asked is counted by kind and outcome, and how long it took', async () => {
  const before = await values()
  const rise = async (name: string) => (await valueOf(name)) - (before.get(name) ?? 0)
  await app.query('{ cursor }')
  await app.query('{ resource(ref: "Rack:name=none") { name } }')
  await app.query('query { servers(first: -1) { totalCount } }')
  await app.query('mutation { deleteLink(input: { link: "x" }) { cursor } }')
  await app.query('{ nothingSuch }')
  await scrape({})
  expect(await rise('plenum_operations_total{operation="query",code="OK"}')).toBeGreaterThanOrEqual(1)
  expect(await rise('plenum_operations_total{operation="query",code="INVALID_INPUT"}')).toBe(1)
  expect(await rise('plenum_operation_duration_seconds_count{operation="query"}')).toBe(3)
  expect(await rise('plenum_operation_duration_seconds_bucket{operation="query",le="+Inf"}')).toBe(3)
  expect(await rise('plenum_resolver_calls_total{field="Query.cursor",result="ok"}')).toBe(1)
  expect(await rise('plenum_resolver_calls_total{field="Query.servers",result="failed"}')).toBe(1)
  expect(await rise('plenum_resolver_seconds_total{field="Query.resource"}')).toBeGreaterThan(0)
  expect(await rise('plenum_refusals_total{code="INVALID_INPUT"}')).toBeGreaterThanOrEqual(1)
  expect(await rise('plenum_refusals_total{code="UNAUTHENTICATED"}')).toBe(1)
  expect(await rise('plenum_executions_total{executor="compiled"}')).toBeGreaterThanOrEqual(3)
})

test('the graph, the log, turns and sources are told as they are', async () => {
  const { data } = await app.query<any>(
    `mutation { importInventory(input: { items: [{ kind: Image, name: "one" }] }) { cursor } }`,
  )
  const now = await values()
  expect(now.get('plenum_log_applied_seq')).toBe(Number(data.importInventory.cursor.split('.').at(-1)))
  expect(now.get('plenum_log_head_seq')).toBe(now.get('plenum_log_applied_seq'))
  expect(now.get('plenum_log_lag_seconds')).toBeLessThan(30)
  const { data: counted } = await app.query<any>('{ resources { totalCount } }')
  expect(now.get('plenum_graph_resources')).toBe(counted.resources.totalCount)
  expect(now.get('plenum_source_breaker_state{source="site",state="CLOSED"}')).toBe(1)
  expect(now.has('plenum_turns_held{group="source/site"}')).toBe(true)
  expect(now.get('plenum_database_connections_max')).toBe(10)
  expect(now.get('plenum_samples_refused_total{reason="tooManySeries"}')).toBe(0)
  expect(now.has('plenum_series')).toBe(true)
})

test('sockets and what runs on them are counted while they are open', async () => {
  const socket = openSocket(app.url, app.token)
  const messages = socket.iterate('subscription { events { cursor type } }')
  const first = messages.next()
  while ((await valueOf('plenum_websocket_operations')) < 1) await new Promise(setImmediate)
  expect(await valueOf('plenum_websockets')).toBe(1)
  await app.query(`mutation { importInventory(input: { items: [{ kind: Image, name: "two" }] }) { cursor } }`)
  await first
  await messages.return?.(undefined)
  await socket.close()
  while ((await valueOf('plenum_websockets')) > 0) await new Promise(setImmediate)
})

describe('who may read it', () => {
  test('nobody without a token', async () => {
    expect((await scrape({})).status).toBe(401)
  })

  test('no token that sees some tenants only', async () => {
    await app.query(
      `mutation { importInventory(input: { items: [{ kind: Tenant, name: "acme" }] }) { cursor } }`,
    )
    const { data } = await app.query<any>(
      `mutation { createToken(input: { name: "narrow", role: VIEWER, scopes: { tenants: ["Tenant:name=acme"] } }) { secret } }`,
    )
    const answer = await scrape({ authorization: `Bearer ${data.createToken.secret}` })
    expect(answer.status).toBe(403)
  })

  test('an address that the configuration allows, but not what a proxy there forwards', async () => {
    const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const folder = mkdtempSync(join(tmpdir(), 'plenum-metrics-'))
    const path = join(folder, 'plenum.yaml')
    writeFileSync(path, 'metrics: { allow: [127.0.0.0/8] }\n')
    const open = await startTestApp({ database: app.database, env: { PLENUM_CONFIG: path } })
    try {
      expect((await fetch(`${open.url}/metrics`)).status).toBe(200)
      const forwarded = await fetch(`${open.url}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.1' } })
      expect(forwarded.status).toBe(401)
    } finally {
      await open.close()
      rmSync(folder, { recursive: true })
    }
  })
})

const promtool = spawnSync('promtool', ['--version'])
test.skipIf(promtool.error !== undefined)('promtool finds nothing to complain of', async () => {
  await app.query('{ cursor }')
  const input = await (await scrape()).text()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input })
  expect({ status, told: `${String(stdout)}${String(stderr)}` }).toEqual({ status: 0, told: '' })
})

test('docs/metrics.md lists what is told, and nothing else', async () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8')
  const listed = [...text.matchAll(/^\| `((?:plenum|nodejs|process)_\w+)/gm)].map(([, name]) => name!)
  const told = [...(await (await scrape()).text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!)
  expect(told.filter((name) => !listed.includes(name))).toEqual([])
  // Some stand there once something has happened.
  const sources = [
    'src/api/meter.ts',
    'src/source/meter.ts',
    'src/metric/remote/meter.ts',
    'src/api/index.ts',
    'src/vitals.ts',
    'src/telemetry/runtime.ts',
    'src/log-line/index.ts',
    'src/syslog/index.ts',
  ]
  const code = sources
    .map((path) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8'))
    .join('')
  expect(listed.filter((name) => !code.includes(`'${name}'`))).toEqual([])
})

test('what several processes tell stands together, each under its number', () => {
  const family = (value: number) => ({
    name: 'a_total',
    help: 'A "b" \\ c\nd',
    type: 'counter' as const,
    points: [{ labels: { route: 'x"y\n' }, value }],
  })
  const all = together([
    { process: '0', families: [family(1)] },
    { process: '1', families: [family(2)] },
  ])
  expect(toExposition(all)).toBe(
    `# HELP a_total A "b" \\\\ c\\nd\n# TYPE a_total counter\na_total{route="x\\"y\\n",process="0"} 1\na_total{route="x\\"y\\n",process="1"} 2\n`,
  )
})
