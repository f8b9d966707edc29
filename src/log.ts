/** Structured lines on standard error; standard output is for answers. */
import pino, { type Logger } from 'pino'

export function createLog(level: string): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  )
}
