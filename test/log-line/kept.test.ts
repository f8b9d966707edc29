/** Lines while the database is away, and lines whose time is over. */
import pino from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { migrate, openDb, type Db } from '../../src/db.ts'
import { Inbox } from '../../src/log-line/inbox.ts'
import { pruneLogLines, startLogLines, type NewLine } from '../../src/log-line/index.ts'
import { createDatabase } from '../support/postgres.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'

const log = pino({ level: 'silent' })
const dayMs = 86_400_000
const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

const line = (text: string, at = Date.now()): NewLine => ({
  ...{ at, toldAt: null, resourceId: 1, interfaceId: null, tenantId: null, level: 6, program: null, text },
})

async function partitions(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'log_line'::regclass order by 1",
  )
  return rows.map(({ name }) => name)
}

test(
  'what comes while the database is away waits, up to a bound that is counted',
  { timeout: 120_000 },
  async () => {
    const postgres = await startOwnPostgres('logs')
    ending.push(() => postgres.close())
    const db = openDb({ url: postgres.url })
    ending.push(() => db.destroy())
    await migrate(db)
    const count = { dropped: 0, kept: 0 }
    const lines = new Inbox({
      ...{ db, log, waitingLines: 100 },
      dropped: (more) => void (count.dropped += more),
      kept: (more) => void (count.kept += more),
    })
    const reader = startLogLines({ db, log, waitingLines: 1 })
    const found = async () => reader.of({ from: 0, to: Date.now() + 1, words: [] }, 1_000)
    lines.add(line('there'))
    await vi.waitFor(async () => expect(await found()).toHaveLength(1), { timeout: 60_000, interval: 20 })
    await postgres.stop()
    for (let number = 0; number < 130; number++) lines.add(line(`away ${number}`))
    expect(count.dropped).toBe(30)
    await postgres.start()
    await vi.waitFor(async () => expect(await found()).toHaveLength(101), { timeout: 60_000, interval: 50 })
    // Each once, however often it was tried.
    expect(new Set((await found()).map(({ text }) => text)).size).toBe(101)
    await lines.close()
    expect(count).toEqual({ dropped: 30, kept: 101 })
  },
)

test('a day whose time is over goes as a whole, and what comes late makes its day anew', async () => {
  const database = await createDatabase()
  ending.push(() => database.close())
  const { db } = database
  const now = Date.now()
  const lines = startLogLines({ db, log, waitingLines: 100 })
  for (const days of [0, 1, 9, 10, 40]) lines.add(line(`${days} days ago`, now - days * dayMs))
  await lines.close()
  expect(await partitions(db)).toHaveLength(5)
  await pruneLogLines(db, new Date(now - 10 * dayMs))
  const kept = await startLogLines({ db, log, waitingLines: 1 }).of({ from: 0, to: now + 1, words: [] }, 10)
  expect(kept.map(({ text }) => text)).toEqual(['0 days ago', '1 days ago', '9 days ago', '10 days ago'])
  expect(await partitions(db)).toHaveLength(4)
  const again = startLogLines({ db, log, waitingLines: 100 })
  again.add(line('late', now - 40 * dayMs))
  await again.close()
  expect(await partitions(db)).toHaveLength(5)
})
