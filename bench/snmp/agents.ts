/** The agents that all are measured against: switches of 48 ports with eight moving 64-bit counters each, in a process of their own. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { encodeContent, encodeOid, tag } from '../../src/source/snmp/protocol/index.ts'
import { Mib, startResponder } from '../../src/source/snmp/responder/index.ts'

export const base = '1.3.6.1.2.1.31.1.1.1'
export const columnNumbers = [6, 7, 8, 9, 10, 11, 12, 13]
export const indexes = Array.from({ length: 48 }, (_, i) => `${i + 1}`)
/** Rows in one poll of a single answer: 8 × 8 = 64 counters. */
export const rows = 8
const agentCount = 4_500

export const addressOf = (i: number): string => `127.1.${i >> 8}.${i & 255}`

export interface Agents {
  ports: number[]
  close(): Promise<void>
}

export async function startAgents(): Promise<Agents> {
  const child: ChildProcess = fork(import.meta.filename, ['serve'])
  const [ports] = (await once(child, 'message')) as [number[]]
  return {
    ports,
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function serve(): Promise<void> {
  const values = columnNumbers.flatMap((column) =>
    indexes.map((index) => ({
      name: encodeOid(`${base}.${column}.${index}`),
      type: tag.counter64,
      content: encodeContent(tag.counter64, `${1_234_567_890_123n * BigInt(column) + BigInt(index)}`),
    })),
  )
  const mib = new Mib(values)
  const responder = startResponder()
  const agents = await Promise.all(
    Array.from({ length: agentCount }, (_, i) => responder.add({ mib, moving: true, address: addressOf(i) })),
  )
  process.once('disconnect', () => void responder.close())
  process.send?.(agents.map(({ port }) => port))
}

if (process.argv[1] === import.meta.filename && process.argv[2] === 'serve') await serve()
