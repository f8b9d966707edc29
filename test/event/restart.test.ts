/** Postgres goes away and comes back while writers write and a follower follows: nobody is told, nothing is lost, nothing comes twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, openDb } from '../../src/db.ts'
import type { LoggedEvent, NoteEvent } from '../../src/event/event.ts'
import { startEvents } from '../../src/event/index.ts'
import { appendEvents, readHead } from '../../src/event/store.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'

let postgres: OwnPostgres

beforeAll(async () => {
  postgres = await startOwnPostgres('restarted')
}, 120_000)
afterAll(() => postgres.close())

test('the feed goes on by itself when Postgres is restarted, three times', { timeout: 240_000 }, async () => {
  const { url } = postgres
  const db = openDb({ url })
  await migrate(db)
  const events = startEvents({ db, url, log: pino({ level: 'silent' }) })
  const start = await readHead(db)
  const applied: LoggedEvent[] = []
  const stopped: unknown[] = []
  const some = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  events.run(
    start,
    (batch) => {
      applied.push(...batch)
      some.forEach((one, index) => applied.length >= index * 25 && one.resolve())
    },
    (reason) => stopped.push(reason),
  )
  const [writers, each] = [4, 20]
  const children = ['a', 'b'].map((name) =>
    spawn(
      process.execPath,
      [join(import.meta.dirname, 'writer.ts'), url, name, String(writers), String(each)],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    ),
  )
  const ended = Promise.all(children.map((child) => once(child, 'exit')))
  for (const [index, mode] of (['fast', 'immediate', 'fast'] as const).entries()) {
    await some[index + 1]!.promise
    await postgres.restart(mode)
  }
  expect((await ended).map(([code]) => code as number)).toEqual([0, 0])
  const last = await db.transaction((trx) =>
    appendEvents(trx, 'test', [{ type: 'SourceSynced', detail: { mark: 'last' } }]),
  )
  await events.feed.applied(last.seq, AbortSignal.timeout(60_000), 60_000)
  expect(applied.map((event) => event.seq)).toEqual(
    Array.from({ length: last.seq - start.seq }, (_, index) => start.seq + index + 1),
  )
  const marks = applied.map((event) => String((event.body as NoteEvent).detail['mark']))
  expect(new Set(marks).size).toBe(2 * writers * each + 1)
  expect(marks.length).toBe(2 * writers * each + 1)
  expect(stopped).toEqual([])
  await events.close()
  await db.destroy()
})
