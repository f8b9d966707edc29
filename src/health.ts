/** Whether requests should be sent to this process, and if not, why. Anybody may ask: nothing of hosts, users or data is told. */
import type { Readiness } from './api/index.ts'
import { toReadiness } from './api/index.ts'
import type { Db } from './db.ts'

export interface HealthOptions {
  db: Db
  /** Why the graph is not to be asked. */
  graph(): string | undefined
  lag(): { head: number; applied: number; seconds: number }
  /** Beyond this the answers are too old. */
  lagSeconds: number
  isSample: boolean
  readOnly: boolean
}

export async function checkReadiness(options: HealthOptions, signal: AbortSignal): Promise<Readiness> {
  const database = await lookAtDatabase(options.db, signal)
  const { head, applied, seconds } = options.lag()
  const lagSeconds = Math.round(seconds * 10) / 10
  const late =
    seconds > options.lagSeconds
      ? `the graph was last known to have all of the event log ${lagSeconds} s ago; ${options.lagSeconds} s are allowed`
      : undefined
  const notes = [
    ...(options.isSample ? ['the sample datacenter is shown'] : []),
    ...(options.readOnly ? ['read only: every mutation is refused'] : []),
  ]
  return toReadiness(
    { graph: options.graph(), database, log: late },
    { log: { applied, head, lagSeconds }, notes },
  )
}

async function lookAtDatabase(db: Db, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const late = (): void => resolve('Postgres does not answer in time')
  signal.addEventListener('abort', late, { once: true })
  const asked = db.raw('select 1').then(() => undefined, toReason)
  const answer = await Promise.race([asked, promise])
  signal.removeEventListener('abort', late)
  return answer
}

/** Codes are for everybody; messages name hosts and users. */
function toReason(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string }
  if (name === 'KnexTimeoutError') return 'no connection to Postgres is free or can be made'
  return `Postgres cannot be asked (${code ?? 'no code'})`
}
