/** Lines on their way into the table: gathered, written in batches, tried again while the database is away. Bounded: what has no room is dropped and counted. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import type { NewLine } from './line.ts'
import { ensureDays, saveLines } from './store.ts'

const batchLines = 2_000
const gatherMs = 100
const retryMs = 1_000
/** However few lines they are, they may be long. */
const mostCharacters = 64 * 1_048_576

export interface InboxOptions {
  db: Db
  log: Logger
  waitingLines: number
  dropped(count: number): void
  kept(count: number): void
}

export class Inbox {
  readonly #options: InboxOptions
  #waiting: NewLine[] = []
  #characters = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #isClosed = false
  #isFailing = false
  readonly #days = new Set<number>()

  constructor(options: InboxOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.length
  }

  add(line: NewLine): void {
    const { waitingLines, dropped } = this.#options
    if (
      this.#isClosed ||
      this.#waiting.length >= waitingLines ||
      this.#characters + line.text.length > mostCharacters
    )
      return dropped(1)
    this.#waiting.push(line)
    this.#characters += line.text.length
    if (this.#waiting.length >= batchLines) this.#write()
    else this.#soon(gatherMs)
  }

  /** Writes what waits, once; what cannot be written by now is lost, and counted. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#writing
    this.#isFailing = false
    while (this.#waiting.length > 0 && !this.#isFailing) await this.#writeOne()
    if (this.#waiting.length > 0) this.#options.dropped(this.#waiting.length)
  }

  #soon(ms: number): void {
    if (this.#isClosed || this.#writing !== undefined) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#isFailing = false
      this.#write()
    }, ms)
  }

  #write(): void {
    if (this.#isClosed || this.#writing !== undefined) return
    if (this.#isFailing) return this.#soon(retryMs)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writeOne().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length >= batchLines) this.#write()
      else if (this.#waiting.length > 0) this.#soon(this.#isFailing ? retryMs : gatherMs)
    })
  }

  async #writeOne(): Promise<void> {
    const { db, log, kept } = this.#options
    const lines = this.#waiting.slice(0, batchLines)
    try {
      await this.#ensure(db, lines)
      await saveLines(db, lines)
    } catch (error) {
      this.#isFailing = true
      this.#days.clear()
      log.warn({ err: error }, 'log lines cannot be written now; they wait')
      return
    }
    this.#waiting.splice(0, lines.length)
    for (const { text } of lines) this.#characters -= text.length
    kept(lines.length)
  }

  async #ensure(db: Db, lines: readonly NewLine[]): Promise<void> {
    const days = new Set(lines.map(({ at }) => Math.floor(at / dayMs)))
    const missing = [...days].filter((day) => !this.#days.has(day))
    if (missing.length === 0) return
    await ensureDays(
      db,
      missing.map((day) => day * dayMs),
    )
    for (const day of missing) this.#days.add(day)
  }
}
const dayMs = 86_400_000
