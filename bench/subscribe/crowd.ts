/**
 * Many subscribers in a process of its own: plain sockets that speak as much of RFC 6455 and graphql-transport-ws as it takes, so that reading costs little beside what is measured.
 *   node crowd.ts PORT COUNT TOKEN QUERY
 * Says `ready` when all are subscribed; each message from then on is counted; `tell` makes it tell and begin anew.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

const [port, count, token, query] = process.argv.slice(2) as [string, string, string, string]
/** Latencies are read from so many of them. */
const sampled = 50

let messages = 0
let latencies: number[] = []
const mark = Buffer.from('sentAt=')

/** Frames of clients are masked; a mask of zeros leaves what it covers. */
function toFrame(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  const head = Buffer.alloc(8)
  head.set([0x81, 0x80 | 126])
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

interface Reader {
  /** Bytes of the frame under way that are still to come. */
  left: number
  rest: Buffer
}

/** Counts the frames of a piece of the stream; what a head is cut from waits. */
function take(reader: Reader, piece: Buffer, each: (body: Buffer) => void): void {
  let data = reader.rest.length > 0 ? Buffer.concat([reader.rest, piece]) : piece
  for (;;) {
    if (data.length < 2) break
    const short = data[1]! & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (data.length < head) break
    const length =
      short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
    if (data.length < head + length) break
    each(data.subarray(head, head + length))
    data = data.subarray(head + length)
  }
  reader.rest = data.length > 0 ? Buffer.from(data) : data
}

function open(index: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  socket.on('error', reject)
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  )
  const reader: Reader = { left: 0, rest: Buffer.alloc(0) }
  let state: 'upgrading' | 'acknowledging' | 'following' = 'upgrading'
  socket.on('data', (piece) => {
    if (state === 'upgrading') {
      if (!piece.includes('101 Switching')) return void reject(new Error(String(piece)))
      state = 'acknowledging'
      socket.write(toFrame({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
      return
    }
    take(reader, piece, (body) => {
      if (state === 'following') return note(index, body)
      if (!body.includes('connection_ack')) return
      state = 'following'
      socket.write(toFrame({ id: '1', type: 'subscribe', payload: { query } }))
      resolve(socket)
    })
  })
  return promise
}

function note(index: number, body: Buffer): void {
  messages++
  if (index % sampled !== 0) return
  const at = body.indexOf(mark)
  if (at < 0) return
  const sentAt = Number.parseFloat(body.toString('latin1', at + mark.length, at + mark.length + 20))
  latencies.push(performance.timeOrigin + performance.now() - sentAt)
}

const sockets: Socket[] = []
for (let index = 0; index < Number(count); index += 100)
  sockets.push(
    ...(await Promise.all(
      Array.from({ length: Math.min(100, Number(count) - index) }, (_, more) => open(index + more)),
    )),
  )
process.send!('ready')
process.on('message', () => {
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN
  process.send!({ messages, p50Ms: at(0.5), p99Ms: at(0.99) })
  messages = 0
  latencies = []
})
process.on('disconnect', () => {
  for (const socket of sockets) socket.destroy()
  process.exit()
})
