/**
 * When which device is polled: each at its own place in the interval, so that they do not come all at once; one that still runs is not asked again; so many at once, where those
 * that keep it waiting do not count; one that does not answer is asked ever more seldom and comes back by itself.
 */
/** What is polled, as far as its times go. */
export interface Polled {
  readonly key: string
  /** Polls in a row that it did not answer. */
  readonly failures: number
  close(): void
}

export interface ScheduleOptions<Device extends Polled> {
  intervalMs: number
  atOnce: number
  /**
   * Polls; never rejects. Tells whether the device answered. `isTime`: it is one of its own times, otherwise it was woken; `targeted`: woken, and only `wanted` is to
   * be read.
   */
  poll(
    device: Device,
    wanted: ReadonlySet<string>,
    how: { targeted: boolean; isTime: boolean },
  ): Promise<boolean>
  /** Milliseconds, steady. */
  now(): number
}

interface Entry<Device> {
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

/** How long a poll may hold a place that others wait for, and how many may take longer, for each place. */
const patienceMs = 250
const slowPerPlace = 16
const longestBackoffMs = 10 * 60_000
const longestBackoffSteps = 8

export class Schedule<Device extends Polled> {
  /** Polls that were due while the one before still ran. */
  skipped = 0
  /** Polls that began more than a tenth of the interval after they were due. */
  late = 0
  readonly #options: ScheduleOptions<Device>
  readonly #entries = new Map<string, Entry<Device>>()
  readonly #waiting: { entry: Entry<Device>; dueMs: number }[] = []
  #running = 0
  #slow = 0
  #closed = false

  constructor(options: ScheduleOptions<Device>) {
    this.#options = options
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Begins with a poll soon, spread over a second for a thousand devices. */
  add(device: Device): void {
    const entry: Entry<Device> = {
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

  #arm(entry: Entry<Device>, afterMs: number): void {
    clearTimeout(entry.timer)
    if (this.#closed) return
    entry.nextMs = this.#options.now() + afterMs
    entry.timer = setTimeout(() => {
      entry.isTime = true
      this.#due(entry)
    }, afterMs)
  }

  #due(entry: Entry<Device>): void {
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

  async #run(entry: Entry<Device>, dueMs: number): Promise<void> {
    const { intervalMs, now, poll } = this.#options
    const leave = this.#enter()
    entry.isRunning = true
    const beganMs = now()
    if (beganMs - dueMs > intervalMs / 10) this.late++
    const { wanted, isTime } = entry
    entry.wanted = new Set()
    entry.isWoken = false
    entry.isTime = false
    if (isTime) entry.nextMs = this.#nextMs(entry.device, dueMs)
    const { nextMs } = entry
    const isUp = await poll(entry.device, wanted, { targeted: !isTime && wanted.size > 0, isTime })
    leave()
    entry.isRunning = false
    if (entry.isWoken) this.#due(entry)
    else if (!isUp) this.#arm(entry, this.#backoffMs(entry.device))
    else this.#arm(entry, isTime ? this.#untilNext(nextMs) : Math.max(0, nextMs - now()))
    this.#fill()
  }

  /** Takes one of the places until it is left. What takes long, because it answers slowly or not at all, gives its place up: it costs nothing while it waits. */
  #enter(): () => void {
    this.#running++
    let isSlow = false
    const timer = setTimeout(() => {
      if (this.#slow >= this.#options.atOnce * slowPerPlace) return
      isSlow = true
      this.#slow++
      this.#running--
      this.#fill()
    }, patienceMs)
    return () => {
      clearTimeout(timer)
      if (isSlow) this.#slow--
      else this.#running--
    }
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
