/** An HTTP server before a fake: lets through what it is asked, or is ill in the ways that neighbours over HTTP can be. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { certificate, certificateKey } from '../../support/certificate.ts'
import type { Illness } from './twin.ts'

export interface Front {
  url: string
  be(illness: Illness | 'well', after?: number): void
  answered(): number
  writes(): readonly string[]
  /** Requests that came to somebody else. */
  strayed(): number
  connections(): Promise<number>
  close(): Promise<void>
}

export interface FrontOptions {
  answer(request: IncomingMessage, response: ServerResponse): void
  /** Whether a request that is no GET is a login, or only asks. */
  isHarmless?(request: IncomingMessage): boolean
  /** Called with the address, when it changes: TLS is another port. */
  onUrl?(url: string): void
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const ill: Record<Exclude<Illness, 'certificate' | 'elsewhere'>, Answer> = {
  midway: (_, response) => void response.writeHead(500).end('{"error":"no"}'),
  garbage: (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x22])),
  shape: (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"count":7,"results":[null,[],"x",{"id":"7"}]}'),
  hang: () => {},
  drip(_, response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  },
  large(_, response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    const chunk = Buffer.alloc(1_048_576, ' ')
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pour)
    pour()
  },
  cut(_, response) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"count": 1, "results": [')
    setImmediate(() => response.destroy())
  },
  circle: (request, response) => void response.writeHead(302, { location: request.url! }).end(),
  echo: (request, response) =>
    void response
      .writeHead(500, JSON.stringify(request.headers).replace(/[^\x20-\x7e]/g, ''))
      .end(JSON.stringify(request.headers)),
}

export async function startFront({ answer, isHarmless = () => false, onUrl }: FrontOptions): Promise<Front> {
  let illness: Illness | 'well' = 'well'
  let after = 0
  let answered = 0
  const writes: string[] = []
  const handle: Answer = (request, response) => {
    if (!['GET', 'HEAD'].includes(request.method!) && !isHarmless(request))
      writes.push(`${request.method} ${request.url}`)
    if (illness === 'well' || illness === 'certificate' || answered < after) {
      answered += 1
      return answer(request, response)
    }
    if (illness === 'elsewhere')
      return void response.writeHead(302, { location: `${urlOf(stranger, 'http')}/` }).end()
    return ill[illness](request, response)
  }
  let strayed = 0
  const stranger = await listen(createServer((_, response) => void (strayed++, response.end('{}'))))
  const plain = await listen(createServer(handle))
  const tls = await listen(createTlsServer({ cert: certificate, key: certificateKey }, handle))
  const urlOf = (server: Server, scheme: string) =>
    `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const front: Front = {
    url: urlOf(plain, 'http'),
    be(next, from = 0) {
      illness = next
      after = from
      answered = 0
      front.url = next === 'certificate' ? urlOf(tls, 'https') : urlOf(plain, 'http')
      onUrl?.(front.url)
    },
    answered: () => answered,
    writes: () => writes,
    strayed: () => strayed,
    connections: async () => (await count(plain)) + (await count(tls)),
    async close() {
      for (const server of [plain, tls, stranger]) {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      }
    },
  }
  return front
}

async function listen<S extends Server>(server: S): Promise<S> {
  server.on('tlsClientError', () => {})
  server.on('clientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const count = (server: Server): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, many) => (error ? reject(error) : resolve(many))),
  )
