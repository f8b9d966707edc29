/**
 * Several processes on one port. node:cluster hands each new connection to the next worker: evenly, on every system, and without losing what waits
 * when a worker dies, which SO_REUSEPORT does (docs/decisions/several-processes.md).
 * Terminology
 * - worker: a process that answers, with a graph and sockets of its own. The one that started it answers nothing: it keeps their number.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { gatherFrom, processVariable } from './together.ts'

export { tellTogether, type Together } from './together.ts'

/** What a worker has to tell when it answers. */
export interface Answering {
  url: string
  /** The administrator's secret, when this start made it. */
  adminSecret: string | undefined
}

export interface Processes extends Answering {
  /** Lets all finish what runs; ends what takes longer than it may. */
  close(): Promise<void>
}

export interface ProcessesOptions {
  count: number
  /** The worker's program; it calls `answerAsWorker`. */
  program: string
  env: NodeJS.ProcessEnv
  /** One line for people: a worker ended, or is back. */
  tell(line: string): void
}

/** A worker could not start. */
export class WorkerFailed extends Error {
  override name = 'WorkerFailed'
  readonly code: string | undefined
  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

type Report = { answering: Answering } | { failed: { message: string; code: string | undefined } }

/** Longest that a worker may take to drain; it gives up itself before that. */
const drainMs = 10_000
/** One that ends sooner after its start than this is started again more and more slowly. */
const soonMs = 10_000
const firstDelayMs = 500
const longestDelayMs = 30_000

/** Resolves when all answer. The first starts alone: it brings the tables up to date and makes the administrator's token. */
export async function startProcesses(options: ProcessesOptions): Promise<Processes> {
  const fleet = new Fleet(options)
  try {
    const first = await fleet.launch()
    await Promise.all(Array.from({ length: options.count - 1 }, () => fleet.launch()))
    fleet.keep()
    return { ...first, close: () => fleet.close() }
  } catch (error) {
    await fleet.close()
    throw error
  }
}

class Fleet {
  #options: ProcessesOptions
  #workers = new Set<Worker>()
  /** Those that answer, with their numbers: from 0, the lowest that is free. */
  readonly #answering = new Map<Worker, number>()
  readonly #numbers = new Set<number>()
  readonly #gathering = gatherFrom(this.#answering)
  #kept = false
  #closing = false
  #delayMs = 0
  #waiting = new Set<NodeJS.Timeout>()

  constructor(options: ProcessesOptions) {
    this.#options = options
    cluster.setupPrimary({ exec: options.program, args: [] })
  }

  /** From now on one that ends is replaced. */
  keep(): void {
    this.#kept = true
    for (let missing = this.#options.count - this.#workers.size; missing > 0; missing--) this.#replace()
  }

  async launch(): Promise<Answering> {
    const began = performance.now()
    const number = this.#freeNumber()
    this.#numbers.add(number)
    const worker = cluster.fork({ ...this.#options.env, [processVariable]: String(number) })
    this.#workers.add(worker)
    worker.once('exit', (code, signal) => {
      this.#workers.delete(worker)
      this.#answering.delete(worker)
      this.#numbers.delete(number)
      if (!this.#kept || this.#closing) return
      this.#delayMs = performance.now() - began > soonMs ? 0 : this.#nextDelay()
      this.#options.tell(`Process ${worker.process.pid} ended (${signal ?? code}); another takes its place.`)
      this.#replace()
    })
    const told = await answering(worker)
    this.#answering.set(worker, number)
    return told
  }

  #freeNumber(): number {
    let number = 0
    while (this.#numbers.has(number)) number++
    return number
  }

  #nextDelay(): number {
    return Math.min(longestDelayMs, Math.max(firstDelayMs, this.#delayMs * 2))
  }

  #replace(): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer)
      const began = performance.now()
      this.launch().then(
        () => {
          const seconds = ((performance.now() - began) / 1_000).toFixed(1)
          this.#options.tell(
            `A new process answers after ${seconds} s: ${this.#workers.size} of ${this.#options.count}.`,
          )
        },
        (error: unknown) => {
          if (!this.#closing) this.#options.tell(`A new process could not start: ${(error as Error).message}`)
        },
      )
    }, this.#delayMs)
    this.#waiting.add(timer)
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const timer of this.#waiting) clearTimeout(timer)
    await Promise.all([...this.#workers].map(drain))
    this.#gathering.close()
  }
}

async function answering(worker: Worker): Promise<Answering> {
  const { promise, resolve, reject } = Promise.withResolvers<Answering>()
  worker.once('message', (report: Report) => {
    if ('answering' in report) resolve(report.answering)
    else reject(new WorkerFailed(report.failed.message, report.failed.code))
  })
  worker.once('exit', (code, signal) =>
    reject(new WorkerFailed(`it ended with ${signal ?? code} before it answered`, undefined)),
  )
  return await promise
}

async function drain(worker: Worker): Promise<void> {
  if (worker.isDead()) return
  const gone = once(worker, 'exit')
  if (worker.isConnected()) worker.send('stop', ignore)
  const late = setTimeout(() => worker.process.kill('SIGKILL'), drainMs)
  await gone
  clearTimeout(late)
}

const ignore = (): void => {}

/**
 * The worker's side: starts, tells, and gives the end of it all: when whoever started it says so, or somebody means this process (SIGTERM). Ctrl-C goes to all
 * processes of a terminal: a worker leaves it to the one that started it. When that one dies, cluster ends this one.
 */
export async function answerAsWorker<T extends Answering>(
  start: () => Promise<T>,
): Promise<{ app: T; ended: Promise<void> }> {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  process.on('SIGINT', ignore).on('SIGHUP', ignore)
  process.once('SIGTERM', () => resolve())
  process.on('message', (message) => {
    if (message === 'stop') resolve()
  })
  try {
    const app = await start()
    await report({ answering: { url: app.url, adminSecret: app.adminSecret } })
    return { app, ended }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    await report({ failed: { message, code } })
    throw error
  }
}

function report(message: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve()
    process.send(message, () => resolve())
  })
}
