import { once, EventEmitter } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countStatements, listen, migrate } from '../src/db.ts'
import { createDatabase, type TestDatabase } from './support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())

test('migrating twice changes nothing', async () => {
  await Promise.all([migrate(database.db), migrate(database.db)])
  const { rows } = await database.db.raw('select seq from log_head')
  expect(rows).toEqual([{ seq: '0' }])
})

test('a listener hears a notification, and again after its connection was cut', async () => {
  const heard = new EventEmitter()
  const connected = once(heard, 'wake')
  const listener = listen(database.url, 'plenum_event', () => heard.emit('wake'))
  await connected
  const first = once(heard, 'wake')
  await database.db.raw('notify plenum_event')
  await first
  const again = once(heard, 'wake')
  await database.db.raw(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'plenum listener' and datname = current_database()",
  )
  await again
  await listener.close()
})

test('statements are counted', async () => {
  const counting = countStatements(database.db)
  await database.db('resource').select('id')
  expect(counting.stop()).toBe(1)
})
