/** Polls as our collector does them: ask, check, decode, match, rates, hand-over. */
import { setTimeout } from 'node:timers/promises'
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
import { Schedule } from '../../src/source/snmp/schedule.ts'
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

interface Timed {
  key: string
  target: Target
  isAlive: boolean
  failures: number
  close(): void
}

/** Every device once an interval, by the schedule that the driver has, and how late the answers of live ones are: what waited before it was asked, and what took long. */
export async function pollOnTime(
  client: SnmpClient,
  live: readonly Target[],
  dead: readonly Target[],
  seconds: number,
): Promise<Record<string, number>> {
  let [polls, slow, lost] = [0, 0, 0]
  const schedule = new Schedule<Timed>({
    intervalMs,
    atOnce: 256,
    now: () => performance.now(),
    poll: (device) => {
      const began = performance.now()
      const { promise, resolve } = Promise.withResolvers<boolean>()
      poll(client, device.target, (rates) => {
        device.failures = rates === null ? device.failures + 1 : 0
        if (device.isAlive) {
          polls++
          if (rates === null) lost++
          if (performance.now() - began > intervalMs * 0.1) slow++
        }
        resolve(rates !== null)
      })
      return promise
    },
  })
  const begin = performance.now()
  const cpu = process.cpuUsage()
  for (const [index, target] of [...live, ...dead].entries())
    schedule.add({
      key: `device ${index}`,
      target,
      isAlive: index < live.length,
      failures: 0,
      close: () => undefined,
    })
  await setTimeout(seconds * 1_000)
  schedule.close()
  const { user, system } = process.cpuUsage(cpu)
  const wallSeconds = (performance.now() - begin) / 1_000
  return {
    lateShareWithDead: (schedule.late + slow) / polls,
    skippedWithDead: schedule.skipped,
    lostShareWithDead: lost / polls,
    targetsPerMinuteWithDead: (polls / wallSeconds) * 60,
    coreShareWithDead: (user + system) / 1e6 / wallSeconds,
  }
}
