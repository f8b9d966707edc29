/** A subscriber to alerts that is killed and resumed a hundred times, now in one process and now in the other, while alerts come by the thousand and Postgres restarts. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, openDb } from '../../src/db.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'
import { openSocket } from '../support/socket.ts'

const kills = 100
const machines = 10
let postgres: OwnPostgres
let apps: [TestApp, TestApp]

beforeAll(async () => {
  postgres = await startOwnPostgres('alerts')
  const db = openDb({ url: postgres.url })
  await migrate(db)
  const database = { db, url: postgres.url, close: () => db.destroy() }
  const one = await startTestApp({ database })
  apps = [one, await startTestApp({ database })]
  const items = Array.from({ length: machines }, (_, index) => ({ kind: 'Server', name: `s${index}` }))
  const { errors } = await one.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items } },
  )
  expect(errors).toBeUndefined()
}, 120_000)
afterAll(async () => {
  const { database } = apps[0]
  for (const app of apps) await app.close()
  await database.close()
  await postgres.close()
})

/** Alerts of all machines begin and end, until told to stop; what is not taken is sent again. Gives how many were taken. */
async function send(app: TestApp, name: string, stopped: () => boolean): Promise<number> {
  let taken = 0
  for (let round = 0; !stopped(); round++) {
    const isOver = round % 2 === 1
    const alerts = Array.from({ length: machines }, (_, index) => ({
      labels: { alertname: `${name}${round >> 1}`, instance: `s${index}:9100`, severity: 'warning' },
      ...(isOver ? { endsAt: new Date(Date.now() - 1).toISOString() } : {}),
    }))
    const body = JSON.stringify(alerts)
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${app.token}` }
    const post = () => fetch(`${app.url}/api/v2/alerts`, { method: 'POST', headers, body })
    while (!(await post()).ok) if (stopped()) return taken
    taken += alerts.length
  }
  return taken
}

const follow = `subscription ($after: EventCursor) { alertChanged(filter: { state: [PENDING, FIRING, RESOLVED] }, after: $after) {
  cursor snapshot alert { id state ruleName resource { name } } } }`
const seqOf = (cursor: string): number => Number(cursor.split('.')[1])

test('no alert is lost, none is told twice', { timeout: 240_000 }, async () => {
  const [one, two] = apps
  const start = (await one.query<{ cursor: string }>('{ cursor }')).data!.cursor
  let killed = 0
  const beganMs = performance.now()
  const sending = [send(one, 'a', () => killed >= kills), send(two, 'b', () => killed >= kills)]
  const seen: number[] = []
  let after = start
  let restarting: Promise<void> | undefined
  const take = ({ cursor, alert }: any): void => {
    expect(alert).not.toBeNull()
    seen.push(seqOf(cursor))
    after = cursor
  }
  while (killed < kills) {
    const socket = openSocket(apps[killed % 2]!.url, one.token)
    let messages = 0
    try {
      for await (const { alertChanged } of socket.iterate<any>(follow, { after })) {
        take(alertChanged)
        if (++messages > killed % 7) socket.kill()
      }
    } catch {
      killed++
    }
    await socket.close()
    if (killed === kills / 2) restarting ??= postgres.restart('fast')
  }
  await restarting
  const sent = (await Promise.all(sending)).reduce((sum, count) => sum + count, 0)
  const perMinute = (sent / (performance.now() - beganMs)) * 60_000
  const rows = await one.database
    .db('event')
    .where('seq', '>', seqOf(start))
    .where({ type: 'AlertChanged' })
    .orderBy('seq')
    .select('seq')
  const expected = rows.map(({ seq }) => Number(seq))
  const last = openSocket(two.url, two.token)
  if (seqOf(after) < expected.at(-1)!)
    for await (const { alertChanged } of last.iterate<any>(follow, { after })) {
      take(alertChanged)
      if (seqOf(after) >= expected.at(-1)!) break
    }
  await last.close()
  expect(seen).toEqual(expected)
  expect(expected.length).toBeGreaterThanOrEqual(sent)
  expect(perMinute).toBeGreaterThan(1_000)
})
