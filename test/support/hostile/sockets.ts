/** WebSockets that do not keep to the protocol, or would keep the server busy. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { login, open, say, type Hostile, type Opened, type Target } from './target.ts'

const subscribe = (id: string, query: string) => ({ id, type: 'subscribe', payload: { query } })
const following = 'subscription { events { type } }'

/** What the socket is closed with after `act`. */
const closing =
  (
    act: (opened: Opened, target: Target) => unknown,
    begin: (target: Target) => Promise<Opened> = open,
  ): Hostile['send'] =>
  async (target) => {
    const opened = await begin(target)
    await act(opened, target)
    const code = await opened.closed
    return code
  }

/** The code of the error that an operation ends with. */
const failing =
  (act: (opened: Opened) => void, id: string): Hostile['send'] =>
  async (target) => {
    const opened = await login(target)
    act(opened)
    const { payload } = await opened.message((one) => one.id === id && one.type === 'error')
    opened.socket.terminate()
    return `error ${payload[0].extensions.code}`
  }

const refusedAt =
  (headers: Record<string, string>, path?: string): Hostile['send'] =>
  (target) =>
    open(target, headers, path).then(
      ({ socket }) => (socket.terminate(), 'opened'),
      (error: Error) => error.message,
    )

/** Bytes after a handshake by hand: the code of the close frame that comes back. */
const bytes =
  (...frames: Buffer[]): Hostile['send'] =>
  ({ url }) => {
    const { hostname, port, host } = new URL(url)
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = connect(Number(port), hostname)
    let got = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      const end = got.indexOf('\r\n\r\n')
      if (end === -1) return
      if (got.length === end + 4) return frames.forEach((frame) => socket.write(frame))
      const frame = got.subarray(end + 4)
      if (frame[0] === 0x88 && frame.length >= 4) resolve(`closed ${frame.readUInt16BE(2)}`)
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve('cut off'))
    const lines = [
      'GET /graphql HTTP/1.1',
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return promise
  }

/** A frame with a mask of zeros. */
const frame = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])

export const sockets = (limits: {
  sockets: number
  subscriptions: number
  waiting: number
}): readonly Hostile[] => {
  const all: readonly [string, string, Hostile['send']][] = [
    ['another path', 'refused 404', refusedAt({}, '/elsewhere')],
    ['a page of another site', 'refused 403', refusedAt({ origin: 'https://evil.example' })],
    ['no protocol of ours', 'closed 4406', async (target) => (await open(target, {}, '/graphql', '')).closed],
    ['an operation before the login', 'closed 4401', closing((it) => say(it, subscribe('1', '{ cursor }')))],
    ['a login without a token', 'closed 4403', closing((it) => say(it, { type: 'connection_init' }))],
    [
      'a login with a token that nobody made',
      'closed 4403',
      closing((it) =>
        say(it, { type: 'connection_init', payload: { authorization: 'Bearer plenum_nobody' } }),
      ),
    ],
    [
      'a login with a token that is no text',
      'closed 4403',
      closing((it) => say(it, { type: 'connection_init', payload: { authorization: { toString: 1 } } })),
    ],
    [
      'a login with a JWT that has expired',
      'closed 4403',
      closing(async (it, { issuer }) =>
        say(it, {
          type: 'connection_init',
          payload: { authorization: `Bearer ${await issuer.sign({ exp: 1_000 })}` },
        }),
      ),
    ],
    [
      'a second login',
      'closed 4429',
      closing((it) => say(it, { type: 'connection_init', payload: {} }), login),
    ],
    ['what is no JSON', 'closed 4400', closing((it) => say(it, 'hello'), login)],
    ['what is no message', 'closed 4400', closing((it) => say(it, { type: 'everything' }), login)],
    [
      'a message nested ten thousand deep',
      'closed 4400',
      closing((it) => say(it, '['.repeat(10_000)), login),
    ],
    ['a message above the limit', 'closed 1009', closing((it) => say(it, 'x'.repeat(1_100_000)), login)],
    [
      'the same id twice',
      'closed 4409',
      closing((it) => [say(it, subscribe('1', following)), say(it, subscribe('1', following))], login),
    ],
    ['a frame that is no UTF-8', 'closed 1007', bytes(frame(0x81, Buffer.from([0xff, 0xfe])))],
    ['a frame without a mask', 'closed 1002', bytes(Buffer.from([0x81, 0x01, 0x41]))],
    ['a frame that says it is compressed', 'closed 1002', bytes(frame(0xc1, Buffer.from('AA')))],
    ['a frame of an operation that is not there', 'closed 1002', bytes(frame(0x83, Buffer.from('A')))],
    [
      'a frame that says it has an exabyte',
      'closed 1009',
      bytes(Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
    ],
    [
      'a document deeper than the limit',
      'error LIMIT_EXCEEDED',
      failing(
        (it) =>
          say(
            it,
            subscribe('d', `{ sites ${'{ nodes { racks '.repeat(40)}{ totalCount }${' } }'.repeat(40)} }`),
          ),
        'd',
      ),
    ],
    [
      'a subscription with two roots',
      'error INVALID_INPUT',
      failing(
        (it) => say(it, subscribe('r', 'subscription { events { type } resourceChanged { cursor } }')),
        'r',
      ),
    ],
    [
      'a cursor of another world',
      'error INVALID_INPUT',
      failing((it) => say(it, subscribe('c', 'subscription { events(after: "x") { type } }')), 'c'),
    ],
    [
      'more subscriptions than a token may have',
      'error LIMIT_EXCEEDED',
      failing((it) => {
        for (let index = 0; index <= limits.subscriptions; index++) say(it, subscribe(`s${index}`, following))
      }, `s${limits.subscriptions}`),
    ],
    [
      'sockets that never log in',
      'refused 503',
      async (target) => {
        const idle = Array.from({ length: limits.waiting + 1 }, () => open(target))
        const told = await Promise.all(
          idle.map((one) =>
            one.then(
              () => 'open',
              (error: Error) => error.message,
            ),
          ),
        )
        for (const one of idle)
          await one.then(({ socket, closed }) => (socket.terminate(), closed)).catch(() => {})
        return told.find((one) => one !== 'open') ?? 'open'
      },
    ],
    [
      'more sockets than a token may have',
      'closed 4429',
      async (target) => {
        const some = Array.from({ length: limits.sockets + 1 }, () => login(target))
        const codes = await Promise.all(
          some.map((one) =>
            one.then(
              () => 'open',
              (error: Error) => error.message,
            ),
          ),
        )
        for (const one of some) await one.then(({ socket }) => socket.terminate()).catch(() => {})
        return codes.find((code) => code !== 'open') ?? 'open'
      },
    ],
  ]
  return all.map(([name, due, send]) => ({ name, due, send }))
}
