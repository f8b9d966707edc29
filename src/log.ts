/** Structured lines on standard error; standard output is for answers. */
import pino, { type Logger } from 'pino'
import { trailFields } from './telemetry/index.ts'

/** The log of a program that serves: a promise that failed and that nobody waits for any more is told, and ends nothing. */
export function createServerLog(level: string): Logger {
  const log = createLog(level)
  process.on('unhandledRejection', (reason) =>
    log.error({ err: reason }, 'a promise failed that nobody waits for'),
  )
  return log
}

export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: trailFields,
      mixinMergeStrategy: (line, trail) => ({ ...trail, ...line }),
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
