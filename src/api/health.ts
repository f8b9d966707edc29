/** Whether the process runs, and whether it can answer: `GET /health/live`, `GET /health/ready`. */
import type { FastifyInstance } from 'fastify'

/** Something because of which no requests should be sent here. */
export interface Reason {
  /** What was looked at. */
  check: 'starting' | 'draining' | 'graph' | 'database' | 'log' | 'check'
  message: string
}

export interface Readiness {
  ready: boolean
  /** Why it is not ready; empty when it is. */
  reasons: Reason[]
  /** What was looked at: `ok`, or what is wrong. */
  checks: Record<string, string>
  /** How far the graph is behind the log, as far as this process knows. */
  log?: { applied: number; head: number; lagSeconds: number }
  /** What is to be known and is no fault: that the sample is shown, that nothing may be written. */
  notes?: string[]
}
export type CheckReady = (signal: AbortSignal) => Promise<Readiness>

const deadlineMs = 3_000

/** What was looked at, put together. */
export function toReadiness(
  found: Readonly<Record<string, string | undefined>>,
  rest: Pick<Readiness, 'log' | 'notes'> = {},
): Readiness {
  const reasons = Object.entries(found).flatMap(([check, message]) =>
    message === undefined ? [] : [{ check: check as Reason['check'], message }],
  )
  const checks = Object.fromEntries(Object.entries(found).map(([check, message]) => [check, message ?? 'ok']))
  return { ready: reasons.length === 0, reasons, checks, ...rest }
}

export function addHealth(app: FastifyInstance, ready: CheckReady): void {
  app.get('/health/live', (_, reply) => reply.header('cache-control', 'no-store').send({ live: true }))
  app.get('/health/ready', async (request, reply) => {
    const state = await ready(AbortSignal.timeout(deadlineMs)).catch((error: unknown): Readiness => {
      request.log.warn({ err: error }, 'the readiness check failed')
      return toReadiness({ check: 'failed or took too long' })
    })
    return reply
      .code(state.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(state)
  })
}
