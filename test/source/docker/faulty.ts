/** Stands before a real engine: passes requests on, and fails before or after their effect, or serves them late, as it is told to. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fault } from '../openstack/tenant.ts'

export interface Faulty {
  url: string
  /** By method and what is done: `POST create`, `POST start`, `DELETE`; with a number only from the so-manieth such request on: `POST create 2`. */
  readonly faults: Map<string, Fault>
  /** What was asked to be changed, in order. */
  readonly changes: string[]
  /** What was to be served late is served now. */
  deliver(): Promise<void>
  close(): Promise<void>
}

interface Passed {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export async function startFaulty(socketPath: string): Promise<Faulty> {
  const faults = new Map<string, Fault>()
  const changes: string[] = []
  const late: (() => Promise<Passed>)[] = []
  const faultOf = (what: string): Fault | undefined => {
    const count = changes.filter((one) => one === what).length
    for (let from = count; from >= 0; from--) {
      const name = from === 0 ? what : `${what} ${from}`
      const fault = faults.get(name)
      if (fault === undefined) continue
      if (fault.endsWith('once')) faults.delete(name)
      return fault
    }
    return undefined
  }
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const pass = () => passOn(socketPath, incoming, Buffer.concat(chunks))
    const what = changeOf(incoming)
    if (what !== undefined) changes.push(what)
    const fault = what === undefined ? undefined : faultOf(what)
    if (fault?.startsWith('before')) {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"it is ill"}')
    } else if (fault === 'late') {
      late.push(pass)
      response.destroy()
    } else {
      const { status, headers, body } = await pass()
      if (fault?.startsWith('after')) response.destroy()
      else response.writeHead(status, headers).end(body)
    }
  }
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ faults, changes },
    async deliver() {
      for (const one of late.splice(0)) await one()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Undefined: it only reads. */
function changeOf({ method, url }: IncomingMessage): string | undefined {
  const path = url!.split('?')[0]!
  if (method === 'DELETE') return method
  return method === 'POST' ? `POST ${path.split('/').at(-1)}` : undefined
}

function passOn(
  socketPath: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<Passed> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, method, path: url, headers: { ...headers, host: 'localhost' }, agent: false },
      async (answer) => {
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk as Buffer)
        const { 'transfer-encoding': _, ...rest } = answer.headers
        resolve({ status: answer.statusCode!, headers: rest, body: Buffer.concat(chunks) })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
