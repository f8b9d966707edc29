/**
 * What polling costs: CPU seconds of this process only, agents run in another. npm net-snmp asks the same agents for the same in the same
 * run, its values decoded, matched and made rates of as ours are.
 *   node bench/snmp.ts [--json FILE] [--seconds N]   (N: of the part with dead devices, default 20)
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { encodeContent, encodeOid, pdu, startSnmpClient, tag } from '../src/source/snmp/protocol/index.ts'
import type { Request, SnmpClient, Target } from '../src/source/snmp/protocol/index.ts'
import { CounterTable } from '../src/source/snmp/rate.ts'
import { channelOf, readerOf } from '../src/source/snmp/reader.ts'
import { Mib, startResponder } from '../src/source/snmp/responder/index.ts'

const base = '1.3.6.1.2.1.31.1.1.1'
const columnNumbers = [6, 7, 8, 9, 10, 11, 12, 13]
const columns = columnNumbers.map((column) => encodeOid(`${base}.${column}`))
const ports = 48
const rows = 8
const indexes = Array.from({ length: ports }, (_, i) => `${i + 1}`)
const agentCount = 4_500
const deadCount = 500

interface Cost {
  polls: number
  cpuSeconds: number
  wallSeconds: number
}

async function serveAgents(): Promise<void> {
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

function addressOf(i: number): string {
  return `127.1.${i >> 8}.${i & 255}`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, seconds: { type: 'string', default: '20' } },
  })
  const child = fork(import.meta.filename, ['responder'])
  const [agentPorts] = (await once(child, 'message')) as [number[]]
  const client = await startSnmpClient()
  const figures = await measure(client, agentPorts, Number(values.seconds))
  await client.close()
  child.disconnect()
  await once(child, 'exit')
  console.table(figures)
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version }
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ name: 'snmp', machine, figures }, null, 2)}\n`)
}

async function measure(
  client: SnmpClient,
  agentPorts: number[],
  seconds: number,
): Promise<Record<string, number>> {
  const targets = agentPorts.map((port, i) =>
    client.target({ address: addressOf(i), port, community: 'public', maxVarbinds: 128 }),
  )
  const few = targets.slice(0, 200)
  await pollOurs(client, few, 2_000)
  await pollNetSnmp(few, 500)
  const ours: Cost[] = []
  const theirs: Cost[] = []
  for (let round = 0; round < 5; round++) {
    ours.push(await pollOurs(client, few, 6_000))
    theirs.push(await pollNetSnmp(few, 2_000))
  }
  const our = median(ours)
  const their = median(theirs)
  const whole = await pollSwitches(client, few, 600)
  const dead = Array.from({ length: deadCount }, (_, i) =>
    client.target({ address: `127.2.${i >> 8}.${i & 255}`, port: 9, community: 'public' }),
  )
  const late = await pollOnTime(client, targets, dead, seconds)
  return {
    cpuRatioNetSnmp: round(perPoll(our) / perPoll(their)),
    targetsPerSecond: Math.round(our.polls / our.wallSeconds),
    cpuSecondsPer10kPolls: round(perPoll(our) * 10_000),
    netSnmpCpuSecondsPer10kPolls: round(perPoll(their) * 10_000),
    cpuSecondsPer10kSwitches: round(perPoll(whole) * 10_000),
    ...late,
  }
}

const perPoll = ({ cpuSeconds, polls }: Cost): number => cpuSeconds / polls
const round = (value: number): number => Math.round(value * 10_000) / 10_000
const median = (costs: Cost[]): Cost =>
  costs.toSorted((a, b) => perPoll(a) - perPoll(b))[costs.length >> 1] as Cost

/** Runs `polls` polls, 64 at a time; `start` begins one and calls back when it has ended. */
async function cost(polls: number, start: (i: number, done: () => void) => void): Promise<Cost> {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  let started = 0
  let ended = 0
  await new Promise<void>((resolve) => {
    const done = (): void => {
      if (++ended === polls) resolve()
      else if (started < polls) start(started++, done)
    }
    while (started < Math.min(64, polls)) start(started++, done)
  })
  const { user, system } = process.cpuUsage(cpu)
  return { polls, cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - wall) / 1_000 }
}

const request: Request = { type: pdu.getBulk, oids: columns, nonRepeaters: 0, maxRepetitions: rows }
const ourTables = new Map<Target, CounterTable>()

/** One poll as a collector does it: ask, check, decode, match, rates, hand-over. */
function poll(client: SnmpClient, target: Target, ended: (rates: Float64Array | null) => void): void {
  const table = ourTables.get(target) ?? new CounterTable(indexes.slice(0, rows), columns.length)
  ourTables.set(target, table)
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

const pollOurs = (client: SnmpClient, targets: Target[], polls: number): Promise<Cost> =>
  cost(polls, (i, done) => poll(client, targets[i % targets.length] as Target, done))

function pollSwitches(client: SnmpClient, targets: Target[], polls: number): Promise<Cost> {
  const tables = targets.map(() => new CounterTable(indexes, columns.length))
  const readers = targets.map((target) => readerOf(channelOf(client, target)))
  return cost(polls, (i, done) => {
    const table = tables[i % targets.length] as CounterTable
    table.begin(performance.now())
    const walk = readers[i % targets.length]?.walk(columns, (column, cell) => table.take(column, cell))
    walk?.then(done, (error: unknown) => {
      throw error
    })
  })
}

interface NetSnmpSession {
  getBulk(
    oids: string[],
    nonRepeaters: number,
    repetitions: number,
    done: (error: Error | null, columns: { oid: string; value: Buffer }[][]) => void,
  ): void
  close(): void
}
const netSnmp = createRequire(import.meta.url)('net-snmp') as {
  createSession(address: string, community: string, options: object): NetSnmpSession
}

async function pollNetSnmp(targets: Target[], polls: number): Promise<Cost> {
  const sessions = targets.map(({ address, port }) =>
    netSnmp.createSession(address, 'public', { port, version: 1 }),
  )
  const oids = columnNumbers.map((column) => `${base}.${column}`)
  const before = targets.map(() => new Map<string, number>())
  let beforeMs = performance.now()
  const result = await cost(polls, (i, done) => {
    const last = before[i % targets.length] as Map<string, number>
    sessions[i % targets.length]?.getBulk(oids, 0, rows, (error, answer) => {
      if (error !== null) throw error
      const now = performance.now()
      const rates = new Map<string, number>()
      answer.forEach((column, c) => {
        for (const { oid, value } of column) {
          const key = `${c} ${oid.slice((oids[c] as string).length + 1)}`
          const number = value.reduce((sum, byte) => sum * 256 + byte, 0)
          rates.set(key, ((number - (last.get(key) ?? number)) * 1_000) / (now - beforeMs))
          last.set(key, number)
        }
      })
      beforeMs = now
      done()
    })
  })
  for (const session of sessions) session.close()
  return result
}

/** Polls every device once an interval, each at its own offset, and sees how late the answers of live ones are. */
async function pollOnTime(
  client: SnmpClient,
  live: Target[],
  dead: Target[],
  seconds: number,
): Promise<Record<string, number>> {
  const intervalMs = 10_000
  const all = [...live, ...dead].map((target, i, { length }) => ({
    target,
    alive: i < live.length,
    dueAt: ((i * 7_919) % length) * (intervalMs / length),
  }))
  const begin = performance.now()
  const cpu = process.cpuUsage()
  let [polls, late, lost] = [0, 0, 0]
  const due = all.toSorted((a, b) => a.dueAt - b.dueAt)
  let out = 0
  await new Promise<void>((resolve) => {
    let next = 0
    const timer = setInterval(() => {
      const now = performance.now() - begin
      for (; ; next++) {
        const device = due[next % due.length] as (typeof due)[number]
        const at = device.dueAt + Math.floor(next / due.length) * intervalMs
        if (at > now || at >= seconds * 1_000) break
        out++
        poll(client, device.target, (rates) => {
          out--
          if (!device.alive) return
          polls++
          if (rates === null) lost++
          if (performance.now() - begin - at > intervalMs * 0.1) late++
        })
      }
      if (now < seconds * 1_000 || out > 0) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
  const { user, system } = process.cpuUsage(cpu)
  const wallSeconds = (performance.now() - begin) / 1_000
  return {
    lateShareWithDead: round(late / polls),
    lostShareWithDead: round(lost / polls),
    polledWithDeadPerSecond: Math.round(polls / seconds),
    coreShareWithDead: round((user + system) / 1e6 / wallSeconds),
  }
}

if (process.argv[2] === 'responder') await serveAgents()
else await main()
