/** Sockets that syslog messages come in by: UDP, TCP and TLS. What they give is bytes of one message each, with who sent them. */
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Logger } from 'pino'
import type { SyslogConfig } from './config.ts'
import { FrameError, Frames } from './frame.ts'

export type Transport = 'udp' | 'tcp' | 'tls'
export type TakeMessage = (bytes: Uint8Array, sender: string, transport: Transport) => void

export interface Receiver {
  /** Where it listens. */
  readonly ports: Readonly<Partial<Record<Transport, number>>>
  readonly connections: number
  close(): Promise<void>
}

/** Who says nothing for so long is cut off. */
const idleMs = 3_600_000
const handshakeMs = 10_000

export async function startReceiver(config: SyslogConfig, take: TakeMessage, log: Logger): Promise<Receiver> {
  const closing: (() => Promise<void>)[] = []
  const close = async () => void (await Promise.all(closing.splice(0).map((end) => end())))
  const sockets = new Set<Socket>()
  const ports: Partial<Record<Transport, number>> = {}
  const serve = async (server: Server, transport: 'tcp' | 'tls', port: number) => {
    server.maxConnections = config.connections
    closing.push(() => closeServer(server, sockets))
    server.listen(port, config.host)
    await once(server, 'listening')
    server.on('error', (error) => log.warn({ err: error }, 'the syslog receiver cannot take a connection'))
    ports[transport] = (server.address() as AddressInfo).port
  }
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  const keep = (socket: Socket, transport: 'tcp' | 'tls') => {
    hold(socket)
    readStream(socket, transport, config.lineBytes, take, log)
  }
  try {
    if (config.udp !== undefined) {
      const socket = await listenUdp(config.host, config.udp, take, log)
      closing.push(async () => {
        socket.close()
        await once(socket, 'close')
      })
      ports.udp = socket.address().port
    }
    if (config.tcp !== undefined)
      await serve(
        createServer((socket) => keep(socket, 'tcp')),
        'tcp',
        config.tcp,
      )
    if (config.tls !== undefined)
      await serve(createSecure(config.tls, keep, hold, log), 'tls', config.tls.port)
  } catch (error) {
    await close()
    throw error
  }
  return {
    ports,
    get connections() {
      return sockets.size
    },
    close,
  }
}

/** Connections are held from before their handshake, so that they can be closed with the rest. */
function createSecure(
  { certificate, key, authorities }: NonNullable<SyslogConfig['tls']>,
  keep: (socket: Socket, transport: 'tls') => void,
  hold: (socket: Socket) => void,
  log: Logger,
): Server {
  const senders =
    authorities === undefined
      ? {}
      : { ca: readFileSync(authorities), requestCert: true, rejectUnauthorized: true }
  const server = createTlsServer(
    {
      cert: readFileSync(certificate),
      key: readFileSync(key),
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
      ...senders,
    },
    (socket) => keep(socket, 'tls'),
  )
  server.on('connection', hold)
  server.on('tlsClientError', (error, { remoteAddress }) =>
    log.debug({ err: error, sender: remoteAddress }, 'a sender of syslog could not be let in'),
  )
  return server
}

async function listenUdp(host: string, port: number, take: TakeMessage, log: Logger): Promise<Datagrams> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_194_304 })
  socket.on('message', (bytes, { address }) => take(bytes, toAddress(address), 'udp'))
  socket.bind(port, host)
  await once(socket, 'listening')
  socket.on('error', (error) => log.warn({ err: error }, 'the syslog receiver cannot read a datagram'))
  return socket
}

function readStream(
  socket: Socket,
  transport: 'tcp' | 'tls',
  lineBytes: number,
  take: TakeMessage,
  log: Logger,
): void {
  const sender = toAddress(socket.remoteAddress ?? '')
  const frames = new Frames(lineBytes)
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', (error) => log.debug({ err: error, sender }, 'a connection of syslog broke'))
  socket.on('data', (piece) => {
    try {
      for (const message of frames.read(piece)) take(message, sender, transport)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      log.debug({ err: error, sender }, 'what comes is no syslog: the connection is closed')
      socket.destroy()
    }
  })
  socket.on('end', () => {
    for (const message of frames.end()) take(message, sender, transport)
    socket.end()
  })
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await closed
}

/** IPv4 as such, and without the zone of a link. */
const toAddress = (text: string): string => text.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
