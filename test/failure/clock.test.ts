/** The clock is set by an hour, forwards and backwards, under a process that serves: turns, tokens, sources and samples. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

const hourMs = 3_600_000
let app: TestApp
let target: Server
const WallClock = Date

beforeAll(async () => {
  // From the start on: some keep the function that tells the time.
  globalThis.Date = Stepped as DateConstructor
  target = createServer((socket) => socket.resume().end()).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const url = `tcp://127.0.0.1:${(target.address() as AddressInfo).port}`
  app = await startTestApp({
    sources: {
      site: { driver: 'check', interval: '1s', every: 0.2, targets: { door: { url, service: 'door' } } },
    },
  })
})
afterAll(async () => {
  globalThis.Date = WallClock
  await app.close()
  target.close()
})
afterEach(() => setClock(0))

/** Only the wall clock: what waits goes on waiting as it was. */
let offsetMs = 0
const setClock = (byMs: number): void => void (offsetMs = byMs)
class Stepped extends WallClock {
  constructor(...given: [] | [number]) {
    if (given.length === 0) super(Stepped.now())
    else super(...given)
  }
  static override now(): number {
    return WallClock.now() + offsetMs
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof WallClock
  }
}

const turn = async () => {
  const { rows } = await app.database.db.raw<any>(
    `select epoch::int, holder, until > clock_timestamp() as is_held from turn where name = 'source/site'`,
  )
  return rows[0]
}
async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found) return found
  }
}
const state = async () => {
  const { data } = await app.query<any>('{ sources { name state { lastSyncAt failure } } }')
  return data.sources.find(({ name }: any) => name === 'site').state
}
/** The turn is renewed and a listing comes, whatever the clock says. */
async function goesOn(): Promise<void> {
  const before = await turn()
  const { lastSyncAt } = await state()
  const after = await until(async () => {
    const now = await state()
    return now.lastSyncAt !== lastSyncAt && now
  })
  expect(after.failure).toBeNull()
  expect(await turn()).toEqual({ ...before, is_held: true })
}

test.each([
  ['forwards', hourMs],
  ['backwards', -hourMs],
])('%s: the turn stays, the source is listed on, what is measured is kept', async (_, byMs) => {
  await until(async () => (await state()).lastSyncAt !== null)
  setClock(byMs)
  await goesOn()
  const range = `{ from: "${new Date(Date.now() - 60_000).toISOString()}", to: "${new Date(Date.now() + 60_000).toISOString()}" }`
  await until(async () => {
    const { data, errors } = await app.query<any>(
      `{ resource(ref: "Endpoint:name=door") { series(metric: "check.up", range: ${range}) { values } } }`,
    )
    expect(errors ?? []).toEqual([])
    return data.resource.series?.flatMap(({ values }: any) => values).some((value: any) => value !== null)
  })
})

test('a token that the step has made too old is refused, and its socket ends; one of later is not', async () => {
  const create = async (name: string, forMs: number): Promise<string> => {
    const { data, errors } = await app.query<any>(
      'mutation ($input: TokenInput!) { createToken(input: $input) { secret } }',
      { input: { name, role: 'VIEWER', expiresAt: new Date(Date.now() + forMs).toISOString() } },
    )
    expect(errors).toBeUndefined()
    return data.createToken.secret
  }
  const [short, long] = [await create('short', hourMs / 2), await create('long', 2 * hourMs)]
  const socket = openSocket(app.url, short)
  const following = socket.iterate('subscription { resourceChanged(snapshot: true) { cursor } }')
  await following.next()
  const rest = following.next().catch(() => ({ done: true }))
  setClock(hourMs)
  const as = (secret: string) => app.query('{ cursor }', {}, { authorization: `Bearer ${secret}` })
  expect((await as(short)).errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED')
  expect((await as(long)).errors).toBeUndefined()
  expect((await socket.closed).code).toBe(4403)
  await rest
  await socket.close()
})

test('a turn that Postgres’ clock has put into the future, and whose holder is dead, is free before the hour is over', async () => {
  const { startTurns } = await import('../../src/turn.ts')
  const { default: pino } = await import('pino')
  await app.database.db.raw(
    `insert into turn (name, holder, epoch, until) values ('stepped', 'dead', 7, clock_timestamp() + interval '1 hour')`,
  )
  const turns = startTurns({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    lengthMs: 300,
    graceMs: 100,
  })
  const held = Promise.withResolvers<number>()
  turns.share('stepped', ['stepped'], ([one]) => one && held.resolve(one.epoch))
  expect(await held.promise).toBe(8)
  await turns.close()
})
