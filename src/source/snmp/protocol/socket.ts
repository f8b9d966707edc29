import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** One UDP socket of one address family, opened when first needed and anew after an error. */
export class SharedSocket {
  readonly #family: 4 | 6
  readonly #received: (bytes: Buffer, from: RemoteInfo) => void
  readonly #failed: (error: Error) => void
  #socket: Socket | null = null

  constructor(
    family: 4 | 6,
    received: (bytes: Buffer, from: RemoteInfo) => void,
    failed: (error: Error) => void,
  ) {
    this.#family = family
    this.#received = received
    this.#failed = failed
  }

  /** Opens it now, so that a lack of file descriptors shows at once. */
  async open(): Promise<void> {
    const socket = this.#create()
    const listening = once(socket, 'listening')
    this.#bind(socket)
    await listening
  }

  /** `sent` is called once, with the error if the kernel refused. */
  send(bytes: Buffer, port: number, address: string, sent: (error: Error | null) => void): void {
    const socket = this.#socket ?? this.#bind(this.#create())
    try {
      socket.send(bytes, 0, bytes.length, port, address, sent)
    } catch (error) {
      process.nextTick(sent, error as Error)
    }
  }

  close(): void {
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.removeAllListeners('message')
    try {
      socket.close()
    } catch {
      // It never opened.
    }
  }

  #create(): Socket {
    const socket = createSocket({
      type: this.#family === 4 ? 'udp4' : 'udp6',
      ipv6Only: this.#family === 6,
      recvBufferSize: 4 << 20,
      // Only addresses come here: node's own look-up would cost a turn of the loop for each datagram.
      lookup: ((host: string, _options: unknown, found: (e: null, a: string, f: number) => void) =>
        found(null, host, this.#family)) as never,
    })
    this.#socket = socket
    socket.on('message', this.#received)
    socket.on('error', (error) => {
      if (this.#socket === socket) this.close()
      this.#failed(error)
    })
    return socket
  }

  #bind(socket: Socket): Socket {
    socket.bind({ port: 0, exclusive: true })
    return socket
  }
}
