/** How one contender is asked: as fast as it answers, to see what a request costs; at half of that, to see how long one takes. */
import { createHash } from 'node:crypto'
import type { Db } from '../../src/db.ts'
import type { Connection } from './client.ts'
import type { Contender } from './contender.ts'
import { countCpu } from './cpu.ts'
import { dialectOf, questions, type QuestionName } from './question.ts'
import type { Samples } from './sample.ts'

export interface Cost {
  requestsPerSecond: number
  /** Milliseconds of processor time a request: the server with all its threads, and Postgres for it. */
  serverMs: number
  postgresMs: number
}

export interface Latency {
  p50Ms: number
  p99Ms: number
}

const atOnce = 4

/** Each sample once; gives the hash of all answers after normalisation. Throws when an answer is an error. */
export async function hashAnswers(
  contender: Contender,
  question: QuestionName,
  samples: Samples,
): Promise<string> {
  const hash = createHash('sha256')
  const { samples: of, wordings } = questions[question]
  const values = of(samples)
  const { normalise } = wordings[dialectOf(contender.name)]
  const connection = await contender.connect()
  const requests = contender.requests(question)
  for (const [index, value] of values.entries()) {
    const { status, body } = await connection.ask(requests[index]!)
    const text = body.toString()
    const answer = JSON.parse(text) as { data?: unknown; errors?: unknown }
    if (status !== 200 || answer.errors !== undefined || answer.data == null)
      throw new Error(`${contender.name} answers ${question} with ${status}: ${text.slice(0, 500)}`)
    const plain = normalise(answer.data, value) as Record<string, unknown>
    // each writes a role of its own
    if (question === 'q7') delete plain['role']
    hash.update(JSON.stringify(plain))
  }
  connection.close()
  return hash.digest('hex')
}

/** A few connections that each ask again as soon as they are answered. */
export async function measureCost(
  db: Db,
  contender: Contender,
  requests: Buffer[],
  seconds: number,
): Promise<Cost> {
  const connections = await Promise.all(Array.from({ length: atOnce }, () => contender.connect()))
  const read = await countCpu(db, contender.pid, contender.role)
  const began = performance.now()
  const until = began + seconds * 1_000
  let count = 0
  const askOn = async (connection: Connection): Promise<void> => {
    while (performance.now() < until) {
      const { status } = await connection.ask(requests[next(requests)]!)
      if (status !== 200) throw new Error(`${contender.name} answered ${status}`)
      count++
    }
  }
  await Promise.all(connections.map(askOn))
  const took = (performance.now() - began) / 1_000
  const used = await read()
  for (const connection of connections) connection.close()
  return {
    requestsPerSecond: count / took,
    serverMs: (used.server / count) * 1_000,
    postgresMs: (used.postgres / count) * 1_000,
  }
}

const places = new WeakMap<Buffer[], number>()
function next(requests: Buffer[]): number {
  const place = (places.get(requests) ?? 0) % requests.length
  places.set(requests, place + 1)
  return place
}

const mostConnections = 200
/** Later than this is late; less is how coarse timers are, and no server's fault. */
const timerMs = 2.5

/** Requests are sent when they are due, however late the earlier ones are; each is timed from when it was due. */
export async function measureLatency(
  contender: Contender,
  requests: Buffer[],
  perSecond: number,
  seconds: number,
): Promise<Latency> {
  const free: Connection[] = []
  const all: Connection[] = []
  const waiting: number[] = []
  const late: number[] = []
  const started: Promise<void>[] = []
  const send = async (connection: Connection, due: number): Promise<void> => {
    await connection.ask(requests[next(requests)]!)
    late.push(performance.now() - due)
    const queued = waiting.shift()
    if (queued === undefined) free.push(connection)
    else await send(connection, queued)
  }
  const begin = async (due: number): Promise<void> => {
    const connection = free.pop()
    if (connection) return send(connection, due)
    if (all.length >= mostConnections) return void waiting.push(due)
    const made = await contender.connect()
    all.push(made)
    return send(made, due)
  }
  const began = performance.now()
  const total = Math.max(20, Math.round(perSecond * seconds))
  for (let sent = 0; sent < total;) {
    const now = performance.now()
    for (; sent < total; sent++) {
      const due = began + (sent / perSecond) * 1_000
      if (due > now) break
      started.push(begin(now - due < timerMs ? now : due))
    }
    await new Promise<void>((resolve) => void setTimeout(resolve, 1))
  }
  await Promise.all(started)
  for (const connection of all) connection.close()
  late.sort((a, b) => a - b)
  return { p50Ms: percentile(late, 0.5), p99Ms: percentile(late, 0.99) }
}

/** Of ascending values. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export const median = (values: readonly number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
