/** The message bus of a cloud: notifications of its services, from a queue of our own, so that nobody else's are taken. Nothing is declared but that queue. */
import { connect, type ChannelModel, type Channel } from 'amqplib'
import { SourceError } from '../source.ts'

export interface Notification {
  /** `instance.create.end`, `port.update.end`, … */
  type: string
  payload: Record<string, unknown>
}

export interface BusOptions {
  url: string
  user: string
  password: string
  ca?: string | undefined
  deadlineMs?: number
}

/** Exchanges with the keys of what is read of them: versioned where there are such. */
const exchanges: Readonly<Record<string, string>> = {
  nova: 'versioned_notifications.*',
  neutron: 'notifications.*',
  glance: 'notifications.*',
  cinder: 'notifications.*',
  openstack: 'notifications.*',
  ironic: 'ironic_versioned_notifications.*',
}
/** Exchanges come with the first notification of a service: it is looked again. */
const lookAgainMs = 30_000
/** A queue that nobody reads may not fill the broker. */
const longestQueue = 100_000

/** Ends only by throwing. `onOpen` is called when nothing will be missed any more. */
export async function* listen(
  options: BusOptions,
  onOpen: () => void,
  signal: AbortSignal,
): AsyncGenerator<Notification> {
  const waiting: Notification[] = []
  let wake = () => {}
  let failure: SourceError | undefined
  const fail = (error: unknown) => {
    failure ??= new SourceError(signal.aborted ? 'aborted' : 'unreachable', 'the message bus is away', {
      cause: error,
    })
    wake()
  }
  const connection = await open(options, signal)
  const onAbort = () => fail(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  connection.on('error', fail)
  connection.on('close', fail)
  const binder = new Binder(connection, (notification) => {
    waiting.push(notification)
    wake()
  })
  const timer = setInterval(() => void binder.bind().catch(fail), lookAgainMs)
  try {
    await binder.start()
    onOpen()
    for (;;) {
      if (signal.aborted) onAbort()
      if (failure) throw failure
      const next = waiting.shift()
      if (next !== undefined) yield next
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } catch (error) {
    throw error instanceof SourceError
      ? error
      : new SourceError('unreachable', 'the message bus is away', { cause: error })
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', onAbort)
    await connection.close().catch(() => {})
  }
}

async function open(
  { url, user, password, ca, deadlineMs = 10_000 }: BusOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const full = new URL(url)
  full.username = encodeURIComponent(user)
  full.password = encodeURIComponent(password)
  full.searchParams.set('heartbeat', '20')
  if (full.pathname === '') full.pathname = '/'
  const connecting = connect(full.href, { timeout: deadlineMs, ...(ca === undefined ? {} : { ca: [ca] }) })
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(new SourceError('aborted', 'given up'))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([connecting, aborted.promise])
  } catch (error) {
    void connecting.then((late) => late.close()).catch(() => {})
    if (error instanceof SourceError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const isRefused = /ACCESS_REFUSED|403/.test(message)
    throw new SourceError(
      isRefused ? 'denied' : 'unreachable',
      `the message bus: ${isRefused ? 'the login is refused' : (code ?? 'no connection')}`,
    )
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

class Binder {
  readonly #connection: ChannelModel
  readonly #take: (notification: Notification) => void
  readonly #bound = new Set<string>()
  #channel: Channel | undefined
  #queue = ''

  constructor(connection: ChannelModel, take: (notification: Notification) => void) {
    this.#connection = connection
    this.#take = take
  }

  async start(): Promise<void> {
    const channel = (this.#channel = await this.#connection.createChannel())
    // Told by the connection as well.
    channel.on('error', () => {})
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      maxLength: longestQueue,
    })
    this.#queue = queue
    await channel.consume(
      queue,
      (message) => {
        const notification =
          message === null ? undefined : parseNotification(message.content.toString('utf8'))
        if (notification !== undefined) this.#take(notification)
      },
      { noAck: true },
    )
    await this.bind()
  }

  /** To the exchanges that are there: one that is not ends the channel that asks. */
  async bind(): Promise<void> {
    for (const [exchange, key] of Object.entries(exchanges)) {
      if (this.#bound.has(exchange)) continue
      const asking = await this.#connection.createChannel()
      asking.on('error', () => {})
      try {
        await asking.checkExchange(exchange)
      } catch {
        continue
      }
      await asking.close()
      await this.#channel!.bindQueue(this.#queue, exchange, key)
      this.#bound.add(exchange)
    }
  }
}

/** As oslo.messaging wraps it; undefined for what is none. */
export function parseNotification(text: string): Notification | undefined {
  try {
    const envelope = JSON.parse(text) as Record<string, unknown>
    const inner = envelope['oslo.message']
    const body = (typeof inner === 'string' ? JSON.parse(inner) : envelope) as Record<string, unknown>
    const { event_type: type, payload } = body
    if (typeof type !== 'string' || typeof payload !== 'object' || payload === null) return undefined
    return { type, payload: payload as Record<string, unknown> }
  } catch {
    return undefined
  }
}
