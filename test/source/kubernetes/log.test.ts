/** What containers of a cluster write, asked of its API server when somebody reads it. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { toLines } from '../../../src/source/kubernetes/log.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { FakeCluster, fill, pod } from './simulator.ts'

const cluster = fill(new FakeCluster())
let server: Server
let app: TestApp

beforeAll(async () => {
  server = createServer(cluster.answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.env['K8S_TOKEN'] = cluster.token
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  app = await startTestApp({
    sources: { east: { driver: 'kubernetes', url, token: 'env:K8S_TOKEN', perSecond: 10_000 } },
  })
  cluster.put('api/v1/pods', pod('waiting', { status: { phase: 'Pending', podIP: '10.244.1.9' } }))
  await vi.waitFor(
    async () => {
      const { data } = await app.query<any>('{ containers { totalCount } }')
      expect(data.containers.totalCount).toBe(3)
    },
    { timeout: 60_000, interval: 50 },
  )
}, 120_000)
afterAll(async () => {
  await app.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  delete process.env['K8S_TOKEN']
})

const logsOf = async (name: string, rest = '') => {
  const { data, errors } = await app.query<any>(
    `query ($name: String!) { containers(filter: { name: { eq: $name } }) { nodes { logs(range: { last: "PT1H" }${rest}) {
      nodes { at text severity level store } stores { name status failure } pageInfo { hasNextPage } } } } }`,
    { name },
  )
  expect(errors).toBeUndefined()
  return data.containers.nodes[0].logs
}
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000

test('the newest first, by words and severity, of one and of all', async () => {
  const [first, second] = [minutesAgo(3), minutesAgo(2)]
  cluster.lines.set('web-abc-1/main', [
    { at: minutesAgo(90), text: 'long ago' },
    { at: first, text: 'GET /cart 200' },
    { at: second, text: 'ERROR: no stock left' },
  ])
  cluster.lines.set('web-abc-2/main', [{ at: minutesAgo(1), text: 'GET /cart 500' }])
  const { nodes, stores } = await logsOf('web-abc-1')
  expect(nodes).toEqual([
    {
      at: new Date(second).toISOString(),
      text: 'ERROR: no stock left',
      severity: 'CRITICAL',
      level: null,
      store: 'east',
    },
    {
      at: new Date(first).toISOString(),
      text: 'GET /cart 200',
      severity: 'INFO',
      level: null,
      store: 'east',
    },
  ])
  expect(stores).toEqual([
    { name: 'plenum', status: 'OK', failure: null },
    { name: 'east', status: 'OK', failure: null },
  ])
  expect((await logsOf('web-abc-1', ', contains: "cart"')).nodes).toHaveLength(1)
  expect((await logsOf('web-abc-1', ', severity: [CRITICAL]')).nodes).toHaveLength(1)
  const { data } = await app.query<any>(
    '{ logs(filter: { kind: [Container] }, range: { last: "PT1H" }, first: 2) { nodes { text resource { name } } pageInfo { hasNextPage } } }',
  )
  expect(data.logs).toEqual({
    nodes: [
      { text: 'GET /cart 500', resource: { name: 'web-abc-2' } },
      { text: 'ERROR: no stock left', resource: { name: 'web-abc-1' } },
    ],
    pageInfo: { hasNextPage: true },
  })
})

test('a container that has not begun has no lines, and that is no failure', async () => {
  expect(await logsOf('waiting')).toMatchObject({ nodes: [], stores: [{}, { name: 'east', status: 'OK' }] })
})

test('an account that may not read lines is told what it lacks, and what came by syslog is whole', async () => {
  cluster.mayReadLogs = false
  const { stores } = await logsOf('web-abc-1')
  expect(stores).toMatchObject([
    { name: 'plenum', status: 'OK' },
    { name: 'east', status: 'ERROR', failure: expect.stringContaining('denied') },
  ])
  expect(JSON.stringify(stores)).not.toContain(cluster.token)
  cluster.mayReadLogs = true
})

test.each([
  ['2026-11-23T15:00:00.123456789Z one', Date.parse('2026-11-23T15:00:00.123Z'), 'one'],
  ['2026-11-23T15:00:00+09:00 two words\r', Date.parse('2026-11-23T06:00:00Z'), 'two words'],
  ['2026-11-23T15:00:00.5Z ', Date.parse('2026-11-23T15:00:00.500Z'), ''],
])('%j', (line, at, text) => {
  expect(toLines(`${line}\nrest of what was cut\n`)).toEqual([{ at, text, level: null }])
})
