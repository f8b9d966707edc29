/** Whether the process runs, and whether it can answer. */
import type { FastifyInstance } from 'fastify'

export interface Readiness {
  ready: boolean
  /** What was looked at: `ok`, or what is wrong. */
  checks: Record<string, string>
}
export type CheckReady = (signal: AbortSignal) => Promise<Readiness>

const deadlineMs = 3_000

export function addHealth(app: FastifyInstance, ready: CheckReady): void {
  app.get('/health/live', (_, reply) => reply.header('cache-control', 'no-store').send({ live: true }))
  app.get('/health/ready', async (request, reply) => {
    const state = await ready(AbortSignal.timeout(deadlineMs)).catch((error: unknown): Readiness => {
      request.log.warn({ err: error }, 'the readiness check failed')
      return { ready: false, checks: { check: 'failed or took too long' } }
    })
    return reply
      .code(state.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(state)
  })
}
