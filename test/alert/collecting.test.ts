/**
 * Two Plenums that people start, on one Postgres, watch a service: the one that checks it is killed while an alert waits. The other goes on where it was: no check is
 * made twice, the alert fires once when its time is over, counted from when it began, and people are told once.
 */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openDb, type Db } from '../../src/db.ts'
import { asking, type Ask } from '../support/asking.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'
import { startProgram, type Program } from '../support/program.ts'
import { startReceiver, type TestReceiver } from './receiver.ts'

const token = 'plenum_token_for_tests_only'
const everySeconds = 1
const forSeconds = 50
const patience = { timeout: 120_000, interval: 100 }

let postgres: OwnPostgres
let db: Db
let folder: string
let service: Server
let receiver: TestReceiver
let status = 200
/** When the service was asked. */
const asked: number[] = []
const running: (Program & { ask: Ask })[] = []

async function start(): Promise<Program & { ask: Ask }> {
  const program = startProgram(['serve'], {
    ...{ PORT: '0', PLENUM_DATA_DIR: mkdtempSync(join(folder, 'data-')), PLENUM_ADMIN_TOKEN: token },
    ...{ DATABASE_URL: postgres.url, PLENUM_CONFIG: join(folder, 'plenum.yaml') },
  })
  const [, url] = await program.saw(/answers at (http:\/\/[^\s/]+)/)
  return { ...program, ask: asking(url!, token) }
}

beforeAll(async () => {
  postgres = await startOwnPostgres('collecting')
  db = openDb({ url: postgres.url, poolSize: 1 })
  folder = mkdtempSync(join(tmpdir(), 'plenum-collecting-'))
  receiver = await startReceiver()
  service = createServer((_, response) => {
    asked.push(performance.now())
    response.writeHead(status).end()
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/health`
  writeFileSync(
    join(folder, 'plenum.yaml'),
    JSON.stringify({
      sample: false,
      sources: { checks: { driver: 'check', every: everySeconds, targets: { shop: { url } } } },
      rules: [
        {
          name: 'ShopDown',
          metric: 'check.up',
          selector: { kind: ['Endpoint'] },
          condition: { type: 'threshold', below: 1 },
          for: `${forSeconds}s`,
          severity: 'critical',
          summary: '{{resource.name}} does not answer',
        },
      ],
      notify: {
        wait: '1s',
        receivers: { ops: { type: 'webhook', url: `${receiver.url}/hook` } },
        routes: [{ severity: ['critical'], to: ['ops'] }],
      },
    }),
  )
  running.push(await start())
  running.push(await start())
}, 300_000)
afterAll(async () => {
  for (const program of running) program.kill('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
  await db?.destroy()
  await receiver?.close()
  service?.closeAllConnections()
  service?.close()
  await postgres?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** The process that has a turn whose name begins so. */
async function holderOf(prefix: string): Promise<number | undefined> {
  const { rows } = await db.raw<{ rows: { holder: string }[] }>(
    'select holder from turn where starts_with(name, ?) and holder is not null and until > now()',
    [prefix],
  )
  return rows[0] === undefined ? undefined : Number(rows[0].holder.split(':')[1])
}

/** When the service was measured last, as one process tells it, milliseconds. */
async function measuredAt(program: { ask: Ask }): Promise<number> {
  const query =
    '{ resources(filter: { kind: [Endpoint] }) { nodes { readings(metric: ["check.up"]) { at } } } }'
  const { data } = await program.ask<any>(query)
  return Date.parse(data.resources.nodes[0].readings[0].at)
}

/** Never two at once: over any stretch no more than one an interval, and a few for where it begins and for timers that were late. */
function expectNotTwice(times: readonly number[]): void {
  const seconds = (times.at(-1)! - times[0]!) / 1_000
  expect(times.length).toBeLessThanOrEqual(seconds / everySeconds + 3)
}

const alertsOf = async (program: { ask: Ask }): Promise<any[]> => {
  const { data } = await program.ask<any>(
    '{ alerts(filter: { state: [PENDING, FIRING, RESOLVED], rule: ["ShopDown"] }) { nodes { id state startsAt firedAt } } }',
  )
  return data.alerts.nodes
}

test('kill -9 of the process that collects', { timeout: 400_000 }, async () => {
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(8), patience)
  const pid = await holderOf('source/')
  const killed = running.find((one) => one.pid === pid)!
  const left = running.find((one) => one !== killed)!
  expect(killed).toBeDefined()

  status = 500
  await vi.waitFor(async () => expect(await alertsOf(left)).toMatchObject([{ state: 'PENDING' }]), patience)
  const [pending] = await alertsOf(left)
  killed.kill('SIGKILL')
  await killed.ended
  const before = asked.length

  const killedAt = Date.now()

  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before + 8), patience)
  await vi.waitFor(async () => expect(await measuredAt(left)).toBeGreaterThan(killedAt), patience)
  expect(await holderOf('source/')).toBe(left.pid)

  await receiver.until((body) => body.status === 'firing')
  const fired = await alertsOf(left)
  expect(fired).toMatchObject([{ id: pending.id, state: 'FIRING', startsAt: pending.startsAt }])
  // From when it began: had who came after begun anew, it would be the time without anybody more.
  const waitedSeconds = (Date.parse(fired[0].firedAt) - Date.parse(fired[0].startsAt)) / 1_000
  expect(waitedSeconds).toBeGreaterThanOrEqual(forSeconds)
  expect(waitedSeconds).toBeLessThan(forSeconds + 40)

  status = 200
  await receiver.until((body) => body.status === 'resolved')
  expect(receiver.sent.map(({ body }) => body.status)).toEqual(['firing', 'resolved'])
  expectNotTwice(asked.slice(0, before))
  expectNotTwice(asked.slice(before))
})
