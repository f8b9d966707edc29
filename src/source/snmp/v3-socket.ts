import { EventEmitter } from 'node:events'
import { SharedSocket } from './protocol/index.ts'

/**
 * What net-snmp takes for node's dgram module: all its sessions share one socket a family, so thousands of v3 targets need two file
 * descriptors, and a datagram reaches only the sessions of the address it comes from.
 */
export class V3Sockets {
  readonly #facades = new Map<string, Set<Facade>>()
  readonly #sockets: Record<4 | 6, SharedSocket>

  constructor() {
    const shared = (family: 4 | 6) =>
      new SharedSocket(
        family,
        (bytes, from) => {
          for (const facade of this.#facades.get(`${from.address} ${from.port}`) ?? [])
            facade.emit('message', bytes, from)
        },
        (error) => {
          for (const group of this.#facades.values()) for (const facade of group) facade.emit('broken', error)
        },
      )
    this.#sockets = { 4: shared(4), 6: shared(6) }
  }

  /** The module for one session, which speaks to this address only. */
  moduleFor(
    address: string,
    port: number,
    family: 4 | 6,
  ): { createSocket(): Facade; facade(): Facade | null } {
    let facade: Facade | null = null
    return {
      createSocket: () => {
        const key = `${address} ${port}`
        const group = this.#facades.get(key) ?? new Set()
        facade = new Facade(this.#sockets[family], () => {
          group.delete(facade as Facade)
          if (group.size === 0) this.#facades.delete(key)
        })
        this.#facades.set(key, group.add(facade))
        return facade
      },
      facade: () => facade,
    }
  }

  close(): void {
    this.#sockets[4].close()
    this.#sockets[6].close()
  }
}

/** The part of a dgram socket that net-snmp uses. */
export class Facade extends EventEmitter {
  readonly #socket: SharedSocket
  readonly #closed: () => void

  constructor(socket: SharedSocket, closed: () => void) {
    super()
    this.#socket = socket
    this.#closed = closed
  }

  send(
    bytes: Buffer,
    _offset: number,
    _length: number,
    port: number,
    address: string,
    sent: (error: Error | null) => void,
  ): void {
    this.#socket.send(bytes, port, address, sent)
  }

  close(): void {
    this.#closed()
    this.emit('close')
  }

  /** The shared socket keeps the process alive while it is open. */
  ref(): void {}
  unref(): void {}
}
