/**
 * Operations over Server-Sent Events, in the distinct connections mode of graphql-sse, for those whose proxies know no WebSocket. As on a WebSocket a message is sent when the
 * one before it has left, many who ask the same are told the same, and who takes nothing for too long is let go.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ExecutionResult } from 'graphql'
import { PlenumError } from '../errors.ts'
import type { Session, Tokens } from '../token/index.ts'
import { bytesOfAnswer } from './answer.ts'
import type { PerToken } from './per-token.ts'
import type { Line, SharedAnswer } from './subscription/shared-answer.ts'

export const eventStream = 'text/event-stream'

export const asksForStream = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').split(',').some((type) => type.trim().split(';', 1)[0] === eventStream)

const keepAliveMs = 12_000
const mostWaiting = 64 * 1024
const longestTimerMs = 2 ** 31 - 1

export interface EventStreamsOptions {
  tokens: Tokens
  operations: PerToken
  stallSeconds: number
}

/** Those that are open: they end with their token, and with the process. */
export class EventStreams {
  readonly #options: EventStreamsOptions
  readonly #open = new Map<EventStream, Session>()
  readonly #stopListening: () => void
  /** Revoked while this process lives: a request that logged in before may open its stream afterwards. */
  readonly #revoked = new Set<number>()

  constructor(options: EventStreamsOptions) {
    this.#options = options
    this.#stopListening = options.tokens.onRevoked((tokenId) => {
      this.#revoked.add(tokenId)
      for (const [stream, { viewer }] of this.#open) if (viewer.tokenId === tokenId) stream.end()
    })
  }

  get count(): number {
    return this.#open.size
  }

  /** Throws the limit that it would be above. `ended` is called when it is over, whoever ended it. */
  open(reply: FastifyReply, session: Session, ended: () => void): EventStream {
    const { operations, stallSeconds } = this.#options
    const { tokenId } = session.viewer
    if (this.#revoked.has(tokenId)) throw new PlenumError('UNAUTHENTICATED', 'The token was revoked')
    const refused = operations.begin(tokenId)
    if (refused !== undefined) throw refused
    const stream = new EventStream(reply, stallSeconds * 1_000, session.expiresAt)
    this.#open.set(stream, session)
    const left = session.expiresAt === null ? longestTimerMs : session.expiresAt - Date.now()
    const expiry = setTimeout(() => stream.end(), Math.min(left, longestTimerMs))
    reply.raw.once('close', () => {
      clearTimeout(expiry)
      this.#open.delete(stream)
      operations.end(tokenId)
      ended()
    })
    return stream
  }

  close(): void {
    this.#stopListening()
    for (const stream of this.#open.keys()) stream.end()
  }
}

export class EventStream implements Line {
  readonly #response: ServerResponse
  readonly #stallMs: number
  readonly #keepAlive: NodeJS.Timeout
  readonly #expiresAt: number | null

  constructor(reply: FastifyReply, stallMs: number, expiresAt: number | null) {
    this.#stallMs = stallMs
    this.#expiresAt = expiresAt
    this.#response = reply.raw
    const headers = reply.getHeaders()
    reply.hijack()
    this.#response.writeHead(200, {
      ...headers,
      'content-type': `${eventStream}; charset=utf-8`,
      'cache-control': 'no-cache, no-transform',
      // nginx would gather what it is sent.
      'x-accel-buffering': 'no',
    } as Record<string, string>)
    // Something at once, so that whoever waits knows that it is open.
    this.#response.write(':\n\n')
    this.#keepAlive = setInterval(() => this.#ping(), keepAliveMs)
    this.#response.once('close', () => clearInterval(this.#keepAlive))
  }

  #ping(): void {
    // Also where the clock was set forwards while the timer ran.
    if (this.#expiresAt !== null && this.#expiresAt <= Date.now()) return this.end()
    if (this.#response.writableLength === 0) this.#response.write(':\n\n')
  }

  /** Resolves when it has left for the kernel. A reader that takes none for long is cut off: it goes on from its last cursor. */
  next(result: ExecutionResult): Promise<void> {
    return this.#write(toEvent(bytesOfAnswer(result)))
  }

  send(answers: readonly SharedAnswer[]): boolean {
    if (this.#response.destroyed) return true
    if (this.#response.writableLength > mostWaiting) return false
    const events = answers.map((answer) => answer.as('event', toEvent))
    this.#response.write(events.length === 1 ? events[0]! : Buffer.concat(events))
    return true
  }

  #write(bytes: Buffer): Promise<void> {
    const response = this.#response
    if (response.destroyed || response.writableEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const stalled = setTimeout(() => response.destroy(), this.#stallMs)
      const done = (): void => {
        clearTimeout(stalled)
        response.off('close', done)
        resolve()
      }
      response.once('close', done)
      response.write(bytes, done)
    })
  }

  /** `isComplete`: the operation is over; otherwise it may be gone on with elsewhere. */
  end(isComplete = false): void {
    if (this.#response.writableEnded) return
    this.#response.end(isComplete ? 'event: complete\ndata: \n\n' : undefined)
  }
}

const head = Buffer.from('event: next\ndata: ')
const tail = Buffer.from('\n\n')
const toEvent = (json: Buffer): Buffer => Buffer.concat([head, json, tail])
