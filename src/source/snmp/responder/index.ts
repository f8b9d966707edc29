/**
 * Thousands of SNMP agents in one process (v1 and v2c), each on its own loopback address or port, replaying recordings and templates:
 * for tests, load and the demo datacenter. It holds no device's secrets and listens only where it is told.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { Answer, encodeContent, encodeOid, errorStatus, pdu } from '../protocol/index.ts'
import { encodeStatus, respond } from './agent.ts'
import { AnswerCache } from './cache.ts'
import { spoil, type Fault } from './fault.ts'
import { Mib } from './mib.ts'
import type { RecordedValue } from './recording.ts'

export { parseRecording, type RecordedValue, type Recording } from './recording.ts'
export { Mib, rateOf } from './mib.ts'
export type { Fault } from './fault.ts'

export interface AgentOptions {
  /** Default 127.0.0.1. */
  address?: string
  /** Default 0: one that is free. */
  port?: number
  /** Default `public`. */
  community?: string
  mib: Mib
  /** Counters rise with time, each at the rate that `rateOf` gives. Default false. */
  moving?: boolean
  /** Default 1,472: what fits an Ethernet frame. */
  maxSizeBytes?: number
}

export interface Agent {
  readonly address: string
  readonly port: number
  /** Requests that came, whether they were answered or not. */
  readonly requests: number
  fault: Fault | null
  /** Another value at an OID that the agent's Mib has; it stands still. */
  set(oid: string, type: number, text: string): void
  /** Answers out of another Mib from now on; what was set is forgotten. */
  load(mib: Mib): void
  /** Sends a message of its own accord, such as a trap, from the address and port where it listens. */
  send(bytes: Uint8Array, to: { address: string; port: number }): void
  close(): Promise<void>
}

export interface Responder {
  add(options: AgentOptions): Promise<Agent>
  readonly agents: ReadonlySet<Agent>
  /** Since the start, in tenths: the time by which values move. */
  elapsedSeconds(): number
  close(): Promise<void>
}

export function startResponder(): Responder {
  const agents = new Set<LiveAgent>()
  const cache = new AnswerCache()
  const add = async (options: AgentOptions): Promise<Agent> => {
    const agent = new LiveAgent(options, cache, () => agents.delete(agent))
    await agent.open()
    agents.add(agent)
    return agent
  }
  return {
    add,
    agents,
    elapsedSeconds: () => cache.elapsedSeconds(),
    close: async () => {
      await Promise.all([...agents].map((agent) => agent.close()))
    },
  }
}

const maxAsked = 1_024
/** Parsing ends before answering begins, so all agents share one. */
const request = new Answer()

class LiveAgent implements Agent {
  readonly address: string
  readonly #options: AgentOptions
  readonly #community: Buffer
  readonly #socket: Socket
  readonly #own = new Map<number, RecordedValue>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #cache: AnswerCache
  readonly #closed: () => void
  #mib: Mib
  #stranger: Socket | null = null
  port: number
  requests = 0
  fault: Fault | null = null

  constructor(options: AgentOptions, cache: AnswerCache, closed: () => void) {
    this.#options = options
    this.#mib = options.mib
    this.#cache = cache
    this.#closed = closed
    this.address = options.address ?? '127.0.0.1'
    this.port = options.port ?? 0
    this.#community = Buffer.from(options.community ?? 'public')
    this.#socket = createSocket({
      type: isIPv6(this.address) ? 'udp6' : 'udp4',
      lookup: sameAddress as never,
    })
    this.#socket.on('message', (bytes, from) => this.#received(bytes, from.port, from.address))
  }

  async open(): Promise<void> {
    const listening = once(this.#socket, 'listening')
    this.#socket.bind({ port: this.port, address: this.address, exclusive: true })
    await listening.catch((error: unknown) => {
      this.#socket.close()
      throw error
    })
    // A sender that is gone again is nobody's error.
    this.#socket.on('error', () => undefined)
    this.port = this.#socket.address().port
  }

  set(oid: string, type: number, text: string): void {
    const name = encodeOid(oid)
    const place = this.#mib.find(name)
    if (place < 0) throw new RangeError(`the agent has no ${oid}`)
    this.#own.set(place, { name, type, content: encodeContent(type, text) })
  }

  load(mib: Mib): void {
    this.#mib = mib
    this.#own.clear()
  }

  send(bytes: Uint8Array, to: { address: string; port: number }): void {
    // Where nobody listens it is lost, as it would be on a wire.
    this.#socket.send(bytes, to.port, to.address, () => undefined)
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#stranger?.close()
    this.#socket.close()
    this.#closed()
    await once(this.#socket, 'close')
  }

  #received(bytes: Buffer, port: number, address: string): void {
    this.requests++
    const { fault } = this
    if (fault?.kind === 'silent' || (fault?.kind === 'lossy' && this.requests % fault.every === 0)) return
    const whole = request.parseHead(bytes) === null && request.parseVarbinds(maxAsked) === null
    const community = bytes.subarray(request.communityStart, request.communityEnd)
    if (!whole || !community.equals(this.#community)) return
    const response = this.#respond(fault)
    if (response === null) return
    const spoiled = spoil(fault, {
      bytes: response,
      communityStart: response.indexOf(community),
      pduStart: response.indexOf(community) + community.length,
    })
    if (spoiled !== null) this.#send(spoiled, port, address, fault)
  }

  #respond(fault: Fault | null): Buffer | null {
    if (fault?.kind === 'status') return encodeStatus(request, fault.status)
    if (fault?.kind === 'tooBig' && asked() > fault.over) return encodeStatus(request, errorStatus.tooBig)
    const { moving = false, maxSizeBytes = 1_472 } = this.#options
    const mib = this.#mib
    const elapsedSeconds = moving ? this.#cache.elapsedSeconds() : null
    const looped = fault?.kind === 'loop' && request.pduType !== pdu.get
    const make = () => respond(request, { mib, own: this.#own, elapsedSeconds, maxSizeBytes }, looped)
    if (this.#own.size > 0 || fault !== null) return make()
    return this.#cache.answer(request, mib, `${elapsedSeconds} ${maxSizeBytes}`, make)
  }

  #send(bytes: Buffer, port: number, address: string, fault: Fault | null): void {
    if (fault?.kind === 'slow') {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#socket.send(bytes, port, address)
      }, fault.delayMs)
      this.#timers.add(timer)
    } else if (fault?.kind === 'stranger') {
      this.#stranger ??= createSocket(isIPv6(this.address) ? 'udp6' : 'udp4')
      this.#stranger.send(bytes, port, address)
    } else {
      this.#socket.send(bytes, port, address)
      if (fault?.kind === 'twice') this.#socket.send(bytes, port, address)
    }
  }
}

/** Varbinds that the answer to the parsed request would hold at most. */
const asked = (): number =>
  request.pduType === pdu.getBulk ? request.count * Math.max(1, request.errorIndex) : request.count

const sameAddress = (host: string, _options: unknown, found: (e: null, a: string, f: number) => void): void =>
  found(null, host, isIPv6(host) ? 6 : 4)
