/** Who does which work: one at a time, evenly, taken over when somebody falls silent; whoever slept past a turn changes nothing. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTurns, type Turn, type Turns } from '../src/turn.ts'
import { createDatabase, type TestDatabase } from './support/postgres.ts'

const log = pino({ level: 'silent' })
let database: TestDatabase
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  database = await createDatabase()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await database.close()
})

function open(lengthMs = 600, graceMs = 100): Turns {
  const turns = startTurns({ db: database.db, log, lengthMs, graceMs })
  closing.push(() => turns.close())
  return turns
}

/** Shares the names; `until` resolves when what is held satisfies. */
function join(turns: Turns, names: readonly string[], release?: (turn: Turn) => Promise<void>) {
  let held: readonly Turn[] = []
  let changed = Promise.withResolvers<void>()
  const group = turns.share(
    'work',
    names,
    (now) => {
      held = now
      changed.resolve()
      changed = Promise.withResolvers()
    },
    release,
  )
  return {
    group,
    names: () => held.map((turn) => turn.turn).sort(),
    async until(satisfied: (held: readonly Turn[]) => boolean): Promise<readonly Turn[]> {
      while (!satisfied(held)) await changed.promise
      return held
    },
  }
}

const names = ['a', 'b', 'c', 'd', 'e', 'f']

test('one process holds all, a second gets its half, and what is under way is finished before it goes', async () => {
  const finished: string[] = []
  const one = join(open(), names, async (turn) => {
    expect(turn.signal.aborted).toBe(false)
    finished.push(turn.turn)
  })
  await one.until((held) => held.length === 6)
  const other = join(open(), names)
  await other.until((held) => held.length === 3)
  await one.until((held) => held.length === 3)
  expect([...one.names(), ...other.names()].sort()).toEqual(names)
  expect(finished.sort()).toEqual(other.names())
})

test('a process that only shares other work takes no part of this', async () => {
  const away = open()
  away.share('other', ['x'], () => {})
  const one = join(open(), names)
  await one.until((held) => held.length === 6)
})

test('what is given back is free at once, with a higher epoch', async () => {
  const first = open()
  const one = join(first, ['a'])
  const [before] = await one.until((held) => held.length === 1)
  await one.group.close()
  expect(before!.signal.aborted).toBe(true)
  const other = join(open(), ['a'])
  const [after] = await other.until((held) => held.length === 1)
  expect(after!.epoch).toBe(before!.epoch + 1)
})

test('a turn that cannot be renewed is over by the own clock, before anybody else may have it', async () => {
  const turns = open(300, 100)
  const one = join(turns, ['a'])
  const [turn] = await one.until((held) => held.length === 1)
  await database.db.raw('alter table turn rename to turn_away')
  try {
    await one.until((held) => held.length === 0)
    expect(turn!.signal.aborted).toBe(true)
  } finally {
    await database.db.raw('alter table turn_away rename to turn')
  }
  await one.until((held) => held.length === 1)
})

test('two processes: one that is stopped past its turn changes nothing when it wakes', async () => {
  const worker = await startWorker()
  expect(await worker.line('held')).toBe('held a 1')
  expect(await worker.line('wrote')).toBe('wrote 1')

  worker.process.kill('SIGSTOP')
  const one = join(open(2_000), ['a'])
  const [turn] = await one.until((held) => held.length === 1)
  expect(turn!.epoch).toBe(2)

  worker.process.kill('SIGCONT')
  // It goes on writing with what it was given: refused by the epoch, and it learns that its turn is lost.
  const told = [await worker.line('refused', 'lost'), await worker.line('refused', 'lost')]
  while (new Set(told).size < 2) told.push(await worker.line('refused', 'lost'))
  expect(new Set(told)).toEqual(new Set(['refused 1', 'lost a']))
  const written = await database.db('written').select('epoch')
  expect(written.every((row: { epoch: string }) => row.epoch === '1')).toBe(true)
  expect(one.names()).toEqual(['a'])
})

interface Worker {
  process: ChildProcess
  /** The next line that begins with one of these. */
  line(...starts: string[]): Promise<string>
}

async function startWorker(): Promise<Worker> {
  await database.db.raw('create table written (epoch bigint)')
  const child = spawn(process.execPath, [new URL('turn-worker.ts', import.meta.url).pathname, database.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  closing.push(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  return {
    process: child,
    async line(...starts) {
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`the worker ended before it said ${starts.join(' or ')}`)
        if (starts.some((start) => value.startsWith(start))) return value
      }
    },
  }
}
