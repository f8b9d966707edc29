/**
 * Writes the samples to the remote: follows the ticks from where it was, in the process whose turn it is. A tick counts as sent when the remote has taken all of it that it ever will; one
 * that was being sent when a process died is sent again, and what the remote has of it already it refuses.
 */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Catalogue } from '../catalogue.ts'
import { readTicks } from '../store.ts'
import { decodeTick } from '../tick.ts'
import { toRequests } from './batch.ts'
import { RemoteError, type Client } from './client.ts'
import type { StaticLabels } from './label.ts'
import { remoteLost, remoteSamples, remoteWrites } from './meter.ts'
import { noteSent, readSent } from './store.ts'
import type { RemoteSeries } from './write-request.ts'

export interface WriterOptions {
  db: Knex
  catalogue: Catalogue
  client: Pick<Client, 'write'>
  labels: StaticLabels
  log: Logger
  now: () => number
}

const ticksAtOnce = 100
/** Requests that one refused request may become until who is to blame is found. */
const mostTries = 64
const firstWaitMs = 1_000
const longestWaitMs = 60_000
const sayEveryMs = 60_000

export class Writer {
  readonly #options: WriterOptions
  #failures = 0
  #notBefore = -Infinity
  #saidAt = -Infinity
  #emptyAt: number | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** How long ago nothing waited; undefined before the first time, and where another process sends. */
  get lagSeconds(): number | undefined {
    return this.#emptyAt === undefined ? undefined : (this.#options.now() - this.#emptyAt) / 1_000
  }

  /** Another process sends from now on. */
  rest(): void {
    this.#emptyAt = undefined
  }

  /** Sends what there is; ends when nothing more is there, or the remote does not take it now. */
  async run(signal: AbortSignal): Promise<void> {
    const { db, now } = this.#options
    if (now() < this.#notBefore) return
    for (let sent = await readSent(db); !signal.aborted;) {
      const ticks = await readTicks(db, sent, ticksAtOnce)
      const last = ticks.at(-1)
      if (last === undefined) return void (this.#emptyAt = now())
      this.#tellGap(sent, ticks[0]!.seq)
      const decoded = ticks.map(({ payload }) => decodeTick(payload))
      for (const { ids } of decoded) await this.#options.catalogue.learn(ids)
      const { catalogue, labels } = this.#options
      const requests = toRequests(decoded, (id) => catalogue.key(id), labels)
      if (!(await this.#sendAll(requests, signal))) return
      await noteSent(db, last.seq)
      sent = last.seq
    }
  }

  /** Whether the remote has taken all that it will. */
  async #sendAll(requests: readonly RemoteSeries[][], signal: AbortSignal): Promise<boolean> {
    try {
      for (const request of requests) await this.#send(request, { left: mostTries }, signal)
      if (this.#failures > 0) this.#options.log.info('the remote store takes samples again')
      this.#failures = 0
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (!(error instanceof RemoteError)) throw error
      remoteWrites.add(['failed'])
      const waitMs =
        error.retryAfterMs ?? Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#failures, 10))
      this.#failures += 1
      this.#notBefore = this.#options.now() + waitMs
      this.#say({ failure: error.message, waitMs }, 'the remote store takes no samples now; they wait')
      return false
    }
  }

  /** What is refused is halved until only that is left out which is to blame. */
  async #send(series: readonly RemoteSeries[], tries: { left: number }, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.client.write(series, signal)
      remoteWrites.add(['ok'])
      remoteSamples.add(['sent'], series.length)
    } catch (error) {
      if (!(error instanceof RemoteError) || error.kind !== 'refused') throw error
      remoteWrites.add(['refused'])
      if (series.length === 1 || tries.left <= 0) {
        remoteSamples.add(['refused'], series.length)
        this.#say({ failure: error.message, samples: series.length }, 'the remote store refuses samples')
        return
      }
      tries.left -= 2
      const half = Math.ceil(series.length / 2)
      await this.#send(series.slice(0, half), tries, signal)
      await this.#send(series.slice(half), tries, signal)
    }
  }

  #tellGap(sent: number, next: number): void {
    const lost = next - sent - 1
    if (lost <= 0) return
    remoteLost.add([], lost)
    this.#options.log.warn(
      { ticks: lost },
      'samples waited for the remote store for too long and were dropped',
    )
  }

  #say(detail: object, message: string): void {
    const now = this.#options.now()
    if (now - this.#saidAt < sayEveryMs) return
    this.#saidAt = now
    this.#options.log.warn(detail, message)
  }
}
