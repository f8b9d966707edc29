/** The load of a graph of a former instant, and who waits for it. */
import { shared } from '../cancel.ts'
import type { Graph } from './graph.ts'

export class Loading {
  readonly graph: Promise<Graph>
  /** Called when nobody waits any more and it is not there yet. */
  onGivenUp: () => void = () => {}
  readonly #stop = new AbortController()
  #waiting = 0
  #isThere = false

  constructor(load: (signal: AbortSignal) => Promise<Graph>) {
    this.graph = shared(() => load(this.#stop.signal)).then((graph) => {
      this.#isThere = true
      return graph
    })
    // Whoever waits is told.
    this.graph.catch(() => {})
  }

  async wait(signal: AbortSignal): Promise<Graph> {
    signal.throwIfAborted()
    if (this.#isThere) return this.graph
    this.#waiting++
    const { promise: gone, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.graph, gone])
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (--this.#waiting === 0 && !this.#isThere) {
        this.onGivenUp()
        this.#stop.abort(signal.reason)
      }
    }
  }
}
