import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FeedBatch } from '../../src/context.ts'
import type { Cursor, LoggedEvent, NoteEvent } from '../../src/event/event.ts'
import { startEvents, type Events } from '../../src/event/index.ts'
import { appendEvents, pruneEvents, readHead, startNewEpoch } from '../../src/event/store.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
let database: TestDatabase
let events: Events
let stopped: unknown[]

beforeEach(async () => {
  database = await createDatabase()
  stopped = []
  events = startEvents({ db: database.db, url: database.url, log })
  events.run(
    await readHead(database.db),
    () => {},
    (reason) => stopped.push(reason),
  )
})
afterEach(async () => {
  await events.close()
  await database.close()
})

const note = (mark: number) => ({ type: 'SourceSynced' as const, detail: { mark } })
const write = (...marks: number[]) =>
  database.db.transaction((trx) => appendEvents(trx, 'test', marks.map(note)))
const marksOf = (list: readonly LoggedEvent[]) =>
  list.map((event) => (event.body as NoteEvent).detail['mark'])

/** Follows until `enough`, then stops. */
async function follow(after: Cursor, enough: (batches: FeedBatch[]) => boolean): Promise<FeedBatch[]> {
  const abort = new AbortController()
  const batches: FeedBatch[] = []
  for await (const batch of events.feed.follow(after, abort.signal)) {
    batches.push(batch)
    if (enough(batches)) break
  }
  abort.abort()
  return batches
}
const eventsOf = (batches: readonly FeedBatch[]) =>
  batches.flatMap((batch) => ('events' in batch ? batch.events : []))

test('events are replayed from a cursor and then followed live, each once', async () => {
  const start = events.feed.cursor()
  await write(1, 2, 3)
  const following = follow(start, (batches) => eventsOf(batches).length >= 5)
  await write(4)
  await write(5)
  expect(marksOf(eventsOf(await following))).toEqual([1, 2, 3, 4, 5])
})

test('a caller waits until its own write is applied', async () => {
  const cursor = await write(1)
  await events.feed.applied(cursor.seq, AbortSignal.timeout(5_000))
  expect(events.feed.cursor()).toEqual(cursor)
})

test('waiting for what never comes ends with a limit that names itself', async () => {
  await expect(events.feed.applied(99, AbortSignal.timeout(5_000), 50)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: { name: 'readAfterMilliseconds' } },
  })
})

test('a cursor of another log, one ahead of the log, and one whose events were pruned get a gap', async () => {
  const start = events.feed.cursor()
  const cursor = await write(1, 2, 3)
  await events.feed.applied(cursor.seq, AbortSignal.timeout(5_000))
  const isGap = (batches: FeedBatch[]) => batches.some((batch) => 'gap' in batch)
  expect(await follow({ epoch: 'ffffffff', seq: 1 }, isGap)).toMatchObject([
    { gap: true, resumeFrom: cursor },
  ])
  expect(await follow({ ...cursor, seq: 99 }, isGap)).toMatchObject([{ gap: true, resumeFrom: cursor }])
  await pruneEvents(database.db, new Date(Date.now() + 60_000))
  await events.close()
  events = startEvents({ db: database.db, url: database.url, log })
  events.run(
    cursor,
    () => {},
    () => {},
  )
  expect(await follow(start, isGap)).toMatchObject([{ gap: true, resumeFrom: cursor }])
})

test('a hole in the log, a refused event and a new epoch stop the feed instead of being passed over', async () => {
  const head = await readHead(database.db)
  const refusal = new Error('cannot apply')
  const refused = new Promise((resolve) =>
    events.run(
      head,
      () => {
        throw refusal
      },
      resolve,
    ),
  )
  await write(1)
  expect(await refused).toBe(refusal)
  const holed = Promise.withResolvers<unknown>()
  events.run(await readHead(database.db), () => {}, holed.resolve)
  await database.db.raw('update log_head set seq = seq + 1')
  await write(2)
  expect(String(await holed.promise)).toMatch(/the log has event 3 where 2 belongs/)
  const renewed = Promise.withResolvers<unknown>()
  events.run(await readHead(database.db), () => {}, renewed.resolve)
  await startNewEpoch(database.db)
  events.feed.wake()
  expect(String(await renewed.promise)).toMatch(/backup was restored/)
})

test(
  '16 writers in two processes, their transactions overlapping, a follower killed and resumed 50 times: every event once, in order',
  { timeout: 120_000 },
  async () => {
    const [writers, each] = [8, 20]
    const start = events.feed.cursor()
    const processes = ['a', 'b'].map((name) => startWriter(name, writers, each))
    const ended = Promise.all(processes.map((child) => once(child, 'exit')))
    const total = 2 * writers * each
    const seen: LoggedEvent[] = []
    let cursor = start
    let resumed = 0
    while (seen.length < total) {
      const most = resumed < 50 ? 1 + (resumed % 7) : total
      for (const batch of await follow(cursor, (batches) => eventsOf(batches).length >= 1)) {
        if ('gap' in batch) throw new Error(batch.reason)
        const taken = batch.events.slice(0, most)
        seen.push(...taken)
        cursor = { epoch: cursor.epoch, seq: taken.at(-1)!.seq }
      }
      resumed++
    }
    expect((await ended).map(([code]) => code)).toEqual([0, 0])
    expect(resumed).toBeGreaterThanOrEqual(50)
    expect(seen.map((event) => event.seq)).toEqual(
      Array.from({ length: total }, (_, index) => start.seq + index + 1),
    )
    expect(new Set(marksOf(seen)).size).toBe(total)
    expect(stopped).toEqual([])
  },
)

function startWriter(name: string, writers: number, each: number): ChildProcess {
  return spawn(
    process.execPath,
    [join(import.meta.dirname, 'writer.ts'), database.url, name, String(writers), String(each)],
    { stdio: 'inherit' },
  )
}
