/** Whoever hangs up, or whose time is over, leaves no work behind: statements in Postgres, requests to sources, walks, transactions, graphs of former instants. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import pg from 'pg'
import { parse } from 'graphql'
import { createCompiler } from '../../src/api/compile/index.ts'
import type { Context } from '../../src/context.ts'
import { setDeadline, countVisits } from '../../src/deadline.ts'
import { limitExceeded } from '../../src/errors.ts'
import { findPaths } from '../../src/graph/path.ts'
import { toTopology } from '../../src/graph/topology.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { schema, Sketch } from '../support/graphql.ts'

let app: TestApp
let holder: pg.Client
/** Within a transaction the activity is shown as it was first seen. */
let watcher: pg.Client
let hanging: Server
const asked: string[] = []
let given: (() => void) | undefined

beforeAll(async () => {
  hanging = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.on('close', () => given?.())
  })
  hanging.listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`
  app = await startTestApp({
    sources: { checks: { driver: 'check', every: 3_600, timeout: '50s', targets: { web: { url } } } },
  })
  const { errors } = await app.query(
    'mutation { importInventory(input: { items: [{ kind: Site, name: "s" }] }) { cursor } }',
  )
  expect(errors?.[0]).toBeUndefined()
  holder = new pg.Client({ connectionString: app.database.url, application_name: 'holder' })
  await holder.connect()
  watcher = new pg.Client({ connectionString: app.database.url, application_name: 'watcher' })
  await watcher.connect()
})
afterEach(() => holder.query('rollback'))
afterAll(async () => {
  await holder.end()
  await watcher.end()
  await app.close()
  hanging.closeAllConnections()
  hanging.close()
})

/** What waits for a lock that we hold. */
async function waiting(): Promise<number> {
  const { rows } = await watcher.query<{ count: string }>(
    `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'plenum' and wait_event_type = 'Lock'`,
  )
  return Number(rows[0]!.count)
}
/** Whatever our process still asks, or keeps open. */
async function busy(): Promise<string[]> {
  const { rows } = await watcher.query<{ query: string }>(
    `select query from pg_stat_activity where datname = current_database() and application_name = 'plenum' and state <> 'idle' and query not like '%log_head%'`,
  )
  return rows.map(({ query }) => query)
}
const untilWaiting = () => vi.waitUntil(async () => (await waiting()) > 0, { timeout: 10_000, interval: 20 })
const untilIdle = () =>
  vi.waitUntil(async () => (await busy()).length === 0, { timeout: 10_000, interval: 20 })

async function hold(table: string): Promise<void> {
  await holder.query('begin')
  await holder.query(`lock table ${table} in access exclusive mode`)
}

function post(query: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${app.token}` },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  })
}

const origins = '{ sites { nodes { origins { key } } } }'
const history = `{ sites(asOf: "${new Date(Date.now() + 1).toISOString()}") { nodes { name } } }`

describe('statements end in Postgres', () => {
  test.each([
    ['of a query over HTTP', 'observation', origins],
    ['of a graph of a former instant', 'resource_history', history],
    [
      'of a change of the inventory',
      'resource',
      'mutation { importInventory(input: { items: [{ kind: Site, name: "never" }] }) { cursor } }',
    ],
  ])('%s, when the client hangs up', async (_, table, query) => {
    await hold(table)
    const client = new AbortController()
    const answer = post(query, client.signal)
    const failed = expect(answer).rejects.toThrow()
    await untilWaiting()
    client.abort()
    await failed
    await untilIdle()
  })

  test('of an import by PUT, which leaves nothing', async () => {
    await holder.query('begin')
    await holder.query("select pg_advisory_xact_lock(hashtext('plenum resource'))")
    const client = new AbortController()
    const answer = fetch(`${app.url}/import`, {
      method: 'PUT',
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${app.token}` },
      body: '{"kind":"Site","name":"never"}\n',
      signal: client.signal,
    })
    const failed = expect(answer).rejects.toThrow()
    await untilWaiting()
    client.abort()
    await failed
    await untilIdle()
    await holder.query('rollback')
    expect((await app.query<any>('{ sites { nodes { name } } }')).data!.sites.nodes).toEqual([{ name: 's' }])
    const after = await app.query(
      'mutation { importInventory(input: { items: [{ kind: Site, name: "s" }] }) { cursor } }',
    )
    expect(after.errors).toBeUndefined()
  })

  test('of a query over a WebSocket that breaks, and of one that is completed', async () => {
    for (const leave of ['kill', 'complete'] as const) {
      await hold('observation')
      const socket = openSocket(app.url, app.token)
      const results = socket.client.iterate({ query: origins })
      const first = results.next().catch(() => undefined)
      await untilWaiting()
      if (leave === 'kill') socket.kill()
      else void results.return?.()
      await untilIdle()
      await holder.query('rollback')
      await socket.close()
      await first
    }
  })

  test('at the deadline, which is told', async () => {
    const hasty = await startTestApp({ database: app.database, limits: { requestSeconds: 1 } })
    await hold('observation')
    const { errors } = await hasty.query(origins)
    expect(errors![0]!.extensions).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: { name: 'requestSeconds', limit: 1 },
    })
    await untilIdle()
    await holder.query('rollback')
    await hasty.close()
  })

  test('and a connection that was cancelled on serves the next as if nothing had been', async () => {
    for (let round = 0; round < 5; round++) {
      await hold('observation')
      const clients = Array.from({ length: 8 }, () => new AbortController())
      const answers = clients.map((client) => post(origins, client.signal).catch(() => undefined))
      await vi.waitUntil(async () => (await waiting()) === 8, { timeout: 10_000, interval: 20 })
      for (const client of clients.slice(1)) client.abort()
      await vi.waitUntil(async () => (await waiting()) === 1, { timeout: 10_000, interval: 20 })
      await holder.query('rollback')
      const [kept] = await Promise.all(answers)
      expect(((await kept!.json()) as any).errors).toBeUndefined()
      const next = await Promise.all(Array.from({ length: 10 }, () => app.query(origins)))
      expect(next.every(({ errors }) => errors === undefined)).toBe(true)
    }
  })
})

test('two who wait for one former instant share its load: one that leaves takes nothing from the other', async () => {
  const instant = new Date().toISOString()
  const query = `{ sites(asOf: "${instant}") { nodes { name } } }`
  await hold('resource_history')
  const client = new AbortController()
  const leaving = post(query, client.signal).catch(() => undefined)
  const staying = post(query)
  await untilWaiting()
  client.abort()
  await leaving
  await holder.query('rollback')
  expect(((await (await staying).json()) as any).data.sites.nodes).toEqual([{ name: 's' }])
})

test('a request to a source ends when the client hangs up', async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  await vi.waitUntil(
    async () => (await app.query<any>('{ endpoints { totalCount } }')).data!.endpoints.totalCount === 1,
    { timeout: 10_000, interval: 50 },
  )
  const before = asked.length
  given = resolve
  const client = new AbortController()
  const answer = post(
    '{ endpoints { nodes { readings(metric: ["check.up"], maxAge: "PT1S") { value } } } }',
    client.signal,
  ).catch(() => undefined)
  await vi.waitUntil(() => asked.length > before, { timeout: 10_000, interval: 20 })
  client.abort()
  await answer
  await ended
})

describe('what runs without a pause ends at its deadline, by the clock', () => {
  const sketch = new Sketch()
  const rack = sketch.add('Rack', 'rack')
  const servers = Array.from({ length: 6_000 }, (_, index) => sketch.add('Server', `s${index}`))
  for (const server of servers) sketch.link('LOCATED_IN', server, rack)
  const { graph } = sketch
  const late = (milliseconds: number) => {
    const { signal } = new AbortController()
    setDeadline(signal, milliseconds, () => limitExceeded('requestSeconds', 1, 'too late'))
    return signal
  }

  test.each<[string, (signal: AbortSignal) => unknown]>([
    ['blast radius', (signal) => graph.dependents(rack, { signal })],
    ['paths', (signal) => findPaths(graph, rack, servers[0]!, { max: 1, signal })],
    ['topology', (signal) => toTopology(graph, { root: [rack], signal })],
  ])('%s', (_, walk) => {
    expect(() => walk(late(-1))).toThrow('too late')
    expect(() => walk(late(60_000))).not.toThrow()
  })

  const run = (query: string, signal: AbortSignal) =>
    createCompiler(schema)({
      document: parse(query),
      operationName: undefined,
      variables: undefined,
      root: undefined,
      context: {
        graph,
        signal,
        extensions: {},
        viewer: { name: 't', role: 'admin', tokenId: 1 },
      } as unknown as Context,
    })

  test.each([
    '{ servers(first: 1000) { nodes { name } } }',
    '{ servers(filter: { owner: { eq: "x" } }) { totalCount } }',
  ])('%s', async (query) => {
    expect((await run(query, late(-1)))!.errors?.[0]?.message).toBe('too late')
    expect((await run(query, late(60_000)))!.errors).toBeUndefined()
  })

  test('and walks of one request have one limit together', () => {
    const { signal } = new AbortController()
    countVisits(signal, 6, 10, 'too many')
    expect(() => countVisits(signal, 5, 10, 'too many')).toThrow('too many')
    expect(() => countVisits(undefined, 10, 10, 'too many')).not.toThrow()
    const two = new AbortController().signal
    expect(() => {
      for (let walk = 0; walk < 3; walk++) graph.dependents(rack, { signal: two })
    }).toThrow(/resources would be visited/)
  })
})
