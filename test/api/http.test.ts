/** The HTTP front: headers, ids, encodings, reads after writes, imports by PUT, health, hostile bodies. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { connect, type AddressInfo } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createDoor } from '../../src/api/door.ts'
import { createHttp } from '../../src/api/http.ts'
import { loadConfig } from '../../src/config.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
let other: TestApp
const bodyBytes = 1_000_000
beforeAll(async () => {
  app = await startTestApp({ limits: { bodyBytes, answerBytes: 200_000 } })
  other = await startTestApp({ database: app.database })
})
afterAll(async () => {
  await other.close()
  await app.close()
})

const send = (
  init: { body?: string | Uint8Array; method?: string; headers?: Record<string, string> },
  at = '/graphql',
) =>
  fetch(`${app.url}${at}`, {
    method: init.method ?? 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${app.token}`, ...init.headers },
    ...(init.body === undefined ? {} : { body: init.body }),
  })
const ask = (query: string, headers: Record<string, string> = {}) =>
  send({ body: JSON.stringify({ query }), headers })
const failure = async (response: Response) => ((await response.json()) as any).errors[0]

describe('headers', () => {
  test('keep browsers safe and answers out of caches', async () => {
    const { headers } = await ask('{ cursor }')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test('carry the request id, the own one unless it could do harm', async () => {
    const idOf = async (id: string) =>
      (await ask('{ cursor }', { 'x-request-id': id })).headers.get('x-request-id')
    expect(await idOf('run-7.3')).toBe('run-7.3')
    expect(await idOf('a"b\\c')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idOf('x'.repeat(200))).toMatch(/^[0-9a-f-]{36}$/)
    const error = await failure(await ask('{ nothing }', { 'x-request-id': 'run-8' }))
    expect(error.extensions).toEqual({ code: 'INVALID_INPUT', retryable: false, requestId: 'run-8' })
  })

  test('choose the media type that was asked for', async () => {
    const typeOf = async (accept: string) => {
      const response = await ask('{ nothing }', { accept })
      return [response.status, response.headers.get('content-type')]
    }
    expect(await typeOf('application/graphql-response+json')).toEqual([
      400,
      'application/graphql-response+json; charset=utf-8',
    ])
    expect(await typeOf('application/json')).toEqual([200, 'application/json; charset=utf-8'])
    expect((await typeOf('image/png'))[0]).toBe(406)
  })

  test('say how the answer is packed, which they do by its size', async () => {
    const query = '{ __schema { types { name fields { name } } } }'
    const plain = await (await ask(query, { 'accept-encoding': 'identity' })).text()
    for (const [accept, unpack] of [
      ['gzip, br;q=0.5', gunzipSync],
      ['gzip;q=0.2, br', brotliDecompressSync],
    ] as const) {
      const raw = await rawAnswer(query, accept)
      expect(unpack(raw).toString()).toBe(plain)
      expect(raw.length).toBeLessThan(plain.length / 3)
    }
    expect((await ask('{ cursor }')).headers.get('content-encoding')).toBeNull()
  })

  /** fetch unpacks by itself; this does not. */
  async function rawAnswer(query: string, accept: string): Promise<Buffer> {
    const { request } = await import('node:http')
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${app.token}`,
      'accept-encoding': accept,
    }
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    request(`${app.url}/graphql`, { method: 'POST', headers }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve(Buffer.concat(chunks))
    }).end(JSON.stringify({ query }))
    return promise
  }
})

describe('GET', () => {
  const get = (query: string, headers = {}) =>
    send(
      { method: 'GET', headers: { 'content-type': 'application/json', ...headers } },
      `/graphql?query=${encodeURIComponent(query)}`,
    )

  test('answers queries', async () => {
    expect(((await (await get('{ viewer { name } }')).json()) as any).data.viewer.name).toBe('admin')
  })
  test('refuses mutations', async () => {
    const response = await get('mutation { revokeToken(input: { name: "admin" }) { token { name } } }')
    expect(response.status).toBe(405)
    expect((await failure(response)).extensions.code).toBe('INVALID_INPUT')
  })
})

describe('hostile bodies', () => {
  const latin = Uint8Array.from([...Buffer.from('{"query":"{ cursor } #'), 0xe9, 0x22, 0x7d])
  const deep = `{"query":"{cursor}","variables":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`
  test.each<[string, string | Uint8Array, number, string]>([
    ['malformed JSON', '{"query": "{ cursor }"', 400, 'INVALID_INPUT'],
    ['nothing', '', 400, 'INVALID_INPUT'],
    ['an array of operations', '[{"query":"{ cursor }"}]', 400, 'INVALID_INPUT'],
    ['a number', '7', 400, 'INVALID_INPUT'],
    ['invalid UTF-8', latin, 400, 'INVALID_INPUT'],
    ['NUL bytes', '{"query":"{ cursor }\0"}', 400, 'INVALID_INPUT'],
    ['brackets without end', deep, 400, 'INVALID_INPUT'],
    ['too many bytes', `{"query":"{ cursor } # ${'x'.repeat(bodyBytes)}"}`, 413, 'LIMIT_EXCEEDED'],
    ['a query that is no text', '{"query": 7}', 400, 'INVALID_INPUT'],
    ['variables that are no object', '{"query": "{ cursor }", "variables": "x"}', 400, 'INVALID_INPUT'],
    [
      'an operation that is not there',
      '{"query": "query A { cursor }", "operationName": "B"}',
      400,
      'INVALID_INPUT',
    ],
    ['a subscription', '{"query": "subscription { events { type } }"}', 400, 'INVALID_INPUT'],
  ])('%s', async (_, body, status, code) => {
    const response = await send({ body, headers: { accept: 'application/graphql-response+json' } })
    const error = await failure(response)
    expect([response.status, error.extensions.code]).toEqual([status, code])
    expect(JSON.stringify(error)).not.toMatch(/node_modules|at .*\.ts/)
    expect((await ask('{ cursor }')).status).toBe(200)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type "%s"',
    async (type) => {
      const response = await send({ body: '{"query":"{ cursor }"}', headers: { 'content-type': type } })
      expect(response.status).toBe(415)
      expect((await failure(response)).extensions.code).toBe('INVALID_INPUT')
    },
  )

  test('headers without end and half requests break nothing', async () => {
    const port = Number(new URL(app.url).port)
    for (const text of [
      `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5_000)}`,
      'POST /graphql HTTP/1.1\r\nContent-Length: 5\r\n\r\n',
      '\0\0\0',
    ]) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const socket = connect(port, '127.0.0.1', () => socket.end(text))
      socket
        .on('close', () => resolve())
        .on('error', () => {})
        .resume()
      await promise
    }
    expect((await ask('{ cursor }')).status).toBe(200)
  })
})

describe('limits name themselves', () => {
  const many = (count: number, make: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => make(index)).join(' ')
  const nested = (depth: number) =>
    `{ racks { nodes ${'{ links { nodes { from '.repeat(depth)} { id } ${'} } }'.repeat(depth)} } }`
  const doubling = `{ ...f0 } ${many(24, (n) => `fragment f${n} on Query { ...f${n + 1} ... on Query { ...f${n + 1} } }`)} fragment f24 on Query { cursor }`
  test.each([
    ['aliases', `{ ${many(3_000, (n) => `a${n}: cursor`)} }`],
    ['tokens', `{ ${many(20_000, () => 'cursor')} }`],
    ['depth', nested(20)],
    ['depth', `{ racks { nodes { ${'site{'.repeat(4_000)} name ${'}'.repeat(4_000)} } } }`],
    ['rootFields', `{ ${many(60, () => 'cursor')} }`],
    ['fields', doubling],
    ['fields', `{ racks { nodes { ${many(1_500, () => 'site { name }')} } } }`],
  ])('%s', async (name, query) => {
    const error = await failure(await ask(query))
    expect(error.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: { name } })
  })

  test('answerBytes', async () => {
    const error = await failure(
      await ask(
        '{ __schema { types { name description fields { name description args { name description } } } } }',
      ),
    )
    expect(error.extensions).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: { name: 'answerBytes', limit: 200_000 },
    })
  })
})

describe('reads after writes', () => {
  const put = (name: string) =>
    ask(
      `mutation { importInventory(input: { items: [{ kind: Rack, name: "${name}" }] }) { cursor resources { name } } }`,
    )

  test('a mutation answers when the process shows what it wrote', async () => {
    for (let index = 0; index < 10; index++) {
      const { data } = (await (await put(`own-${index}`)).json()) as any
      expect(data.importInventory.resources).toEqual([{ name: `own-${index}` }])
      const found = (await (await ask(`{ resource(ref: "Rack:name=own-${index}") { name } }`)).json()) as any
      expect(found.data.resource.name).toBe(`own-${index}`)
    }
  })

  test('another process waits for the cursor in Plenum-After', async () => {
    for (let index = 0; index < 10; index++) {
      const { data } = (await (await put(`far-${index}`)).json()) as any
      const found = await other.query<any>(
        `{ resource(ref: "Rack:name=far-${index}") { name } }`,
        {},
        { 'plenum-after': data.importInventory.cursor },
      )
      expect(found.data?.resource?.name).toBe(`far-${index}`)
    }
  })

  test.each([
    ['yesterday', 'INVALID_INPUT'],
    ['00000000.5', 'INVALID_INPUT'],
  ])('Plenum-After: %s is refused', async (value, code) => {
    expect((await failure(await ask('{ cursor }', { 'plenum-after': value }))).extensions.code).toBe(code)
  })
})

describe('PUT /import', () => {
  const put = (body: string, type: string, query = '') =>
    send({ method: 'PUT', body, headers: { 'content-type': type } }, `/import${query}`)

  test.each([
    ['application/x-ndjson', '{"kind":"Rack","name":"nd-1"}\n{"kind":"Rack","name":"nd-2"}\n', 2],
    ['text/csv', 'kind,name\nRack,csv-1\nRack,csv-2\nRack,csv-3\n', 3],
    ['application/yaml', '- kind: Rack\n  name: ya-1\n', 1],
  ])('reads %s', async (type, body, created) => {
    const dry = (await (await put(body, type, '?dryRun')).json()) as any
    expect(dry).toMatchObject({ created })
    expect(dry.planned.length).toBeGreaterThanOrEqual(created)
    const response = await put(body, type)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      created,
      cursor: expect.stringMatching(/^[0-9a-f]{8}\.\d+$/),
    })
    expect(await (await put(body, type)).json()).toMatchObject({ created: 0, unchanged: created })
  })

  test.each([
    ['image/png', '', '', 415],
    ['application/x-ndjson', '{"kind":"Rack","name":', '', 400],
    ['application/x-ndjson', '{"kind":"Wreck","name":"a"}', '', 400],
    ['text/csv', 'kind,name\n', '?mode=erase', 400],
    ['text/csv', 'kind,name\n', '?dry=1', 400],
    ['text/csv', 'kind,name\n', '?source=a/b', 400],
  ])('refuses %s %s %s', async (type, body, query, status) => {
    const response = await put(body, type, query)
    expect(response.status).toBe(status)
    expect((await failure(response)).extensions.code).toBe('INVALID_INPUT')
  })
})

test('an import is streamed: it may be larger than a request', async () => {
  const line = (index: number) =>
    JSON.stringify({ kind: 'Image', name: `large-${index}`, attributes: { note: 'x'.repeat(400) } })
  const body = Array.from({ length: 3_000 }, (_, index) => line(index)).join('\n')
  expect(body.length).toBeGreaterThan(bodyBytes)
  const response = await send(
    { method: 'PUT', body, headers: { 'content-type': 'application/x-ndjson' } },
    '/import',
  )
  expect(await response.json()).toMatchObject({ created: 3_000 })
})

test('health tells whether the process answers, and why not', async () => {
  expect((await fetch(`${app.url}/health/live`)).status).toBe(200)
  const ready = await fetch(`${app.url}/health/ready`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({ ready: true, checks: { graph: 'ok', database: 'ok' } })
})

test('what is not there is told as such', async () => {
  const response = await fetch(`${app.url}/nowhere`)
  expect(response.status).toBe(404)
  expect((await failure(response)).extensions.code).toBe('NOT_FOUND')
})

test('who takes nothing of a large answer is let go', async () => {
  const { http, limits, documents } = loadConfig({})
  const config = { ...http, documents, limits: { ...limits, stallSeconds: 1 } }
  const server = createHttp(config, createDoor(config), pino({ level: 'silent' }))
  server.get('/large', (_, reply) => reply.send(Buffer.alloc(50_000_000)))
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => {})
  idle.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
  const count = () =>
    new Promise<number>((resolve) => server.server.getConnections((_error, number) => resolve(number)))
  await vi.waitUntil(async () => (await count()) === 1)
  await vi.waitUntil(async () => (await count()) === 0, { timeout: 10_000, interval: 50 })
  // Who takes it, however slowly it began, gets all of it.
  expect((await (await fetch(`http://127.0.0.1:${port}/large`)).arrayBuffer()).byteLength).toBe(50_000_000)
  idle.destroy()
  await server.close()
})
