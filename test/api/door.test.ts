/** The door: whom proxies say that they speak for, other sites' pages, what browsers can be tricked into, and the switches of the configuration. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDoor } from '../../src/api/door.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const cors = { origins: [], credentials: false, maxAgeSeconds: 600 }
const behind = { behindProxy: true, trustedProxies: ['10.0.0.0/8', '::1'], cors }
const from = (remoteAddress: string, headers: Record<string, string> = {}, more = {}) =>
  ({ socket: { remoteAddress, ...more }, headers }) as never

describe('the address of a client', () => {
  const door = createDoor(behind)
  test.each([
    ['10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['::ffff:10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['10.0.0.1', '192.0.2.7, 10.1.1.1', '192.0.2.7'],
    // What stands before a stranger is the stranger's word.
    ['10.0.0.1', '10.9.9.9, 192.0.2.7', '192.0.2.7'],
    ['10.0.0.1', '127.0.0.1, 192.0.2.7, 10.2.2.2', '192.0.2.7'],
    ['192.0.2.1', '10.0.0.9', '192.0.2.1'],
    ['10.0.0.1', 'nonsense', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.7, nonsense', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['::1', '2001:db8::7', '2001:db8::7'],
    ['::1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['10.0.0.1', '192.0.2.7:4711', '192.0.2.7'],
    ['10.0.0.1', Array.from({ length: 1_000 }, () => '10.0.0.2').join(), '10.0.0.2'],
  ])('of the peer %s with X-Forwarded-For %s is %s', (peer, forwarded, client) => {
    expect(door.addressOf(from(peer, { 'x-forwarded-for': forwarded }))).toBe(client)
  })

  test('is the peer where no proxy is declared', () => {
    const open = createDoor({ ...behind, behindProxy: false })
    expect(open.addressOf(from('10.0.0.1', { 'x-forwarded-for': '192.0.2.7' }))).toBe('10.0.0.1')
  })

  test('the protocol is believed of trusted proxies only', () => {
    expect(door.isSecure(from('10.0.0.1', { 'x-forwarded-proto': 'https' }))).toBe(true)
    expect(door.isSecure(from('192.0.2.1', { 'x-forwarded-proto': 'https' }))).toBe(false)
    expect(door.isSecure(from('192.0.2.1', {}, { encrypted: true }))).toBe(true)
    expect(() => door.checkSecure(from('10.0.0.1', { 'x-forwarded-proto': 'http' }))).toThrow(/in the clear/)
    expect(() => door.checkSecure(from('192.0.2.1', { 'x-forwarded-proto': 'http' }))).not.toThrow()
  })
})

const portal = 'https://portal.example.net'
let app: TestApp
beforeAll(async () => {
  app = await startTestApp({
    http: {
      ...{ behindProxy: true, trustedProxies: ['127.0.0.1'], introspection: false, graphiql: false },
      cors: { origins: [portal], credentials: true, maxAgeSeconds: 60 },
    },
  })
})
afterAll(() => app.close())

const send = (headers: Record<string, string>, init: RequestInit = {}, at = '/graphql') =>
  fetch(`${app.url}${at}`, {
    method: 'POST',
    body: JSON.stringify({ query: '{ viewer { name } }' }),
    ...init,
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/json', ...headers },
  })
const codeOf = async (response: Response) => ((await response.json()) as any).errors[0].extensions.code

test("a token's addresses, the audit trail and the transport go by what the proxy says", async () => {
  await app.query(
    'mutation { createToken(input: { name: "far", role: VIEWER, addresses: ["192.0.2.0/24"] }) { secret } }',
    {},
    { 'x-forwarded-for': '198.51.100.4' },
  )
  const [row] = await app.database.db('audit').select('remote_address')
  expect(row).toEqual({ remote_address: '198.51.100.4' })
  const made = await app.query<any>(
    'mutation { createToken(input: { name: "near", role: VIEWER, addresses: ["192.0.2.0/24"] }) { secret } }',
  )
  const bearer = { authorization: `Bearer ${made.data!.createToken.secret}` }
  expect((await send({ ...bearer, 'x-forwarded-for': '192.0.2.9' })).status).toBe(200)
  expect((await send({ ...bearer, 'x-forwarded-for': '192.0.2.9, 198.51.100.4' })).status).toBe(401)
  const clear = await send({ 'x-forwarded-proto': 'http' })
  expect([clear.status, await codeOf(clear)]).toEqual([403, 'FORBIDDEN'])
  const secure = await send({ 'x-forwarded-proto': 'https' })
  expect(secure.headers.get('strict-transport-security')).toBe('max-age=31536000')
})

describe('pages of other sites', () => {
  const preflight = (origin: string, at = '/graphql') =>
    fetch(`${app.url}${at}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })

  test('that are listed may ask, beforehand and then', async () => {
    for (const at of ['/graphql', '/import']) {
      const before = await preflight(portal, at)
      expect(before.status).toBe(204)
      expect(Object.fromEntries(before.headers)).toMatchObject({
        'access-control-allow-origin': portal,
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '60',
      })
      expect(before.headers.get('access-control-allow-headers')).toContain('authorization, content-type')
    }
    const answer = await send({ origin: portal })
    expect(answer.headers.get('access-control-allow-origin')).toBe(portal)
    expect(answer.headers.get('vary')).toContain('Origin')
  })

  test.each([
    'https://portal.example.net.evil.example',
    'http://portal.example.net',
    'null',
    'https://portal.example.net:8443',
  ])('such as %s are told nothing', async (origin) => {
    const before = await preflight(origin)
    expect([before.status, await codeOf(before)]).toEqual([403, 'FORBIDDEN'])
    expect(before.headers.get('access-control-allow-origin')).toBeNull()
    expect((await send({ origin })).headers.get('access-control-allow-origin')).toBeNull()
  })

  test('what a form or a picture can send without asking beforehand is refused, even if the token came along', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await send({ 'content-type': type })).status).toBe(415)
    }
    const mutation = encodeURIComponent('mutation { deleteResources(input: { items: [] }) { cursor } }')
    const got = await send({}, { method: 'GET', body: null }, `/graphql?query=${mutation}`)
    expect(got.status).toBe(405)
    const without = await fetch(`${app.url}/graphql?query=%7Bcursor%7D`)
    expect(without.status).toBe(401)
  })

  const opening = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers,
    })
    const { promise, resolve } = Promise.withResolvers<number>()
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    socket.on('error', () => {})
    const status = await promise
    socket.terminate()
    return status
  }

  test('may open WebSockets when they are listed or our own', async () => {
    expect(await opening({})).toBe(101)
    expect(await opening({ origin: portal })).toBe(101)
    expect(await opening({ origin: app.url })).toBe(101)
    expect(await opening({ origin: 'https://plenum.example', 'x-forwarded-host': 'plenum.example' })).toBe(
      101,
    )
    for (const origin of ['https://evil.example', 'null', 'nonsense', `${app.url}0`])
      expect(await opening({ origin })).toBe(403)
  })
})

test('without introspection the schema is not told, not by suggestions either; without GraphiQL there is none', async () => {
  for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Query") { name } }'])
    expect((await app.query(query)).errors![0]!.extensions['code']).toBe('INVALID_INPUT')
  expect((await app.query('{ viewr { name } }')).errors![0]!.message).not.toContain('Did you mean')
  expect((await app.query('{ viewer { __typename } }')).data).toEqual({ viewer: { __typename: 'Viewer' } })
  for (const at of ['/', '/graphiql', '/graphiql/console.js'])
    expect((await fetch(app.url + at)).status).toBe(404)
})

test('a header that is no HTTP is answered, and the connection ended', async () => {
  const { hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  socket.write('GET /graphql HTTP/1.1\r\nHost: a\r\nBad Header: \u0001\r\n\r\n')
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(String(data)).toContain('400 Bad Request')
  socket.destroy()
})
