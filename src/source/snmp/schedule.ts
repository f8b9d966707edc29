/**
 * When which device is polled: each at its own place in the interval, so that they do not come all at once; one that still runs is not asked again; so many at once; one that
 * does not answer is asked ever more seldom and comes back by itself.
 */
import type { Device } from './device.ts'

export interface ScheduleOptions {
  intervalMs: number
  atOnce: number
  /** Polls; never rejects. Tells whether the device answered. `targeted`: it was woken between its times, and only `wanted` is to be read. */
  poll(device: Device, wanted: ReadonlySet<string>, targeted: boolean): Promise<boolean>
  /** Milliseconds, steady. */
  now(): number
}

interface Entry {
  device: Device
  timer: NodeJS.Timeout | undefined
  isRunning: boolean
  isWaiting: boolean
  /** Modules to be read at once, whatever their interval. */
  wanted: Set<string>
  isWoken: boolean
  /** Whether its own time has come: it is not only woken. */
  isTime: boolean
  /** Its next own time. */
  nextMs: number
}

const longestBackoffMs = 10 * 60_000
const longestBackoffSteps = 8

export class Schedule {
  /** Polls that were due while the one before still ran. */
  skipped = 0
  /** Polls that began more than a tenth of the interval after they were due. */
  late = 0
  readonly #options: ScheduleOptions
  readonly #entries = new Map<string, Entry>()
  readonly #waiting: { entry: Entry; dueMs: number }[] = []
  #running = 0
  #closed = false

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Begins with a poll soon, spread over a second for a thousand devices. */
  add(device: Device): void {
    const entry: Entry = {
      device,
      timer: undefined,
      isRunning: false,
      isWaiting: false,
      wanted: new Set(),
      isWoken: false,
      isTime: false,
      nextMs: 0,
    }
    this.#entries.set(device.key, entry)
    this.#arm(entry, Math.min(hashOf(device.key) % 1_000, this.#entries.size))
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    this.#entries.delete(key)
    entry.device.close()
  }

  /** Polls a device now; while it is being polled, right after. Without modules everything that is due soon. */
  wake(key: string, modules: Iterable<string>): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    for (const module of modules) entry.wanted.add(module)
    entry.isWoken = true
    if (!entry.isRunning && !entry.isWaiting) this.#due(entry)
  }

  devices(): Device[] {
    return [...this.#entries.values()].map(({ device }) => device)
  }

  #arm(entry: Entry, afterMs: number): void {
    clearTimeout(entry.timer)
    if (this.#closed) return
    entry.nextMs = this.#options.now() + afterMs
    entry.timer = setTimeout(() => {
      entry.isTime = true
      this.#due(entry)
    }, afterMs)
  }

  #due(entry: Entry): void {
    clearTimeout(entry.timer)
    if (this.#closed || this.#entries.get(entry.device.key) !== entry) return
    if (entry.isRunning || entry.isWaiting) {
      this.skipped++
      return
    }
    entry.isWaiting = true
    this.#waiting.push({ entry, dueMs: this.#options.now() })
    this.#fill()
  }

  #fill(): void {
    while (this.#running < this.#options.atOnce) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      next.entry.isWaiting = false
      if (this.#entries.get(next.entry.device.key) === next.entry) void this.#run(next.entry, next.dueMs)
    }
  }

  async #run(entry: Entry, dueMs: number): Promise<void> {
    const { intervalMs, now, poll } = this.#options
    this.#running++
    entry.isRunning = true
    const beganMs = now()
    if (beganMs - dueMs > intervalMs / 10) this.late++
    const { wanted, isTime } = entry
    entry.wanted = new Set()
    entry.isWoken = false
    entry.isTime = false
    if (isTime) entry.nextMs = this.#nextMs(entry.device, dueMs)
    const { nextMs } = entry
    const isUp = await poll(entry.device, wanted, !isTime && wanted.size > 0)
    this.#running--
    entry.isRunning = false
    if (entry.isWoken) this.#due(entry)
    else if (!isUp) this.#arm(entry, this.#backoffMs(entry.device))
    else this.#arm(entry, isTime ? this.#untilNext(nextMs) : Math.max(0, nextMs - now()))
    this.#fill()
  }

  /** The next place of this device in the interval. */
  #nextMs(device: Device, dueMs: number): number {
    const { intervalMs } = this.#options
    const place = hashOf(device.key) % intervalMs
    return Math.floor((dueMs - place) / intervalMs + 1.5) * intervalMs + place
  }

  /** Places that passed while the poll ran are skipped. */
  #untilNext(nextMs: number): number {
    const { intervalMs, now } = this.#options
    let next = nextMs
    for (const nowMs = now(); next < nowMs; next += intervalMs) this.skipped++
    return next - now()
  }

  #backoffMs({ failures, key }: Device): number {
    const { intervalMs } = this.#options
    const steps = Math.min(Math.max(0, failures - 2), longestBackoffSteps)
    const ms = Math.min(intervalMs * 2 ** steps, Math.max(longestBackoffMs, intervalMs))
    return ms * (0.9 + (hashOf(key) % 200) / 1_000)
  }

  close(): void {
    this.#closed = true
    for (const key of [...this.#entries.keys()]) this.remove(key)
    this.#waiting.length = 0
  }
}

export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
