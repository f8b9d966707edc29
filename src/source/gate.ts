/** Lets in so many at once and so many a second, in the order of coming. */
import { SourceError } from './source.ts'

interface Waiting {
  enter: () => void
  signal: AbortSignal
  onAbort: () => void
}

export class Gate {
  readonly #atOnce: number
  readonly #perSecond: number
  readonly #now: () => number
  readonly #waiting: Waiting[] = []
  #inside = 0
  #tokens: number
  #filledMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(atOnce: number, perSecond: number, now: () => number) {
    this.#atOnce = atOnce
    this.#perSecond = perSecond
    this.#now = now
    this.#tokens = Math.max(1, perSecond)
    this.#filledMs = now()
  }

  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        const place = this.#waiting.indexOf(waiting)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(
          new SourceError('aborted', 'given up while waiting for other requests', { cause: signal.reason }),
        )
      }
      const waiting = { enter: () => resolve(this.#leaveOnce()), signal, onAbort }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiting)
      this.#letIn()
    })
  }

  #leaveOnce(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      this.#inside -= 1
      this.#letIn()
    }
  }

  #letIn(): void {
    this.#fill()
    while (this.#waiting.length > 0 && this.#inside < this.#atOnce && this.#tokens >= 1) {
      const { enter, signal, onAbort } = this.#waiting.shift()!
      signal.removeEventListener('abort', onAbort)
      this.#inside += 1
      this.#tokens -= 1
      enter()
    }
    if (this.#waiting.length === 0 || this.#inside >= this.#atOnce || this.#timer !== undefined) return
    const waitMs = ((1 - this.#tokens) / this.#perSecond) * 1_000
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#letIn()
    }, Math.ceil(waitMs))
    this.#timer.unref()
  }

  #fill(): void {
    if (this.#perSecond === Infinity) return void (this.#tokens = Infinity)
    const now = this.#now()
    const most = Math.max(1, this.#perSecond)
    this.#tokens = Math.min(most, this.#tokens + ((now - this.#filledMs) / 1_000) * this.#perSecond)
    this.#filledMs = now
  }
}
