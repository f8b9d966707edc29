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

const slotCount = 1024

export function startWheel<T extends Waiter>({
  tickMs = 10,
  now = () => performance.now(),
  expired,
}: {
  tickMs?: number
  now?: () => number
  expired: (waiter: T) => void
}): Wheel<T> {
  const slots: (T | null)[] = Array.from({ length: slotCount }, () => null)
  let timer: NodeJS.Timeout | null = null
  let tick = 0
  let size = 0

  const remove = (waiter: T): void => {
    if (waiter.slot < 0) return
    if (waiter.previous !== null) waiter.previous.next = waiter.next
    else slots[waiter.slot] = waiter.next as T | null
    if (waiter.next !== null) waiter.next.previous = waiter.previous
    waiter.slot = -1
    waiter.next = waiter.previous = null
    size--
  }

  const drain = (slot: number, time: number): void => {
    let waiter = slots[slot] ?? null
    const due: T[] = []
    // What belongs to a later round of the ring stays.
    for (; waiter !== null; waiter = waiter.next as T | null) if (waiter.wakeAt <= time) due.push(waiter)
    for (const one of due) {
      // An earlier one may have removed it, or made it wait longer.
      if (one.slot !== slot || one.wakeAt > time) continue
      remove(one)
      expired(one)
    }
  }

  const turn = (): void => {
    timer = null
    const time = now()
    const last = Math.floor(time / tickMs)
    // After a long pause every slot is passed once, not once a missed round.
    tick = Math.max(tick, last - slotCount)
    while (tick < last) drain(tick++ % slotCount, time)
    if (size > 0 && timer === null) timer = setTimeout(turn, tickMs)
  }

  return {
    add(waiter) {
      remove(waiter)
      if (size === 0 && timer === null) tick = Math.floor(now() / tickMs)
      // A slot is passed when its tick is over, so nothing wakes early.
      const at = Math.max(Math.floor(waiter.wakeAt / tickMs), tick)
      waiter.slot = at % slotCount
      const head = slots[waiter.slot] ?? null
      waiter.next = head
      if (head !== null) head.previous = waiter
      slots[waiter.slot] = waiter
      size++
      timer ??= setTimeout(turn, tickMs)
    },
    remove,
    get size() {
      return size
    },
    close() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      slots.fill(null)
      size = 0
    },
  }
}
