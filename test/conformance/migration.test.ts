import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeTables } from '../support/catalogue.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const folder = join(import.meta.dirname, '..', '..', 'migrations')
let database: TestDatabase

beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())

test('migrations in order give migrations/schema.sql', async () => {
  const head =
    '-- What the migrations give. Written by: npx vitest run -u test/conformance/migration.test.ts\n\n'
  await expect(head + (await describeTables(database.db))).toMatchFileSnapshot(join(folder, 'schema.sql'))
})

test('migrations are numbered without holes', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  expect(names.sort().map((name) => name.slice(0, 5))).toEqual(
    names.map((_, index) => `${String(index + 1).padStart(4, '0')}-`),
  )
})

test('the description tells tables apart', async () => {
  const before = await describeTables(database.db)
  await database.db.raw('alter table resource alter column owner set not null')
  expect(await describeTables(database.db)).not.toBe(before)
  await database.db.raw('alter table resource alter column owner drop not null')
  expect(await describeTables(database.db)).toBe(before)
})
