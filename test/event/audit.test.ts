/** The audit trail shows what was done to it. */
import { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  pruneAudit,
  readAudit,
  readAuditHead,
  toLine,
  verifyAudit,
  verifyLines,
  writeAudit,
} from '../../src/event/index.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const databases: TestDatabase[] = []
let database: TestDatabase
beforeEach(async () => {
  database = await createDatabase()
  databases.push(database)
})
afterAll(() => Promise.all(databases.map((one) => one.close())))

const write = (action: string, input: unknown = {}) =>
  writeAudit(database.db, {
    ...{ actor: 'ops', remoteAddress: '127.0.0.1', requestId: 'r', action, input },
    outcome: 'OK',
  })
const places = async () => (await verifyAudit(database.db)).faults.map(({ place }) => place)

async function exported(): Promise<string[]> {
  const lines: string[] = []
  for await (const links of readAudit(database.db, { batch: 3 })) lines.push(...links.map(toLine))
  return lines
}
const verifyText = (lines: string[]) => verifyLines(createInterface({ input: Readable.from(lines) }))

test('records written at the same time by several are one chain', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, index) => write('update', { index, text: 'ä "\\ \n' })))
  const verdict = await verifyAudit(database.db)
  expect(verdict).toMatchObject({ records: 40, place: 40, faults: [] })
  expect(await readAuditHead(database.db)).toMatchObject({ place: 40, hash: verdict.hash })
})

test('what an older process writes, without a hash, is in the chain too', async () => {
  await database.db('audit').insert({ at: new Date(), actor: 'old', action: 'update', outcome: 'OK' })
  await write('update')
  expect(await verifyAudit(database.db)).toMatchObject({ records: 2, faults: [] })
})

test('changed, taken out, put in, cut off, made anew: each shows, and where', async () => {
  for (let index = 1; index <= 6; index++) await write(`act ${index}`, { index })
  const noted = await readAuditHead(database.db)
  const { db } = database
  await db('audit').where({ place: 2 }).update({ actor: 'somebody else' })
  expect(await places()).toEqual([2])
  await db('audit').where({ place: 2 }).update({ actor: 'ops' })
  expect(await places()).toEqual([])

  await db.raw(`update audit set at = at + interval '1 microsecond' where place = 3`)
  expect(await places()).toEqual([3])
  await db.raw(`update audit set at = at - interval '1 microsecond' where place = 3`)

  const [row] = await db('audit').where({ place: 6 }).delete().returning('*')
  expect(await places()).toEqual([6])
  // Who takes the end off and the head back with it is found by a head that was kept elsewhere.
  await db('audit_head').update({ place: 5, hash: row.previous })
  expect(await places()).toEqual([])
  expect((await verifyAudit(db, noted)).faults).toMatchObject([{ place: 6 }])
  await write('another in its place')
  expect((await verifyAudit(db, noted)).faults).toMatchObject([{ place: 6 }])

  await db('audit').where({ place: 4 }).delete()
  expect(await places()).toEqual([4])
})

test('pruning keeps what is left verifiable; removing the oldest by hand does not pass for it', async () => {
  for (let index = 1; index <= 6; index++) await write(`act ${index}`)
  const { db } = database
  await db('audit').where('place', '<=', 3).delete()
  expect(await places()).toEqual([1])
  const later = new Date(Date.now() + 1_000)
  expect(await pruneAudit(db, later, 2)).toBe(2)
  expect(await readAuditHead(db)).toMatchObject({ place: 6, prunedPlace: 5 })
  expect(await verifyAudit(db)).toMatchObject({ records: 1, faults: [] })
  expect(await pruneAudit(db, later)).toBe(1)
  await write('after all were pruned')
  expect(await verifyAudit(db)).toMatchObject({ records: 1, place: 7, faults: [] })
})

test('an export is verified by itself, wherever it begins', async () => {
  for (let index = 1; index <= 5; index++) await write(`act ${index}`, { deep: { list: [1, 'zwei', null] } })
  const lines = await exported()
  expect(JSON.parse(lines[0]!)).toMatchObject({
    record: { place: 1, actor: 'ops', action: 'act 1', input: { deep: { list: [1, 'zwei', null] } } },
  })
  expect(await verifyText(lines)).toMatchObject({ records: 5, faults: [] })
  expect(await verifyText(lines.slice(2))).toMatchObject({ records: 3, faults: [] })
  expect((await verifyText([...lines.slice(0, 1), ...lines.slice(2)])).faults).toMatchObject([{ place: 2 }])
  const forged = lines.map((line) => line.replace('act 3', 'act 9'))
  expect((await verifyText(forged)).faults).toMatchObject([{ place: 3 }])
  expect((await verifyText(['{"a":1}\n'])).faults).toHaveLength(1)
})
