/** Polls as our collector does them: ask, check, decode, match, rates, hand-over. */
import {
  encodeOid,
  pdu,
  type Cell,
  type Request,
  type SnmpClient,
  type Target,
} from '../../src/source/snmp/protocol/index.ts'
import { CounterTable } from '../../src/source/snmp/rate.ts'
import { channelOf, readerOf } from '../../src/source/snmp/reader.ts'
import { base, columnNumbers, indexes, rows } from './agents.ts'
import { costOf, type Cost } from './cost.ts'

const columns = columnNumbers.map((column) => encodeOid(`${base}.${column}`))
const request: Request = { type: pdu.getBulk, oids: columns, nonRepeaters: 0, maxRepetitions: rows }
const tables = new Map<Target, CounterTable>()

export function poll(client: SnmpClient, target: Target, ended: (rates: Float64Array | null) => void): void {
  const table = tables.get(target) ?? new CounterTable(indexes.slice(0, rows), columns.length)
  tables.set(target, table)
  client.send(target, request, {
    answered(answer) {
      table.begin(performance.now())
      for (let i = 0; i < answer.count; i++) {
        const column = i % columns.length
        table.take(column, answer.select(i, (columns[column] as Uint8Array).length))
      }
      ended(table.rates)
    },
    failed: () => ended(null),
  })
}

export const pollOurs = (client: SnmpClient, targets: readonly Target[], polls: number): Promise<Cost> =>
  costOf(polls, (i, done) => poll(client, targets[i % targets.length] as Target, done))

export function pollSwitches(client: SnmpClient, targets: readonly Target[], polls: number): Promise<Cost> {
  const counters = targets.map(() => new CounterTable(indexes, columns.length))
  const readers = targets.map((target) => readerOf(channelOf(client, target)))
  return costOf(polls, (i, done) => {
    const table = counters[i % targets.length] as CounterTable
    table.begin(performance.now())
    const take = (column: number, cell: Cell): boolean => table.take(column, cell)
    const walk = readers[i % targets.length]?.walk(columns, take, undefined, indexes.length)
    walk?.then(done, (error: unknown) => {
      throw error
    })
  })
}

const intervalMs = 10_000

/** Polls every device once an interval, each at its own offset, and sees how late the answers of live ones are. */
export async function pollOnTime(
  client: SnmpClient,
  live: readonly Target[],
  dead: readonly Target[],
  seconds: number,
): Promise<Record<string, number>> {
  const all = [...live, ...dead].map((target, i, { length }) => ({
    target,
    alive: i < live.length,
    dueAt: ((i * 7_919) % length) * (intervalMs / length),
  }))
  const due = all.toSorted((a, b) => a.dueAt - b.dueAt)
  const begin = performance.now()
  const cpu = process.cpuUsage()
  let [polls, late, lost, out, next] = [0, 0, 0, 0, 0]
  const start = (device: (typeof due)[number], at: number): void => {
    out++
    poll(client, device.target, (rates) => {
      out--
      if (!device.alive) return
      polls++
      if (rates === null) lost++
      if (performance.now() - begin - at > intervalMs * 0.1) late++
    })
  }
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now() - begin
      for (; ; next++) {
        const device = due[next % due.length] as (typeof due)[number]
        const at = device.dueAt + Math.floor(next / due.length) * intervalMs
        if (at > now || at >= seconds * 1_000) break
        start(device, at)
      }
      if (now < seconds * 1_000 || out > 0) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
  const { user, system } = process.cpuUsage(cpu)
  const wallSeconds = (performance.now() - begin) / 1_000
  return {
    lateShareWithDead: late / polls,
    lostShareWithDead: lost / polls,
    targetsPerMinuteWithDead: (polls / seconds) * 60,
    coreShareWithDead: (user + system) / 1e6 / wallSeconds,
  }
}
