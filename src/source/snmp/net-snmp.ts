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
  const { user, auth, priv } = credentials
  if (priv !== undefined && auth === undefined) throw new RangeError('privacy needs authentication')
  const login = {
    name: user,
    level: priv !== undefined ? 3 : auth !== undefined ? 2 : 1,
    ...(auth !== undefined && { authProtocol: authNumbers[auth.protocol], authKey: auth.password }),
    ...(priv !== undefined && { privProtocol: privNumbers[priv.protocol], privKey: priv.password }),
  }
  return netSnmp.createV3Session(address, login, options)
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
