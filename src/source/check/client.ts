/** One check of one target. What fails is an outcome, not an error: only who gives up is told so. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { openHttp } from '../http.ts'
import { SourceError, type SourceEnvironment } from '../source.ts'

export interface Target {
  url: string
  service?: string | undefined
  status?: number | undefined
}

export interface Outcome {
  isUp: boolean
  seconds: number
  certificateSeconds?: number
}

export async function check(
  target: Target,
  deadlineMs: number,
  environment: Pick<SourceEnvironment, 'admit'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { protocol } = new URL(target.url)
  const beganMs = performance.now()
  const secondsNow = () => (performance.now() - beganMs) / 1_000
  const run = protocol.startsWith('http') ? checkHttp : checkSocket
  try {
    const [isUp, certificateSeconds] = await Promise.all([
      run(target, deadlineMs, environment, signal),
      protocol === 'https:' || protocol === 'tls:' ? expiryOf(target.url, deadlineMs, signal) : undefined,
    ])
    return {
      isUp,
      seconds: secondsNow(),
      ...(certificateSeconds === undefined ? {} : { certificateSeconds }),
    }
  } catch (error) {
    if (signal.aborted) throw new SourceError('aborted', 'given up', { cause: error })
    return { isUp: false, seconds: secondsNow() }
  }
}

async function checkHttp(
  { url, status }: Target,
  deadlineMs: number,
  environment: Pick<SourceEnvironment, 'admit'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { origin, pathname, searchParams } = new URL(url)
  const http = openHttp({ url: origin, environment, deadlineMs, mostBytes: 1_048_576 })
  try {
    const answer = await http.send({ path: pathname, query: Object.fromEntries(searchParams) }, signal)
    return status === undefined ? answer.status < 400 : answer.status === status
  } finally {
    http.close()
  }
}

async function checkSocket(
  { url }: Target,
  deadlineMs: number,
  _: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  await within(deadlineMs, signal, () =>
    protocol === 'tls:'
      ? connectTls({ host, port: Number(port), servername: host })
      : connectTcp({ host, port: Number(port) }),
  )
  return true
}

/** Also of a certificate that nobody trusts: undefined where there is none. */
async function expiryOf(url: string, deadlineMs: number, signal: AbortSignal): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  let until: string | undefined
  const open = () =>
    connectTls({ host, port: Number(port || 443), servername: host, rejectUnauthorized: false })
  await within(deadlineMs, signal, open, (socket) => {
    until = (socket as TLSSocket).getPeerCertificate().valid_to
  }).catch(() => {})
  return until === undefined ? undefined : (Date.parse(until) - Date.now()) / 1_000
}

/** Resolves when the connection stands; it is closed in any case. */
async function within(
  deadlineMs: number,
  signal: AbortSignal,
  open: () => Socket,
  look: (socket: Socket) => void = () => {},
): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
  const socket = open()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = () => reject(new Error('no connection in time'))
  socket.on('error', reject)
  socket.once('authorized' in socket ? 'secureConnect' : 'connect', () => resolve())
  either.addEventListener('abort', onAbort, { once: true })
  if (either.aborted) onAbort()
  try {
    await promise
    look(socket)
  } finally {
    either.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}
