/** What comes into being after its undo is ended all the same, once, by who has the turn. */
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { insertOperation } from '../../src/operation/index.ts'
import type { StepKind } from '../../src/operation/operation.ts'
import { sweep } from '../../src/operation/sweep.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
const there = new Set<string>()
let undone: string[] = []
let failing = false
let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
  await database.db.raw(
    `insert into turn (name, holder, epoch, until) values ('operate/0', 'test', 7, now() + interval '1 hour')`,
  )
})
afterAll(() => database.close())
beforeEach(() => {
  there.clear()
  undone = []
  failing = false
})

const make: StepKind = {
  kind: 'make',
  timeoutMs: 1_000,
  run: async () => ({}),
  async undo(_, { name }) {
    undone.push(name)
    if (failing) throw new Error('away')
    there.delete(name)
  },
}

const run = (epoch = 7, settleMs = 0) =>
  sweep(
    { db: database.db, log, steps: [make] },
    [{ turn: 'operate/0', epoch, signal: new AbortController().signal }],
    1,
    settleMs,
    new AbortController().signal,
  )

/** An operation that has ended, with one step in this state. */
async function ended(state: string, step: string, ago = '1 minute'): Promise<string> {
  const at = new Date()
  const rest = { kind: 'x', allocationId: null, tenantId: null, input: {}, startedBy: 'x', at }
  const names = { kind: 'make', parameters: {}, name: (own: number, epoch: string) => `${epoch}-${own}` }
  const id = await database.db.transaction((trx) =>
    insertOperation(trx, { ...rest, state: 'PENDING' }, [names]),
  )
  await database.db.raw('update operation set state = ?, ended_at = now() - ?::interval where id = ?', [
    ...[state, ago],
    id,
  ])
  await database.db.raw('update operation_step set state = ?, ended_at = now() where operation_id = ?', [
    step,
    id,
  ])
  const [row] = await database.db('operation_step').where({ operation_id: id }).select('name')
  return row.name
}

test('a late effect is ended, and looked after once', async () => {
  const [failed, cancelled] = [await ended('FAILED', 'UNDONE'), await ended('CANCELLED', 'UNDONE')]
  there.add(failed).add(cancelled)
  await run()
  expect([...there]).toEqual([])
  await run()
  expect(undone.sort()).toEqual([failed, cancelled].sort())
})

test('what stands by right is left, and what may still be under way is waited for', async () => {
  there.add(await ended('SUCCEEDED', 'DONE')).add(await ended('FAILED', 'UNDONE', '1 second'))
  await run(7, 30_000)
  expect(undone).toEqual([])
  expect(there.size).toBe(2)
  await run(7, 0)
  expect(there.size).toBe(1)
})

test('a backend that is away is asked again, and one without the turn has not swept', async () => {
  const name = await ended('FAILED', 'UNDONE')
  failing = true
  await run()
  failing = false
  await run(6)
  await run()
  await run()
  expect(undone).toEqual([name, name, name])
})
