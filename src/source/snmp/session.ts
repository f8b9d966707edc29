/**
 * SNMP v3 (and SET) through npm net-snmp. Its answers are put into the flat form of the hot path and go through the same checks. Every
 * request has a deadline of its own here, because net-snmp's callbacks can get lost.
 */
import {
  Answer,
  checkAnswer,
  encodeOid,
  encodeContent,
  encodeInteger,
  encodeMessage,
  encodeVarbind,
  formatOid,
  maxAnswerVarbinds,
  pdu,
  SnmpError,
  tag,
  Target,
  type Asker,
  type Request,
} from './protocol/index.ts'
import * as netSnmp from './net-snmp.ts'
import type { Channel } from './reader.ts'
import { V3Sockets } from './v3-socket.ts'

export const authProtocols = ['MD5', 'SHA', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'] as const
export const privProtocols = ['DES', 'AES-128', 'AES-192', 'AES-256', 'AES-256-Cisco'] as const

export interface V3Credentials {
  user: string
  auth?: { protocol: (typeof authProtocols)[number]; password: string }
  /** Needs `auth`. */
  priv?: { protocol: (typeof privProtocols)[number]; password: string }
}

export interface V3Options {
  address: string
  port?: number
  credentials: V3Credentials
  context?: string
  /** Default 1,000, doubled with each of `retries` (2). */
  timeoutMs?: number
  retries?: number
  /** For one request in all; default 10,000. */
  deadlineMs?: number
}

export interface V3Session extends Channel {
  /** Sets values; rejects with SnmpError `refused` when the agent does not take them. */
  set(values: readonly SetValue[], signal?: AbortSignal): Promise<void>
  close(): void
}

export interface SetValue {
  oid: string
  type: number
  value: number | string | Buffer
}

export interface V3Client {
  open(options: V3Options): V3Session
  close(): void
}

export function startV3Client(): V3Client {
  const sockets = new V3Sockets()
  const sessions = new Set<Session>()
  return {
    open(options) {
      const session = new Session(options, sockets, () => sessions.delete(session))
      sessions.add(session)
      return session
    },
    close() {
      for (const session of sessions) session.close()
      sockets.close()
    },
  }
}

/** A request that is out or waits: one at a time, because each of several first ones would ask for the engine anew. */
interface Job {
  run(done: (error: Error | null, varbinds?: netSnmp.Varbind[] | netSnmp.Varbind[][]) => void): void
  answered(varbinds: netSnmp.Varbind[] | netSnmp.Varbind[][]): void
  failed(error: SnmpError): void
  signal: AbortSignal | undefined
}

class Session implements V3Session {
  readonly version = 3
  readonly #target: Target
  readonly #deadlineMs: number
  readonly #session: netSnmp.Session
  readonly #closed: () => void
  readonly #jobs: Job[] = []
  #busy = false
  #stop: ((error: SnmpError) => void) | null = null
  #open = true

  constructor(options: V3Options, sockets: V3Sockets, closed: () => void) {
    const { address, port = 161, timeoutMs = 1_000, retries = 2 } = options
    this.#target = new Target({ address, port, community: '', timeoutMs, retries })
    this.#deadlineMs = options.deadlineMs ?? 10_000
    this.#closed = closed
    const dgramModule = sockets.moduleFor(this.#target.address, port, this.#target.family)
    this.#session = netSnmp.openSession(this.#target.address, options.credentials, {
      port,
      retries,
      timeout: timeoutMs,
      backoff: 2,
      transport: this.#target.family === 4 ? 'udp4' : 'udp6',
      context: options.context ?? '',
      dgramModule,
    })
    // An undecodable datagram: dropped, the request waits on.
    this.#session.on('error', () => undefined)
    dgramModule.facade()?.on('broken', (error: Error) => {
      this.#stop?.(new SnmpError('socket', 'the UDP socket failed', { cause: error }))
    })
  }

  repetitions(columns: number): number {
    return this.#target.repetitions(columns)
  }

  send(request: Request, asker: Asker, signal?: AbortSignal): void {
    const oids = request.oids.map((oid) => formatOid(oid))
    this.#enqueue({
      signal,
      run: (done) => {
        if (request.type === pdu.get) this.#session.get(oids, done)
        else if (request.type === pdu.getNext) this.#session.getNext(oids, done)
        else this.#session.getBulk(oids, request.nonRepeaters, request.maxRepetitions, done)
      },
      answered: (varbinds) => this.#handOver(flat(varbinds), request, asker),
      failed: (error) => {
        if (error.status !== null) this.#handOver([], request, asker, error.status)
        else asker.failed(error)
      },
    })
  }

  set(values: readonly SetValue[], signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#enqueue({
        signal,
        run: (done) => this.#session.set([...values], done),
        answered: () => resolve(),
        failed: reject,
      }),
    )
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    const closed = () => new SnmpError('closed', 'the SNMP session is closed')
    for (const job of this.#jobs.splice(0)) job.failed(closed())
    this.#stop?.(closed())
    this.#session.close()
    this.#closed()
  }

  #handOver(varbinds: netSnmp.Varbind[], request: Request, asker: Asker, status = 0): void {
    try {
      const answer = toAnswer(varbinds, request, status)
      const drop = checkAnswer(answer, request)
      if (drop === null) {
        if (status === 0) this.#target.grow()
        else this.#target.shrink()
        return asker.answered(answer)
      }
      asker.failed(new SnmpError('bad', `the agent answers what cannot be right: ${drop}`, { dropped: drop }))
    } catch (error) {
      asker.failed(new SnmpError('consumer', 'an answer could not be used', { cause: error }))
    }
  }

  #enqueue(job: Job): void {
    if (this.#open) this.#jobs.push(job)
    else queueMicrotask(() => job.failed(new SnmpError('closed', 'the SNMP session is closed')))
    if (!this.#busy) queueMicrotask(() => this.#next())
  }

  #next(): void {
    const job = this.#busy ? undefined : this.#jobs.shift()
    if (job === undefined) return
    this.#busy = true
    let over = false
    const end = (then: () => void): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      job.signal?.removeEventListener('abort', abort)
      this.#busy = false
      this.#stop = null
      then()
      queueMicrotask(() => this.#next())
    }
    const fail = (error: SnmpError): void => end(() => job.failed(error))
    const abort = (): void => fail(new SnmpError('aborted', 'asking was cancelled'))
    const late = (): void => fail(new SnmpError('deadline', 'no answer before the deadline'))
    const timer = setTimeout(late, this.#deadlineMs)
    this.#stop = fail
    if (job.signal?.aborted === true) return abort()
    job.signal?.addEventListener('abort', abort)
    try {
      job.run((error, varbinds) => {
        if (error !== null) fail(netSnmp.toSnmpError(error))
        else end(() => job.answered(varbinds ?? []))
      })
    } catch (error) {
      fail(new SnmpError('send', 'nothing can be sent', { cause: error }))
    }
  }
}

/** net-snmp gives the repeated part of a GETBULK column by column; on the wire it is row by row. */
function flat(varbinds: netSnmp.Varbind[] | netSnmp.Varbind[][]): netSnmp.Varbind[] {
  const columns = varbinds.map((one) => (Array.isArray(one) ? one : [one]))
  const rows = Math.max(0, ...columns.map((column) => column.length))
  const list: netSnmp.Varbind[] = []
  for (let row = 0; row < rows; row++) for (const column of columns) list.push(...column.slice(row, row + 1))
  return list
}

function toAnswer(varbinds: netSnmp.Varbind[], request: Request, status: number): Answer {
  const bytes = encodeMessage({
    version: 3,
    community: new Uint8Array(0),
    type: pdu.response,
    requestId: 0,
    status,
    index: 0,
    varbinds: varbinds.map(({ oid, type, value }) =>
      encodeVarbind(encodeOid(oid), type, contentOf(type, value)),
    ),
  })
  const answer = new Answer()
  const drop = answer.parseHead(bytes) ?? answer.parseVarbinds(maxAnswerVarbinds(request))
  if (drop !== null) throw new SnmpError('bad', `an answer cannot be right: ${drop}`, { dropped: drop })
  return answer
}

function contentOf(type: number, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'number') return encodeInteger(type, BigInt(value))
  if (typeof value === 'string' && type !== tag.octetString) return encodeContent(type, value)
  return typeof value === 'string' ? Buffer.from(value) : new Uint8Array(0)
}
