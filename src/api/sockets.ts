/**
 * The open WebSockets: whose they are, how many a token may have, and when they must end: a token revoked (4401) or expired (4403),
 * a peer that is gone, a reader that takes nothing for too long, the process going down (1001).
 */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { limitExceeded } from '../errors.ts'
import type { PlenumError } from '../errors.ts'
import type { Session, Tokens } from '../token/index.ts'
import type { ApiLimits } from './config.ts'
import { createShare } from './frame.ts'
import type { PerToken } from './per-token.ts'
import type { SharedAnswer } from './subscription/shared-answer.ts'

export const closeCodes = {
  unauthorized: 4401,
  forbidden: 4403,
  tooMany: 4429,
  slow: 4408,
  goingAway: 1001,
} as const
/** Longest reason in bytes that a close frame can carry. */
export const longestReason = 123

const pingIntervalMs = 12_000
const closeGraceMs = 2_000
const longestTimerMs = 2 ** 31 - 1

export interface Socket {
  /** Resolves when the message has left for the kernel. A reader that takes none for long is closed. */
  send(data: string): Promise<void>
  /** Sends what many are told to its operation `id`. False: it still has something to take, and nothing was sent. */
  share(id: string, answers: readonly SharedAnswer[]): boolean
  session: Session | undefined
  /** What runs on it: by the operation's id, the way to end it. */
  readonly running: Map<string, () => void>
  /** To be called when it is closed. */
  ended(): void
}

export interface Sockets {
  /** Sockets that have not logged in yet. */
  readonly waiting: number
  open(webSocket: WebSocket, stream: Duplex): Socket
  /** Makes the socket the session's; says why not when the token has too many. */
  login(socket: Socket, session: Session): PlenumError | undefined
  /** Counts one more operation of the socket's token; says why not. */
  begin(socket: Socket): PlenumError | undefined
  end(socket: Socket): void
  counts(): SocketCounts
  close(): Promise<void>
}

export interface SocketCounts {
  sockets: number
  operations: number
}

interface Entry extends Socket {
  webSocket: WebSocket
  alive: boolean
  expiry: NodeJS.Timeout | undefined
}

export function createSockets(tokens: Tokens, limits: ApiLimits, operations: PerToken): Sockets {
  const entries = new Set<Entry>()
  const waiting = new Set<Socket>()
  const stopListening = tokens.onRevoked((tokenId) => {
    for (const entry of ofToken(tokenId))
      entry.webSocket.close(closeCodes.unauthorized, 'The token was revoked')
  })
  const pinging = setInterval(() => entries.forEach(ping), pingIntervalMs)
  pinging.unref()

  const ofToken = (tokenId: number) =>
    [...entries].filter(({ session }) => session?.viewer.tokenId === tokenId)

  return {
    get waiting() {
      return waiting.size
    },
    open(webSocket, stream) {
      const entry: Entry = {
        webSocket,
        alive: true,
        expiry: undefined,
        session: undefined,
        running: new Map(),
        send: (data) => send(webSocket, data, limits.stallSeconds * 1_000),
        share: createShare(webSocket, stream),
        ended() {
          entries.delete(entry)
          waiting.delete(entry)
          clearTimeout(entry.expiry)
          for (const end of [...entry.running.values()]) end()
        },
      }
      webSocket.on('pong', () => (entry.alive = true))
      entries.add(entry)
      waiting.add(entry)
      return entry
    },
    login(socket, session) {
      const open = ofToken(session.viewer.tokenId).length
      if (open >= limits.socketsPerToken) {
        return limitExceeded(
          'socketsPerToken',
          limits.socketsPerToken,
          'This token has too many WebSockets',
          open + 1,
        )
      }
      socket.session = session
      waiting.delete(socket)
      expire(socket as Entry, session.expiresAt)
      return undefined
    },
    begin: ({ session }) => operations.begin(session?.viewer.tokenId ?? 0),
    end: ({ session }) => operations.end(session?.viewer.tokenId ?? 0),
    counts: () => ({
      sockets: entries.size,
      operations: operations.total,
    }),
    async close() {
      clearInterval(pinging)
      stopListening()
      await Promise.all([...entries].map(({ webSocket }) => goAway(webSocket)))
    },
  }
}

function ping(entry: Entry): void {
  // Also where the clock was set forwards while the timer ran.
  if (isExpired(entry)) return entry.webSocket.close(closeCodes.forbidden, 'The token expired')
  if (!entry.alive) return entry.webSocket.terminate()
  entry.alive = false
  if (entry.webSocket.readyState === entry.webSocket.OPEN) entry.webSocket.ping()
}

const isExpired = ({ session }: Entry): boolean =>
  session?.expiresAt != null && session.expiresAt <= Date.now()

function expire(entry: Entry, expiresAt: number | null): void {
  if (expiresAt === null) return
  const left = expiresAt - Date.now()
  if (left <= 0) return entry.webSocket.close(closeCodes.forbidden, 'The token expired')
  entry.expiry = setTimeout(() => expire(entry, expiresAt), Math.min(left, longestTimerMs))
  entry.expiry.unref()
}

function send(webSocket: WebSocket, data: string, stallMs: number): Promise<void> {
  if (webSocket.readyState !== webSocket.OPEN) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const stalled = setTimeout(() => {
      webSocket.close(closeCodes.slow, 'Too slow: go on from your last cursor')
      webSocket.terminate()
    }, stallMs)
    webSocket.send(data, (error) => {
      clearTimeout(stalled)
      // Who hangs up while we send has ended its operations by that.
      if (error && webSocket.readyState === webSocket.OPEN) reject(error)
      else resolve()
    })
  })
}

async function goAway(webSocket: WebSocket): Promise<void> {
  if (webSocket.readyState === webSocket.CLOSED) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => webSocket.terminate(), closeGraceMs)
    webSocket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    webSocket.close(closeCodes.goingAway, 'Going away')
  })
}
