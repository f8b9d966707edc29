/**
 * GraphQL over WebSocket at /graphql (graphql-transport-ws). A message is sent when the one before it has left, so that a slow client slows
 * its own subscriptions and nobody else's.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { createStandIn, type Answer } from './answer.ts'
import { answerTooLarge } from './apollo.ts'
import { formatError } from './format-error.ts'
import { toRequestId } from './request.ts'
import { socketHooks } from './socket-operation.ts'
import type { SocketOptions } from './socket-operation.ts'
import { createSockets, longestReason } from './sockets.ts'
import type { Socket, Sockets } from './sockets.ts'

/** Serves on `server`'s upgrades until closed; closing tells every client that we go away. */
export function startWebSocket(server: Server, options: SocketOptions): Pick<Sockets, 'counts' | 'close'> {
  const { config, door, nouns, log } = options
  const wss = new WebSocketServer({ noServer: true, maxPayload: config.limits.messageBytes, handleProtocols })
  const sockets = createSockets(nouns.tokens, config.limits, options.operations)
  const { standIn, restore } = createStandIn()
  const protocol = makeServer({
    ...socketHooks(options, sockets),
    onNext: (_connection, _id, _payload, _args, result) => standIn(result as Answer) as never,
  })
  server.on('upgrade', onUpgrade)

  function onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', (error) => log.info({ err: error }, 'a connection broke while upgrading'))
    if (request.url?.split('?', 1)[0] !== '/graphql') {
      return refuse(stream, '404 Not Found')
    }
    if (!door.mayConnect(request)) {
      log.info({ origin: request.headers.origin }, 'a WebSocket from a page of another origin was refused')
      return refuse(stream, '403 Forbidden')
    }
    if (sockets.waiting >= config.limits.socketsWaiting) return refuse(stream, '503 Service Unavailable')
    wss.handleUpgrade(request, stream, head, (webSocket) => attach(webSocket, request))
  }

  function attach(webSocket: WebSocket, request: IncomingMessage): void {
    const socket = sockets.open(webSocket, request.socket)
    webSocket.on('error', (error) => log.info({ reason: error.message }, 'a WebSocket broke'))
    const fail = (error: unknown): void => {
      log.error({ err: error }, 'a WebSocket message failed')
      webSocket.close(CloseCode.InternalServerError, 'Internal server error')
    }
    const closed = protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (data) => sendWithin(socket, restore(data)),
        close: (code, reason) => webSocket.close(code, reason?.slice(0, longestReason)),
        onMessage: (take) => webSocket.on('message', (data) => void take(String(data)).catch(fail)),
      },
      { socket, webSocket, request, address: door.addressOf(request) },
    )
    webSocket.once('close', (code, reason) => {
      socket.ended()
      closed(code, String(reason)).catch(fail)
    })
  }

  /** A message that is too large ends its operation with an error that says so. */
  async function sendWithin(socket: Socket, data: string): Promise<void> {
    const { answerBytes } = config.limits
    if (data.length <= answerBytes) return socket.send(data)
    const { id } = JSON.parse(data) as { id: string }
    const error = formatError(answerTooLarge(data.length, answerBytes), {
      requestId: toRequestId(undefined),
      log,
    })
    await socket.send(JSON.stringify({ id, type: 'error', payload: [error] }))
    socket.running.get(id)?.()
  }

  return {
    counts: sockets.counts,
    async close() {
      server.off('upgrade', onUpgrade)
      await sockets.close()
      wss.close()
    },
  }
}

const refuse = (stream: Duplex, status: string): void => {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
