/** Health tells why: Postgres is stopped and started again under a process that serves. */
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type App } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { checkReadiness } from '../src/health.ts'
import { startOwnPostgres, type OwnPostgres } from './support/own-postgres.ts'

let postgres: OwnPostgres
let app: App

beforeAll(async () => {
  postgres = await startOwnPostgres('health')
  const config = loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: 'plenum_token_for_tests_only' })
  app = await startApp({ ...config, health: { lagSeconds: 2 } }, postgres.url, pino({ level: 'silent' }))
}, 120_000)
afterAll(async () => {
  await app.close()
  await postgres.close()
})

const ask = async (path = '/health/ready') => {
  const response = await fetch(`${app.url}${path}`)
  return { status: response.status, body: (await response.json()) as any }
}
async function until(fits: (answer: Awaited<ReturnType<typeof ask>>) => boolean) {
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
  }
}

test('a process that has what it needs says so', async () => {
  const { status, body } = await ask()
  expect(status).toBe(200)
  expect(body).toMatchObject({ ready: true, reasons: [], checks: { graph: 'ok', database: 'ok', log: 'ok' } })
  expect(body.log.applied).toBe(body.log.head)
})

test('without Postgres it lives and is not ready, for reasons that name no host; with it, it is', async () => {
  await postgres.stop()
  const gone = await until(({ body }) => body.reasons.length === 2)
  expect(gone.status).toBe(503)
  expect(gone.body.reasons.map(({ check }: any) => check)).toEqual(['database', 'log'])
  expect(JSON.stringify(gone.body)).not.toMatch(/127\.0\.0\.1|postgres@|:\/\//)
  expect((await ask('/health/live')).status).toBe(200)
  await postgres.start()
  const back = await until(({ status }) => status === 200)
  expect(back.body.reasons).toEqual([])
})

test('a graph that is behind is told with how far', async () => {
  const looked = await checkReadiness(
    {
      db: { raw: async () => ({}) } as any,
      graph: () => 'the graph is loaded again: event 7 cannot be applied',
      lag: () => ({ head: 9_000, applied: 7_000, seconds: 31.25 }),
      lagSeconds: 30,
      ...{ isSample: true, readOnly: true },
    },
    AbortSignal.timeout(1_000),
  )
  expect(looked).toEqual({
    ready: false,
    reasons: [
      { check: 'graph', message: 'the graph is loaded again: event 7 cannot be applied' },
      {
        check: 'log',
        message: 'the graph was last known to have all of the event log 31.3 s ago; 30 s are allowed',
      },
    ],
    checks: {
      graph: 'the graph is loaded again: event 7 cannot be applied',
      database: 'ok',
      log: 'the graph was last known to have all of the event log 31.3 s ago; 30 s are allowed',
    },
    log: { applied: 7_000, head: 9_000, lagSeconds: 31.3 },
    notes: ['the sample datacenter is shown', 'read only: every mutation is refused'],
  })
})

test('a database that does not answer costs the check its deadline and no more', async () => {
  const looked = await checkReadiness(
    {
      db: { raw: () => new Promise(() => {}) } as any,
      graph: () => undefined,
      lag: () => ({ head: 1, applied: 1, seconds: 0 }),
      lagSeconds: 30,
      ...{ isSample: false, readOnly: false },
    },
    AbortSignal.timeout(50),
  )
  expect(looked.reasons).toEqual([{ check: 'database', message: 'Postgres does not answer in time' }])
})
