/** npm net-snmp, asked for the same: its values decoded, matched and made rates of as ours are. */
import { createRequire } from 'node:module'
import type { Target } from '../../src/source/snmp/protocol/index.ts'
import { base, columnNumbers, rows } from './agents.ts'
import { costOf, type Cost } from './cost.ts'

/** Null: the view has ended. */
type Columns = { oid: string; value: Buffer | null }[][]
interface Session {
  getBulk(
    oids: string[],
    nonRepeaters: number,
    repetitions: number,
    done: (error: Error | null, columns: Columns) => void,
  ): void
  close(): void
}
const netSnmp = createRequire(import.meta.url)('net-snmp') as {
  createSession(address: string, community: string, options: object): Session
}
const oids = columnNumbers.map((column) => `${base}.${column}`)

/** What is kept of each device from one poll to the next. */
class Rates {
  readonly #last = new Map<string, number>()
  #atMs = performance.now()

  take(columns: Columns): Map<string, number> {
    const now = performance.now()
    const rates = new Map<string, number>()
    columns.forEach((column, c) => {
      for (const { oid, value } of column) {
        const key = `${c} ${oid.slice((oids[c] as string).length + 1)}`
        const number = (value ?? Buffer.alloc(0)).reduce((sum, byte) => sum * 256 + byte, 0)
        rates.set(key, ((number - (this.#last.get(key) ?? number)) * 1_000) / (now - this.#atMs))
        this.#last.set(key, number)
      }
    })
    this.#atMs = now
    return rates
  }
}

const open = (targets: readonly Target[]): Session[] =>
  targets.map(({ address, port }) => netSnmp.createSession(address, 'public', { port, version: 1 }))

export async function pollNetSnmp(targets: readonly Target[], polls: number): Promise<Cost> {
  const sessions = open(targets)
  const rates = targets.map(() => new Rates())
  const cost = await costOf(polls, (i, done) => {
    const at = i % targets.length
    sessions[at]?.getBulk(oids, 0, rows, (error, columns) => {
      if (error !== null) throw error
      rates[at]?.take(columns)
      done()
    })
  })
  for (const session of sessions) session.close()
  return cost
}

/** Every counter of the 48 ports, to where the columns end, sixteen rows asked for at a time. */
export async function pollNetSnmpSwitches(targets: readonly Target[], polls: number): Promise<Cost> {
  const sessions = open(targets)
  const rates = targets.map(() => new Rates())
  const cost = await costOf(polls, (i, done) => {
    const at = i % targets.length
    const read: Columns = oids.map(() => [])
    const next = (from: string[]): void =>
      sessions[at]?.getBulk(from, 0, 16, (error, columns) => {
        if (error !== null) throw error
        const inside = columns.map((column, c) =>
          column.filter(({ oid, value }) => value !== null && oid.startsWith(`${oids[c]}.`)),
        )
        inside.forEach((column, c) => read[c]?.push(...column))
        if (inside.every((column, c) => column.length === columns[c]?.length))
          return next(columns.map((column) => (column.at(-1) as { oid: string }).oid))
        rates[at]?.take(read)
        done()
      })
    next(oids)
  })
  for (const session of sessions) session.close()
  return cost
}
