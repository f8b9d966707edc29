/** The longest time that the event loop stood still, by the clock and by the processor time that this thread had in it. */
export interface Pauses {
  /** Milliseconds that passed: on a busy machine other programs are in it. */
  wall: number
  /** Milliseconds of this thread's own work within one pause. */
  own: number
}

const tickMs = 5

export function watchPauses(): { read(): Pauses; stop(): Pauses } {
  const worst: Pauses = { wall: 0, own: 0 }
  let [last, lastOwn] = [performance.now(), ownMs()]
  const timer = setInterval(() => {
    const [now, own] = [performance.now(), ownMs()]
    worst.wall = Math.max(worst.wall, now - last - tickMs)
    worst.own = Math.max(worst.own, own - lastOwn)
    ;[last, lastOwn] = [now, own]
  }, tickMs)
  return {
    read: () => ({ ...worst }),
    stop: () => {
      clearInterval(timer)
      return { ...worst }
    },
  }
}

function ownMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
