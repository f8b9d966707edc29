import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDb, type Db } from '../src/db.ts'
import { createDatabase, type TestDatabase } from './support/postgres.ts'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createDatabase()
  db = openDb({ url: database.url, poolSize: 1 })
})
afterAll(async () => {
  await db.destroy()
  await database.close()
})

const prepared = async (text: string): Promise<number> => {
  const { rows } = await db.raw<{ rows: { statement: string }[] }>(
    'select statement from pg_prepared_statements',
  )
  return rows.filter(({ statement }) => statement.includes(text)).length
}
const times = async (count: number, ask: (index: number) => Promise<unknown>): Promise<void> => {
  for (let index = 0; index < count; index++) await ask(index)
}

test('what is asked again and again is prepared, and answers the same', async () => {
  const ask = (id: number) => db.raw<{ rows: object[] }>('select cast(? as integer) + 1 as often', [id])
  await times(2, ask)
  expect(await prepared('as often')).toBe(0)
  await times(3, ask)
  expect(await prepared('as often')).toBe(1)
  expect((await ask(41)).rows).toEqual([{ often: 42 }])
})

test('large lists, all columns of a table and changes of tables are not', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => index)
  await times(5, () => db.raw('select count(*) as large from unnest(?::integer[])', [many as never]))
  await times(5, () => db.raw('select * from resource where id = ? and kind = kind', [1]))
  await times(5, (index) =>
    db.raw(`create table prepared_${index} as select cast(? as integer) as id`, [1]).catch(() => {}),
  )
  expect(await prepared('as large')).toBe(0)
  expect(await prepared('kind = kind')).toBe(0)
  expect(await prepared('create table')).toBe(0)
})

test('a table that gets another column breaks none of them', async () => {
  await db.raw('create table grown (id integer)')
  const ask = () => db.raw<{ rows: object[] }>('select id from grown where id > ?', [0])
  await times(5, ask)
  await db.raw('alter table grown add column name text; insert into grown values (1, $$a$$)')
  expect((await ask()).rows).toEqual([{ id: 1 }])
})
