/** A client that costs little, so that the machine's time goes to the servers: HTTP/1.1 kept alive on plain sockets, one request at a time on each. */
import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  body: Buffer
}

export interface Connection {
  ask(request: Buffer): Promise<Answer>
  close(): void
}

/** The bytes of a POST. */
export function toRequest(
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Buffer {
  const content = Buffer.from(JSON.stringify(body))
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(content.length),
    accept: 'application/json',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), content])
}

interface Pending {
  resolve: (answer: Answer) => void
  reject: (error: Error) => void
}

export async function openConnection(port: number): Promise<Connection> {
  let [socket, chunks, size] = [await dial(port), [] as Buffer[], 0]
  let pending: Pending | undefined
  let needed = 0
  const fail = (error: Error) => {
    pending?.reject(error)
    pending = undefined
  }
  const listen = () => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size < needed) return
      const all = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      const found = parseAnswer(all)
      if (typeof found === 'number') {
        ;[chunks, needed] = [[all], found]
        return
      }
      ;[chunks, size, needed] = [[], 0, 0]
      const { resolve } = pending!
      pending = undefined
      resolve(found)
    })
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the server hung up')))
  }
  listen()
  return {
    async ask(request) {
      if (socket.destroyed || socket.readableEnded) {
        socket = await dial(port)
        listen()
      }
      return await new Promise((resolve, reject) => {
        pending = { resolve, reject }
        socket.write(request)
      })
    },
    close: () => socket.destroy(),
  }
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** The whole answer, or how many bytes it needs at least. */
function parseAnswer(bytes: Buffer): Answer | number {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return bytes.length + 1
  const head = bytes.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length) {
    const total = end + 4 + Number(length[1])
    return bytes.length < total ? total : { status, body: bytes.subarray(end + 4, total) }
  }
  return parseChunks(bytes, end + 4, status)
}

function parseChunks(bytes: Buffer, start: number, status: number): Answer | number {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return bytes.length + 1
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (bytes.length < next) return next
    if (size === 0) return { status, body: Buffer.concat(parts) }
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = next
  }
}
