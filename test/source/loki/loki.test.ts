/** Lines that a Loki keeps, beside those of syslog: over HTTP against its query API as documented; and one that is ill in the ways that neighbours can be. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Guard } from '../../../src/source/guard.ts'
import { loki } from '../../../src/source/loki/index.ts'
import { levelOf, selectorOf, withWords } from '../../../src/source/loki/query.ts'
import { SourceError, type LogLine, type LogOwner } from '../../../src/source/source.ts'
import { startFront } from '../../conformance/driver/front.ts'
import { illnesses } from '../../conformance/driver/twin.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { FakeLoki } from './fake.ts'

const forever = new AbortController().signal
const host: LogOwner = {
  kind: 'Server',
  name: 'srv-1',
  fields: { osName: 'Debian', cpuCores: 8 },
  labels: {},
}
const byName = [{ kind: ['Server'], labels: { host: 'name' }, fixed: { job: 'varlogs' } }]

describe('which streams are those of a resource', () => {
  test.each([
    ['by name, with what is always so', host, byName, '{job="varlogs",host="srv-1"}'],
    ['another kind has none', { ...host, kind: 'Switch' }, byName, undefined],
    [
      'by fields',
      host,
      [{ kind: ['Server'], labels: { cores: 'fields.cpuCores' }, fixed: {} }],
      '{cores="8"}',
    ],
    [
      'what has no value has none',
      host,
      [{ kind: ['Server'], labels: { x: 'labels.app' }, fixed: {} }],
      undefined,
    ],
    [
      'a label with dots and strokes',
      { ...host, labels: { 'app.kubernetes.io/name': 'shop' } },
      [{ kind: ['Server'], labels: { app: 'labels.app.kubernetes.io/name' }, fixed: {} }],
      '{app="shop"}',
    ],
    [
      'a name cannot become a pattern, nor end its string',
      { ...host, name: '"} or {x=~".*' },
      byName,
      String.raw`{job="varlogs",host="\u0022} or {x=~\u0022.*"}`,
    ],
  ] as const)('%s', (_, owner, streams, expected) => {
    expect(selectorOf(owner, streams)).toBe(expected)
  })

  test('words are patterns of themselves, in either case', () => {
    expect(withWords('{a="b"}', ['a.b', 'C:\\x'])).toBe(
      String.raw`{a="b"} |~ "(?i)a\u005c.b" |~ "(?i)C:\u005c\u005cx"`,
    )
  })

  test.each([
    [{ level: 'ERROR' }, 3],
    [{ severity: 'warn' }, 4],
    [{ detected_level: 'info' }, 6],
    [{ level: 'nonsense' }, null],
    [{}, null],
  ])('level of %j', (labels, level) => {
    expect(levelOf(labels as Record<string, string>)).toBe(level)
  })
})

test('settings say what is wrong with them', () => {
  const good = { url: 'http://127.0.0.1:3100', streams: [{ kind: ['Server'], labels: { host: 'name' } }] }
  expect(loki.parseSettings(good)).toMatchObject({ mostLines: 5_000 })
  for (const [bad, message] of [
    [{ ...good, streams: [] }, /streams/],
    [{ ...good, streams: [{ kind: ['Toaster'], labels: { host: 'name' } }] }, /kind/],
    [{ ...good, streams: [{ kind: ['Server'], labels: {} }] }, /at least one label/],
    [{ ...good, streams: [{ kind: ['Server'], labels: { 'a-b': 'name' } }] }, /a label such as host/],
    [
      { ...good, streams: [{ kind: ['Server'], labels: { host: '.*' } }] },
      /name, fields.NAME or labels.NAME/,
    ],
    [{ ...good, user: 'reader' }, /belong together/],
    [{ ...good, token: 'plain' }, /a reference such as/],
  ] as const)
    expect(() => loki.parseSettings(bad)).toThrow(message)
})

describe('lines of a resource', () => {
  const fake = new FakeLoki()
  let server: Server
  let app: TestApp
  const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000

  beforeAll(async () => {
    server = createServer(fake.answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    process.env['LOKI_TOKEN'] = fake.token
    app = await startTestApp({
      sources: {
        logs: {
          driver: 'loki',
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          token: 'env:LOKI_TOKEN',
          orgId: fake.orgId,
          mostLines: 1_000,
          streams: [{ kind: ['Server', 'VirtualMachine'], labels: { host: 'name' } }],
          perSecond: 10_000,
        },
      },
    })
    const { errors } = await app.query(
      'mutation { importInventory(input: { source: "test", items: [{ kind: Tenant, name: "blue" }, { kind: Server, name: "srv-1", links: [{ type: OWNED_BY, to: "Tenant:name=blue" }] }, { kind: Server, name: "srv-2" }, { kind: Switch, name: "leaf-1" }] }) { cursor } }',
    )
    expect(errors).toBeUndefined()
    await vi.waitFor(
      async () => {
        const { data } = await app.query<any>('{ sources { name state { failure lastSyncAt } } }')
        expect(data.sources.find(({ name }: any) => name === 'logs').state.lastSyncAt).not.toBeNull()
      },
      { timeout: 60_000, interval: 50 },
    )
  }, 120_000)
  afterAll(async () => {
    await app.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    delete process.env['LOKI_TOKEN']
  })

  const lines =
    'nodes { at text severity level store resource { name } } stores { name status failure } pageInfo { hasNextPage endCursor }'
  const logsOf = async (ref: string, rest = '', token?: string): Promise<any> => {
    const { data, errors } = await app.query<any>(
      `query ($ref: Ref!) { resource(ref: $ref) { logs(range: { last: "PT1H" }${rest}) { ${lines} } } }`,
      { ref },
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    )
    expect(errors).toBeUndefined()
    return data.resource.logs
  }

  test('the newest first, by words, level and severity, page by page', async () => {
    fake.streams = [
      {
        labels: { host: 'srv-1', level: 'error' },
        lines: [
          { at: minutesAgo(70), text: 'too long ago' },
          { at: minutesAgo(9), text: 'Out of memory: killed mysqld' },
        ],
      },
      {
        labels: { host: 'srv-1', filename: '/var/log/messages' },
        lines: [
          { at: minutesAgo(8), text: 'memory is fine', metadata: { trace: 'x' } },
          { at: minutesAgo(7), text: 'inmemory table' },
        ],
      },
      { labels: { host: 'srv-2' }, lines: [{ at: minutesAgo(3), text: 'memory of another' }] },
    ]
    const { nodes, stores } = await logsOf('Server:name=srv-1')
    expect(nodes.map(({ text }: any) => text)).toEqual([
      'inmemory table',
      'memory is fine',
      'Out of memory: killed mysqld',
    ])
    expect(nodes[2]).toMatchObject({
      severity: 'CRITICAL',
      level: 'err',
      store: 'logs',
      resource: { name: 'srv-1' },
    })
    expect(nodes[0]).toMatchObject({ severity: 'INFO', level: null })
    expect(stores).toEqual([
      { name: 'plenum', status: 'OK', failure: null },
      { name: 'logs', status: 'OK', failure: null },
    ])
    // A word stands by itself, or begins one.
    const found = await logsOf('Server:name=srv-1', ', contains: "MEMORY"')
    expect(found.nodes).toHaveLength(2)
    expect((await logsOf('Server:name=srv-1', ', severity: [CRITICAL]')).nodes).toHaveLength(1)
    const page = await logsOf('Server:name=srv-1', ', first: 2')
    expect(page.pageInfo.hasNextPage).toBe(true)
    const next = await logsOf('Server:name=srv-1', `, first: 2, after: "${page.pageInfo.endCursor}"`)
    expect(next.nodes.map(({ text }: any) => text)).toEqual(['Out of memory: killed mysqld'])
    const { data } = await app.query<any>(
      `{ logs(filter: { kind: [Server, Switch] }, range: { last: "PT1H" }) { ${lines} } }`,
    )
    expect(data.logs.nodes.map(({ resource }: any) => resource.name)).toEqual([
      'srv-2',
      'srv-1',
      'srv-1',
      'srv-1',
    ])
    const asked = fake.requests.length
    expect((await logsOf('Switch:name=leaf-1')).stores).toMatchObject([{ name: 'plenum' }])
    expect(fake.requests).toHaveLength(asked)
  })

  test('a tenant, who may call a thing like what is of another, is told none of it', async () => {
    const { data } = await app.query<any>(
      'mutation { createToken(input: { name: "blue", role: VIEWER, scopes: { tenants: ["Tenant:name=blue"] } }) { secret } }',
    )
    const asked = fake.requests.length
    const { nodes, stores } = await logsOf('Server:name=srv-1', '', data.createToken.secret)
    expect([nodes, stores.map(({ name }: any) => name)]).toEqual([[], ['plenum']])
    expect(fake.requests).toHaveLength(asked)
  })

  test('why it refuses is told, and costs its own lines only', async () => {
    fake.mostLines = 100
    const { nodes, stores } = await logsOf('Server:name=srv-1', ', contains: "memory"')
    expect(nodes).toEqual([])
    expect(stores[1]).toMatchObject({
      status: 'ERROR',
      failure: expect.stringContaining('max entries limit per query exceeded'),
    })
    fake.mostLines = 5_000
    fake.token = 'another'
    const refused = await logsOf('Server:name=srv-1')
    expect(refused.stores).toMatchObject([
      { status: 'OK' },
      { status: 'ERROR', failure: expect.stringContaining('denied') },
    ])
    expect(JSON.stringify(refused)).not.toContain('hush')
  })
})

describe('one that is ill', () => {
  const closing: (() => Promise<unknown> | void)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  test.each(illnesses)('is told by a SourceError without secrets: %s', async (illness) => {
    const fake = new FakeLoki()
    fake.streams = [{ labels: { host: 'srv-1' }, lines: [{ at: 1_700_000_000_000, text: 'one' }] }]
    const front = await startFront({ answer: fake.answer })
    closing.push(() => front.close())
    front.be(illness)
    const guard = new Guard({ atOnce: 8, perSecond: 10_000 })
    const said: string[] = []
    const note = (detail: object, message: string) => void said.push(message, JSON.stringify(detail))
    const settings = {
      ...{ url: front.url, token: 'env:LOKI_TOKEN', orgId: fake.orgId, requestSeconds: 0.5 },
      streams: [{ kind: ['Server'], labels: { host: 'name' } }],
    }
    const source = await loki.open(loki.parseSettings(settings), {
      name: 'logs',
      log: { debug: note, warn: note },
      secret: async () => fake.token,
      admit: (signal) => guard.admit(signal),
      shards: { count: 1, mine: () => [0], onChange: () => () => {} },
      addresses: async () => [],
    })
    closing.push(() => source.close())
    const read = async (): Promise<LogLine[]> => {
      const key = source.logKeyOf!(host)!
      const query = { keys: [key], from: 1_699_999_999_000, to: 1_700_000_000_000, words: [], first: 10 }
      return Array.fromAsync(source.logs!(query, forever))
    }
    const error = await read().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SourceError)
    expect(JSON.stringify([said, (error as Error).message, (error as Error).stack])).not.toContain('hush')
    expect(front.strayed()).toBe(0)
    expect(front.writes()).toEqual([])
    front.be('well')
    if (illness === 'certificate' || illness === 'elsewhere') return
    expect(await read()).toEqual([{ key: '{host="srv-1"}', at: 1_700_000_000_000, level: null, text: 'one' }])
  })
})
