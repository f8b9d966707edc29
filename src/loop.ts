/** A loop: an idempotent function that runs now and then, without input. One run at a time; a run that fails is told and tried again at the next. */
import type { Logger } from 'pino'

export interface Loop {
  /** Resolves when a run that is under way has ended. */
  close(): Promise<void>
}

export interface LoopOptions {
  name: string
  everyMs: number
  log: Logger
  run(signal: AbortSignal): Promise<void>
}

export function startLoop({ name, everyMs, log, run }: LoopOptions): Loop {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const turn = () => {
    running ??= run(stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn({ err: error, loop: name }, 'a loop failed; it runs again later')
      })
      .finally(() => {
        running = undefined
      })
  }
  const timer = setInterval(turn, everyMs)
  timer.unref()
  turn()
  return {
    async close() {
      clearInterval(timer)
      stop.abort()
      await running
    },
  }
}
