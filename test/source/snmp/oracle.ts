/** npm net-snmp as the oracle: what it reads from an agent, in our form of values. */
import { createRequire } from 'node:module'
import type { SnmpValue } from '../../../src/source/snmp/protocol/index.ts'

interface Varbind {
  oid: string
  type: number
  value: unknown
}

interface OracleSession {
  subtree(
    oid: string,
    repetitions: number,
    feed: (rows: Varbind[]) => void,
    done: (e: Error | null) => void,
  ): void
  close(): void
}

const netSnmp = createRequire(import.meta.url)('net-snmp') as {
  createSession(address: string, community: string, options: object): OracleSession
}

export async function oracleWalk(port: number, root: string): Promise<[string, SnmpValue][]> {
  const session = netSnmp.createSession('127.0.0.1', 'public', { port, version: 1, timeout: 2_000 })
  const rows: [string, SnmpValue][] = []
  await new Promise<void>((resolve, reject) =>
    session.subtree(
      root,
      25,
      // What it returns says whether to stop.
      (varbinds) => {
        for (const { oid, type, value } of varbinds) rows.push([oid, valueOf(type, value)])
      },
      (error) => (error === null || error === undefined ? resolve() : reject(error)),
    ),
  )
  session.close()
  return rows
}

function valueOf(type: number, value: unknown): SnmpValue {
  if (type !== 70) return value as SnmpValue
  const number = BigInt(`0x0${Buffer.from(value as Uint8Array).toString('hex')}`)
  return number <= 9007199254740991n ? Number(number) : number
}
