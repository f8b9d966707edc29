/** One timer for any number of waits: a ring of slots, each a doubly linked list. Adding and removing are O(1) and allocate nothing. */
export class Waiter {
  /** When `expired` is to be told, milliseconds of the wheel's clock. */
  wakeAt = 0
  slot = -1
  next: Waiter | null = null
  previous: Waiter | null = null
}

export interface Wheel<T extends Waiter> {
  /** Waits (anew) until `waiter.wakeAt`. */
  add(waiter: T): void
  remove(waiter: T): void
  readonly size: number
  close(): void
}

export interface WheelOptions<T extends Waiter> {
  /** Default 10. */
  tickMs?: number
  now?: () => number
  expired: (waiter: T) => void
}

const slotCount = 1024

export const startWheel = <T extends Waiter>(options: WheelOptions<T>): Wheel<T> => new Ring(options)

class Ring<T extends Waiter> implements Wheel<T> {
  readonly #slots: (T | null)[] = Array.from({ length: slotCount }, () => null)
  readonly #tickMs: number
  readonly #now: () => number
  readonly #expired: (waiter: T) => void
  #timer: NodeJS.Timeout | null = null
  /** Slots before this tick are drained. */
  #tick = 0
  #size = 0

  constructor({ tickMs = 10, now = () => performance.now(), expired }: WheelOptions<T>) {
    this.#tickMs = tickMs
    this.#now = now
    this.#expired = expired
  }

  get size(): number {
    return this.#size
  }

  add(waiter: T): void {
    this.remove(waiter)
    if (this.#size === 0 && this.#timer === null) this.#tick = Math.floor(this.#now() / this.#tickMs)
    // A slot is drained when its tick is over, so nothing wakes early.
    waiter.slot = Math.max(Math.floor(waiter.wakeAt / this.#tickMs), this.#tick) % slotCount
    const head = this.#slots[waiter.slot] ?? null
    waiter.next = head
    if (head !== null) head.previous = waiter
    this.#slots[waiter.slot] = waiter
    this.#size++
    this.#timer ??= setTimeout(this.#turn, this.#tickMs)
  }

  remove(waiter: T): void {
    if (waiter.slot < 0) return
    if (waiter.previous !== null) waiter.previous.next = waiter.next
    else this.#slots[waiter.slot] = waiter.next as T | null
    if (waiter.next !== null) waiter.next.previous = waiter.previous
    waiter.slot = -1
    waiter.next = waiter.previous = null
    this.#size--
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#slots.fill(null)
    this.#size = 0
  }

  readonly #turn = (): void => {
    this.#timer = null
    const time = this.#now()
    const last = Math.floor(time / this.#tickMs)
    // After a long pause every slot is passed once, not once a missed round.
    this.#tick = Math.max(this.#tick, last - slotCount)
    while (this.#tick < last) this.#drain(this.#tick++ % slotCount, time)
    if (this.#size > 0) this.#timer ??= setTimeout(this.#turn, this.#tickMs)
  }

  #drain(slot: number, time: number): void {
    const due: T[] = []
    // What belongs to a later round of the ring stays.
    for (let waiter = this.#slots[slot] ?? null; waiter !== null; waiter = waiter.next as T | null)
      if (waiter.wakeAt <= time) due.push(waiter)
    for (const one of due) {
      // An earlier one may have removed it, or made it wait longer.
      if (one.slot !== slot || one.wakeAt > time) continue
      this.remove(one)
      this.#expired(one)
    }
  }
}
