/**
 * The v1/v2c client: one socket an address family, one timer, any number of targets. Every request ends exactly once, with an answer or
 * an SnmpError; what is received is checked before anybody sees it, and what fails a check is dropped and counted by its reason.
 */
import { randomFillSync } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import { Answer, type DropReason } from './answer.ts'
import { AbortGroups } from './abort.ts'
import { checkAnswer, mismatch } from './check.ts'
import { zeroCounters, type SnmpCounters } from './counter.ts'
import { SnmpError, type SnmpFailure } from './error.ts'
import { messages } from './message.ts'
import { Exchange, type Asker } from './exchange.ts'
import { TargetQueue } from './queue.ts'
import { encodeRequest, maxAnswerVarbinds, maxRequestId, minRequestId, type Request } from './request.ts'
import { SharedSocket } from './socket.ts'
import { errorStatus, pdu } from './tag.ts'
import { Target, type TargetOptions } from './target.ts'
import { startWheel, type Wheel } from './wheel.ts'

export interface SnmpClientOptions {
  /** Requests out at once, over all targets. Default 1,024. */
  maxInFlight?: number
  /** Requests that may wait for their turn; more fail with `overload`. Default 100,000. */
  maxWaiting?: number
  /** Time for a request in all, waiting for its turn and retransmissions included. Default 30,000. */
  deadlineMs?: number
  tickMs?: number
}

export interface SnmpClient {
  readonly counters: Readonly<SnmpCounters>
  target(options: TargetOptions): Target
  /** Calls one of the asker's two functions once, never before `send` has returned. */
  send(target: Target, request: Request, asker: Asker, signal?: AbortSignal, deadlineMs?: number): void
  /** Fails all that is under way with `closed`. */
  close(): Promise<void>
}

/** Rejects with SnmpError `socket` when no socket can be opened. */
export async function startSnmpClient(options: SnmpClientOptions = {}): Promise<SnmpClient> {
  const client = new Client(options)
  await client.open()
  return client
}

class Client implements SnmpClient {
  readonly counters = zeroCounters()
  readonly #maxInFlight: number
  readonly #maxWaiting: number
  readonly #deadlineMs: number
  readonly #wheel: Wheel<Exchange>
  readonly #pending = new Map<number, Exchange>()
  readonly #queue = new TargetQueue()
  readonly #aborts = new AbortGroups((group) => this.#failAll(group, 'aborted'))
  readonly #answer = new Answer()
  readonly #sockets: Record<4 | 6, SharedSocket>
  readonly #randoms = new Uint32Array(256)
  #nextRandom = 256
  #closed = false
  #paused = false

  constructor(options: SnmpClientOptions) {
    this.#maxInFlight = options.maxInFlight ?? 1_024
    this.#maxWaiting = options.maxWaiting ?? 100_000
    this.#deadlineMs = options.deadlineMs ?? 30_000
    this.#wheel = startWheel<Exchange>({ tickMs: options.tickMs ?? 10, expired: (one) => this.#expired(one) })
    const socket = (family: 4 | 6) =>
      new SharedSocket(
        family,
        (bytes, from) => this.#received(bytes, from),
        (error) => this.#socketFailed(family, error),
      )
    this.#sockets = { 4: socket(4), 6: socket(6) }
  }

  async open(): Promise<void> {
    try {
      await this.#sockets[4].open()
    } catch (error) {
      throw new SnmpError('socket', 'no UDP socket could be opened', { cause: error })
    }
  }

  target(options: TargetOptions): Target {
    return new Target(options)
  }

  send(target: Target, request: Request, asker: Asker, signal?: AbortSignal, deadlineMs?: number): void {
    const now = performance.now()
    const exchange = new Exchange(target, request, asker, now + (deadlineMs ?? this.#deadlineMs), signal)
    const { counters } = this
    const refusal: SnmpFailure | null = this.#closed
      ? 'closed'
      : signal?.aborted === true
        ? 'aborted'
        : counters.waiting >= this.#maxWaiting
          ? 'overload'
          : null
    if (refusal !== null) {
      exchange.state = 'done'
      queueMicrotask(() => asker.failed(new SnmpError(refusal, messages[refusal](exchange))))
      return
    }
    counters.requests++
    if (signal !== undefined) this.#aborts.add(signal, exchange)
    if (counters.inFlight < this.#maxInFlight && target.inFlight < target.maxInFlight && !target.queued)
      return this.#start(exchange, now)
    counters.waiting++
    exchange.wakeAt = exchange.deadlineAt
    this.#wheel.add(exchange)
    this.#queue.add(exchange)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#failAll([...this.#pending.values(), ...this.#queue.all()], 'closed')
    this.#wheel.close()
    this.#sockets[4].close()
    this.#sockets[6].close()
  }

  #start(exchange: Exchange, now: number): void {
    exchange.state = 'sent'
    exchange.startedAt = now
    exchange.maxCount = maxAnswerVarbinds(exchange.request)
    exchange.target.inFlight++
    this.counters.inFlight++
    this.#register(exchange)
    this.#transmit(exchange, now)
  }

  #register(exchange: Exchange): void {
    do exchange.requestId = this.#drawId()
    while (this.#pending.has(exchange.requestId))
    this.#pending.set(exchange.requestId, exchange)
  }

  #transmit(exchange: Exchange, now: number): void {
    const { target } = exchange
    exchange.wakeAt = Math.min(exchange.deadlineAt, now + target.timeoutMs * 2 ** exchange.tries)
    exchange.tries++
    this.#wheel.add(exchange)
    this.counters.datagramsSent++
    const bytes = encodeRequest(target.version, target.community, exchange.requestId, exchange.request)
    this.#sockets[target.family].send(bytes, target.port, target.address, (error) => {
      if (error !== null && exchange.state === 'sent') {
        this.counters.sendErrors++
        this.#fail(exchange, 'send', error)
      }
    })
  }

  #received(bytes: Buffer, from: RemoteInfo): void {
    const { counters } = this
    counters.datagramsReceived++
    counters.bytesReceived += bytes.length
    const answer = this.#answer
    const unread = answer.parseHead(bytes)
    if (unread !== null) return void counters.dropped[unread]++
    const exchange = this.#pending.get(answer.requestId)
    if (exchange === undefined) return void counters.dropped.unknownRequest++
    const drop = mismatch(answer, exchange, from) ?? this.#parse(answer, exchange)
    if (drop === null) return this.#answered(exchange, answer)
    counters.dropped[drop]++
    exchange.dropped = drop
    // It is the agent's own answer and asking again gives the same: a walk would never end.
    if (drop === 'order') this.#fail(exchange, 'bad')
  }

  #parse(answer: Answer, exchange: Exchange): DropReason | null {
    return answer.parseVarbinds(exchange.maxCount) ?? checkAnswer(answer, exchange.request)
  }

  #answered(exchange: Exchange, answer: Answer): void {
    const { counters } = this
    const bulk = exchange.request.type === pdu.getBulk
    if (bulk && answer.errorStatus === errorStatus.tooBig && exchange.request.maxRepetitions > 1)
      return this.#askForLess(exchange)
    counters.answers++
    counters.varbinds += answer.count
    if (bulk) {
      if (exchange.tries === 1) exchange.target.grow()
      else this.#shrink(exchange.target)
    }
    this.#end(exchange)
    try {
      exchange.asker.answered(answer)
    } catch (error) {
      exchange.asker.failed(new SnmpError('consumer', 'an answer could not be used', { cause: error }))
    }
    this.#pump()
  }

  /** The same again with half the repetitions; without end it cannot go on, because halving ends at one. */
  #askForLess(exchange: Exchange): void {
    this.#shrink(exchange.target)
    this.#pending.delete(exchange.requestId)
    exchange.request = halved(exchange.request)
    exchange.tries = 0
    this.#register(exchange)
    this.#transmit(exchange, performance.now())
  }

  #shrink(target: Target): void {
    target.shrink()
    this.counters.shrinks++
  }

  #expired(exchange: Exchange): void {
    const now = performance.now()
    if (now >= exchange.deadlineAt) return this.#fail(exchange, 'deadline')
    if (exchange.tries > exchange.target.retries) return this.#fail(exchange, 'timeout')
    this.counters.retransmissions++
    // A long answer may be what gets lost.
    if (exchange.request.type === pdu.getBulk) exchange.request = halved(exchange.request)
    this.#transmit(exchange, now)
  }

  #socketFailed(family: 4 | 6, error: Error): void {
    this.counters.socketErrors++
    const all = [...this.#pending.values(), ...this.#queue.all()]
    this.#failAll(
      all.filter(({ target }) => target.family === family),
      'socket',
      error,
    )
  }

  /** Starts others only when all have failed: they would be others of the same lot. */
  #failAll(exchanges: readonly Exchange[], failure: SnmpFailure, cause?: unknown): void {
    this.#paused = true
    for (const exchange of exchanges) this.#fail(exchange, failure, cause)
    this.#paused = false
    this.#pump()
  }

  #fail(exchange: Exchange, failure: SnmpFailure, cause?: unknown): void {
    if (exchange.state === 'done') return
    if (failure === 'timeout') this.counters.timeouts++
    if (failure === 'deadline') this.counters.deadlines++
    if (failure === 'aborted') this.counters.aborts++
    this.#end(exchange)
    exchange.asker.failed(
      new SnmpError(failure, messages[failure](exchange), { dropped: exchange.dropped, cause }),
    )
    this.#pump()
  }

  #end(exchange: Exchange): void {
    if (exchange.state === 'sent') {
      this.#pending.delete(exchange.requestId)
      exchange.target.inFlight--
      this.counters.inFlight--
    } else {
      this.#queue.remove(exchange)
      this.counters.waiting--
    }
    exchange.state = 'done'
    this.#wheel.remove(exchange)
    if (exchange.signal !== undefined) this.#aborts.remove(exchange.signal, exchange)
    if (exchange.target.waiting.length > 0) this.#queue.ready(exchange.target)
  }

  #pump(): void {
    while (this.counters.inFlight < this.#maxInFlight && !this.#paused) {
      const exchange = this.#queue.take()
      if (exchange === null) return
      this.counters.waiting--
      this.#start(exchange, performance.now())
    }
  }

  #drawId(): number {
    if (this.#nextRandom === this.#randoms.length) {
      randomFillSync(this.#randoms)
      this.#nextRandom = 0
    }
    const random = this.#randoms[this.#nextRandom++] as number
    return minRequestId + (random % (maxRequestId - minRequestId + 1))
  }
}

const halved = (request: Request): Request => ({
  ...request,
  maxRepetitions: Math.max(1, request.maxRepetitions >> 1),
})
