/** The one place that knows npm net-snmp, which comes without types. */
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { SnmpError } from './protocol/index.ts'
import { addPrivacyProtocols, aes192Number, desNumber, type NetSnmpSecurity } from './privacy.ts'
import type { V3Credentials } from './session.ts'

export interface Varbind {
  oid: string
  type: number
  value: unknown
}

type Done = (error: Error | null, varbinds?: Varbind[]) => void

export interface Session extends EventEmitter {
  get(oids: string[], done: Done): void
  getNext(oids: string[], done: Done): void
  getBulk(
    oids: string[],
    nonRepeaters: number,
    maxRepetitions: number,
    done: (error: Error | null, varbinds?: Varbind[] | Varbind[][]) => void,
  ): void
  set(varbinds: { oid: string; type: number; value: unknown }[], done: Done): void
  close(): void
}

export interface SessionOptions {
  port: number
  retries: number
  timeout: number
  backoff: number
  transport: 'udp4' | 'udp6'
  context: string
  dgramModule: unknown
}

interface NetSnmp extends NetSnmpSecurity {
  createV3Session(address: string, user: object, options: SessionOptions): Session
  createReceiver(
    options: object,
    callback: (error: (Error & { rinfo?: { address: string } }) | null, trap?: unknown) => void,
  ): Receiver
}

interface Receiver {
  getAuthorizer(): { addUser(user: object): void }
  listener: { sockets: Record<string, EventEmitter> }
  close(done: () => void): void
}

const netSnmp = createRequire(import.meta.url)('net-snmp') as NetSnmp
addPrivacyProtocols(netSnmp)

/** SecurityLevel, AuthProtocols and PrivProtocols of net-snmp. */
const authNumbers = { MD5: 2, SHA: 3, 'SHA-224': 4, 'SHA-256': 5, 'SHA-384': 6, 'SHA-512': 7 } as const
const privNumbers = {
  DES: desNumber,
  'AES-128': 4,
  'AES-192': aes192Number,
  'AES-256': 6,
  'AES-256-Cisco': 8,
} as const

export function openSession(address: string, credentials: V3Credentials, options: SessionOptions): Session {
  return netSnmp.createV3Session(address, toUser(credentials), options)
}

function toUser({ user, auth, priv }: V3Credentials): object {
  if (priv !== undefined && auth === undefined) throw new RangeError('privacy needs authentication')
  return {
    name: user,
    level: priv !== undefined ? 3 : auth !== undefined ? 2 : 1,
    ...(auth !== undefined && { authProtocol: authNumbers[auth.protocol], authKey: auth.password }),
    ...(priv !== undefined && { privProtocol: privNumbers[priv.protocol], privKey: priv.password }),
  }
}

/** What net-snmp fails with, in our words. A wrong privacy key shows only as a timeout. */
export function toSnmpError(error: Error & { status?: number }): SnmpError {
  switch (error.name) {
    case 'RequestTimedOutError':
      return new SnmpError('timeout', 'no answer', { cause: error })
    case 'RequestFailedError':
      return new SnmpError('refused', `the agent refused: ${error.message}`, {
        ...(error.status !== undefined && { status: error.status }),
        cause: error,
      })
    case 'ResponseInvalidError':
      return new SnmpError('refused', `SNMP v3 failed: ${error.message}`, { cause: error })
    default:
      return new SnmpError('send', `SNMP v3 failed: ${error.message}`, { cause: error })
  }
}

/** What came over the trap port: of v1 with what v1 says in its own way. */
export interface ReceivedTrap {
  pdu: {
    type: number
    varbinds: Varbind[]
    enterprise?: string
    generic?: number
    specific?: number
    community?: string
    user?: string
  }
  rinfo: { address: string; port: number }
}

/** Listens for traps and informs of any version; informs are acknowledged. Resolves when the port is open. */
export async function openReceiver(
  options: { address: string; port: number; users: readonly V3Credentials[] },
  told: (trap: ReceivedTrap) => void,
  failed: (error: Error & { rinfo?: { address: string } }) => void,
): Promise<{ close(): Promise<void> }> {
  const { promise: bound, resolve, reject } = Promise.withResolvers<void>()
  const receiver = netSnmp.createReceiver(
    {
      transport: options.address.includes(':') ? 'udp6' : 'udp4',
      address: options.address,
      port: options.port,
      disableAuthorization: true,
      includeAuthentication: true,
    },
    (error, trap) => {
      if (error === null) return told(trap as ReceivedTrap)
      if ((error as NodeJS.ErrnoException).syscall === 'bind') reject(error)
      failed(error)
    },
  )
  for (const user of options.users) receiver.getAuthorizer().addUser(toUser(user))
  const [socket] = Object.values(receiver.listener.sockets)
  socket?.once('listening', () => resolve())
  await bound
  return { close: () => new Promise((closed) => receiver.close(() => closed())) }
}
