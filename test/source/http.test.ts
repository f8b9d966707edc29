/** HTTP for drivers: what is sent where, what is made of statuses, what is bounded. The ways in which neighbours are ill are in the audits. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { failureOf, openHttp, toRetryAfter, type HttpOptions } from '../../src/source/http.ts'
import { certificate, certificateKey } from '../support/certificate.ts'

const forever = new AbortController().signal
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function listen(
  server: Server,
  at: { port: number; host: string } | { path: string },
): Promise<Server> {
  server.listen(at)
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return server
}
const anywhere = { port: 0, host: '127.0.0.1' }
const serve = async (answer: Answer) =>
  `http://127.0.0.1:${((await listen(createServer(answer), anywhere)).address() as AddressInfo).port}`

function open(url: string, rest: Partial<HttpOptions> = {}) {
  const http = openHttp({ url, environment: {}, deadlineMs: 2_000, ...rest })
  closing.push(() => http.close())
  return http
}

test('paths come after the prefix of the url, queries are written as they should', async () => {
  const url = await serve((request, response) => void response.end(JSON.stringify(request.url)))
  const http = open(`${url}/netbox`)
  expect(await http.json({ path: '/api/x/', query: { q: 'a b&c', n: 1 } }, forever)).toBe(
    '/netbox/api/x/?q=a+b%26c&n=1',
  )
})

test('what would change something is refused without control, logins and questions are not', async () => {
  const sent: string[] = []
  const url = await serve((request, response) => {
    sent.push(request.method!)
    response.end('{}')
  })
  const http = open(url)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
    await expect(http.send({ path: 'x', method }, forever)).rejects.toMatchObject({ failure: 'denied' })
  await http.json({ path: 'tokens', method: 'POST', body: { a: 1 }, harmless: 'login' }, forever)
  await open(url, { environment: { control: true } }).send({ path: 'x', method: 'DELETE' }, forever)
  expect(sent).toEqual(['POST', 'DELETE'])
})

test('statuses are failures by what can be done', async () => {
  const url = await serve((request, response) => {
    response.writeHead(Number(request.url!.slice(1)), { 'retry-after': '7' }).end('the secret is 42')
  })
  const http = open(url)
  const failures = {
    400: 'bad',
    401: 'denied',
    403: 'denied',
    404: 'missing',
    429: 'busy',
    500: 'failed',
    503: 'busy',
    504: 'timeout',
  }
  for (const [status, failure] of Object.entries(failures)) {
    expect(failureOf(Number(status))).toBe(failure)
    await expect(http.json({ path: status }, forever)).rejects.toMatchObject({
      failure,
      message: `GET ${status}: ${status}`,
      retryAfterMs: 7_000,
    })
  }
})

test('how long to wait: seconds or a date, an hour at most', () => {
  expect(toRetryAfter('12')).toBe(12_000)
  expect(toRetryAfter('999999')).toBe(3_600_000)
  expect(toRetryAfter(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(55_000)
  expect(toRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0)
  for (const odd of ['soon', undefined, ['1']]) expect(toRetryAfter(odd)).toBeUndefined()
})

test('redirects within the same place are followed, with the credentials; to another never', async () => {
  const seen: string[] = []
  const other = await serve((request, response) => {
    seen.push(`other ${request.headers.authorization}`)
    response.end('{}')
  })
  const url = await serve((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`)
    if (request.url === '/old') return void response.writeHead(301, { location: '/new' }).end()
    if (request.url === '/away') return void response.writeHead(302, { location: `${other}/new` }).end()
    response.end('"here"')
  })
  const http = open(url)
  const headers = { authorization: 'Bearer 42' }
  expect(await http.json({ path: 'old', headers }, forever)).toBe('here')
  await expect(http.json({ path: 'away', headers }, forever)).rejects.toMatchObject({
    failure: 'bad',
    message: 'GET away: redirected elsewhere',
  })
  expect(seen).toEqual(['/old Bearer 42', '/new Bearer 42', '/away Bearer 42'])
})

test('a certificate is trusted when it is given, and only then', async () => {
  const server = createTlsServer(
    { cert: certificate, key: certificateKey },
    (_, response) => void response.end('"hi"'),
  )
  server.on('tlsClientError', () => {})
  const url = `https://localhost:${((await listen(server, anywhere)).address() as AddressInfo).port}`
  expect(await open(url, { ca: certificate }).json({ path: '' }, forever)).toBe('hi')
  await expect(open(url).json({ path: '' }, forever)).rejects.toMatchObject({
    failure: 'bad',
    message: 'GET : TLS: DEPTH_ZERO_SELF_SIGNED_CERT',
  })
})

test('unix sockets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-http-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const socketPath = join(folder, 'docker.sock')
  await listen(
    createServer((request, response) => void response.end(JSON.stringify(request.url))),
    { path: socketPath },
  )
  expect(await open('http://docker', { socketPath }).json({ path: 'v1.41/info' }, forever)).toBe(
    '/v1.41/info',
  )
  await expect(
    open('http://docker', { socketPath: `${socketPath}x` }).json({ path: '' }, forever),
  ).rejects.toMatchObject({
    failure: 'unreachable',
  })
})

test('a kept connection that is closed when it is used again is no failure of a read, and one of a write', async () => {
  const asked: string[] = []
  const used = new WeakSet<object>()
  const url = await serve((request, response) => {
    asked.push(request.method!)
    if (used.has(request.socket)) return void request.socket.destroy()
    used.add(request.socket)
    response.end('{}')
  })
  const http = open(url, { environment: { control: true } })
  await http.json({ path: '/' }, forever)
  await http.json({ path: '/' }, forever)
  expect(asked).toEqual(['GET', 'GET', 'GET'])
  await expect(http.json({ method: 'POST', path: '/', body: {} }, forever)).rejects.toMatchObject({
    failure: 'unreachable',
  })
  expect(asked).toEqual(['GET', 'GET', 'GET', 'POST'])
})

test('a bound that is met exactly is no fault, one byte more is', async () => {
  const url = await serve((request, response) => void response.end('x'.repeat(Number(request.url!.slice(1)))))
  const http = open(url, { mostBytes: 1_000 })
  expect((await http.send({ path: '1000' }, forever)).text).toHaveLength(1_000)
  await expect(http.send({ path: '1001' }, forever)).rejects.toMatchObject({ failure: 'bad' })
})
