/** One trace from who asks, through Plenum, to the source that it asks: collected by a receiver over HTTP. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHttp } from '../../src/source/http.ts'
import { inSpan, traceHeaders, withTrail } from '../../src/telemetry/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startTraceReceiver, type TraceReceiver } from '../support/trace-receiver.ts'

const marker = 'trace-header-secret'
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = '00f067aa0ba902b7'
let receiver: TraceReceiver
let folder: string
let app: TestApp

beforeAll(async () => {
  receiver = await startTraceReceiver()
  folder = mkdtempSync(join(tmpdir(), 'plenum-trace-'))
  writeFileSync(join(folder, 'key'), marker)
  const path = join(folder, 'plenum.yaml')
  writeFileSync(
    path,
    `tracing: { url: '${receiver.url}', headers: { x-key: 'file:${join(folder, 'key')}' } }\n`,
  )
  app = await startTestApp({ env: { PLENUM_CONFIG: path } })
})
afterAll(async () => {
  await app.close()
  await receiver.close()
  rmSync(folder, { recursive: true })
})

test('a request is a span of its caller’s trace, and what it does are spans below it', async () => {
  await app.query(`mutation { importInventory(input: { items: [{ kind: Image, name: "one" }] }) { cursor } }`)
  await app.query(
    'query Named { images { nodes { name history(first: 1) { nodes { at } } } } }',
    {},
    {
      traceparent: `00-${traceId}-${caller}-01`,
    },
  )
  const own = () => receiver.spans.filter((span) => span.traceId === traceId)
  await receiver.until(() => own().some(({ name }) => name === 'POST /graphql'))
  const byName = (name: string) => own().find((span) => span.name === name)
  const request = byName('POST /graphql')!
  expect(request.parentSpanId).toBe(caller)
  expect(request.attributes).toMatchObject({ 'http.route': '/graphql', 'http.response.status_code': 200 })
  expect(byName('graphql.prepare')!.parentSpanId).toBe(request.spanId)
  const execution = byName('graphql.execute')!
  expect(execution.parentSpanId).toBe(request.spanId)
  expect(execution.attributes).toMatchObject({ 'graphql.operation.name': 'Named' })
  const statement = byName('postgresql select') ?? byName('postgresql with')
  expect(statement!.parentSpanId).toBe(execution.spanId)
  expect(String(statement!.attributes['db.query.text'])).toMatch(/resource_history/)
  expect(receiver.headers[0]!['x-key']).toBe(marker)
})

test('a caller that keeps nothing of its trace has nothing kept here', async () => {
  const unsampled = 'a'.repeat(32)
  await app.query('{ cursor }', {}, { traceparent: `00-${unsampled}-${caller}-00` })
  const sampled = 'b'.repeat(32)
  await app.query('{ cursor }', {}, { traceparent: `00-${sampled}-${caller}-01` })
  await receiver.until((spans) => spans.some((span) => span.traceId === sampled))
  expect(receiver.spans.filter((span) => span.traceId === unsampled)).toEqual([])
})

test('a source is told of the trace, and its call is a span', async () => {
  const heard: (string | undefined)[] = []
  const server = createServer((request, response) => {
    heard.push(request.headers['traceparent'] as string | undefined)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http = openHttp({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    environment: {},
  })
  const trail = { requestId: 'r', traceId: 'c'.repeat(32), spanId: caller, isSampled: true }
  await withTrail(trail, () =>
    inSpan('source.read', 'internal', { 'plenum.source': 'twin' }, () =>
      http.json({ path: '/values', query: { secret: 'in-the-query' } }, AbortSignal.timeout(10_000)),
    ),
  )
  http.close()
  server.close()
  const own = () => receiver.spans.filter((span) => span.traceId === trail.traceId)
  await receiver.until(() => own().length === 2)
  const [call, read] = ['GET /values', 'source.read'].map((name) => own().find((span) => span.name === name)!)
  expect(read!.parentSpanId).toBe(caller)
  expect(call!.parentSpanId).toBe(read!.spanId)
  expect(heard).toEqual([`00-${trail.traceId}-${call!.spanId}-01`])
  expect(JSON.stringify(receiver.spans)).not.toContain('in-the-query')
})

test('without a trace nothing goes out', () => {
  expect(traceHeaders()).toEqual({})
})
