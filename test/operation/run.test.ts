/**
 * Operations by enumeration: whatever fails, before or after its effect, whatever is answered late, and wherever the process is killed between two rows of its log,
 * who takes over ends it: all of it is there, or nothing is. What is looked at is the backend, not the tables.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertOperation, moveOperation } from '../../src/operation/index.ts'
import type { OperationKind, OperationState, StepKind } from '../../src/operation/operation.ts'
import { runOperation } from '../../src/operation/run.ts'
import { stepsOf } from '../../src/operation/step/store.ts'
import { holdTurn, readOperations, TurnLost } from '../../src/operation/store.ts'
import { PlenumError } from '../../src/errors.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.close())

const turn = 'operate/0'

/** As a process that has died is: whatever it was about to do does not happen. */
class Killed extends Error {}

/** Kills at the `at`-th moment; counts them. */
class Reaper {
  moment = 0
  readonly #at: number
  readonly #process = new AbortController()

  constructor(at: number) {
    this.#at = at
  }

  get signal(): AbortSignal {
    return this.#process.signal
  }

  /** Everything after it finds the process dead. */
  pass(): void {
    if (this.#process.signal.aborted) throw new Killed()
    if (this.moment++ !== this.#at) return
    this.#process.abort(new Killed())
    throw new Killed()
  }
}

type Fault = 'none' | 'before' | 'after' | 'late' | 'before, passing' | 'after, passing'
const faults: readonly Fault[] = ['none', 'before', 'after', 'late', 'before, passing', 'after, passing']

/** What is there, by name; making and ending by name may come twice. */
class Backend {
  readonly there = new Set<string>()
  readonly made = new Map<string, number>()
  readonly #faults: Record<string, Fault>

  constructor(faults: Record<string, Fault>) {
    this.#faults = { ...faults }
  }

  async do(what: string, effect: () => void, signal: AbortSignal): Promise<void> {
    const fault = this.#faults[what] ?? 'none'
    if (fault.endsWith('passing')) delete this.#faults[what]
    if (fault.startsWith('before')) throw failure(fault)
    effect()
    if (fault.startsWith('after')) throw failure(fault)
    if (fault === 'late') await new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)))
  }
}

const onAbort = (signal: AbortSignal, then: () => void): void =>
  signal.aborted ? then() : signal.addEventListener('abort', then, { once: true })
const failure = (fault: Fault) =>
  new PlenumError(fault.endsWith('passing') ? 'SOURCE_UNAVAILABLE' : 'INVALID_INPUT', `the backend: ${fault}`)

function stepKind(backend: Backend, reaper: Reaper, repeats: number): StepKind {
  const effect = async (what: string, work: () => void, signal: AbortSignal) => {
    reaper.pass()
    // A request that was sent twice, as by a client that tries again.
    for (let time = 0; time < repeats; time++) await backend.do(what, work, signal)
    reaper.pass()
  }
  return {
    kind: 'make',
    timeoutMs: 20,
    async run({ index }, { name, signal }) {
      await effect(`run ${String(index)}`, () => backend.there.add(name), signal)
      return { name }
    },
    undo: ({ index }, { name, signal }) =>
      effect(`undo ${String(index)}`, () => backend.there.delete(name), signal),
  }
}

const kind = (unwinds: boolean, reaper: Reaper): OperationKind => {
  const end = async (id: number, state: OperationState, fence: { turn: string; epoch: number }) => {
    reaper.pass()
    await database.db.transaction(async (trx) => {
      await holdTurn(trx, fence)
      await moveOperation(trx, id, ['RUNNING', 'UNWINDING'], { state })
    })
  }
  return {
    kind: 'test',
    unwinds,
    finish: ({ id }, _, fence) => end(id, 'SUCCEEDED', fence),
    fail: ({ id }, ended, fence) => end(id, ended, fence),
  }
}

/** Each process has the turn under an epoch of its own. */
async function takeTurn(): Promise<number> {
  const { rows } = await database.db.raw<{ rows: { epoch: string }[] }>(
    `insert into turn (name, holder, epoch, until) values (?, 'test', 1, now() + interval '1 hour')
     on conflict (name) do update set epoch = turn.epoch + 1 returning epoch`,
    [turn],
  )
  return Number(rows[0]!.epoch)
}

const count = 2
const begin = (cancelled: boolean): Promise<number> =>
  database.db.transaction(async (trx) => {
    const id = await insertOperation(
      trx,
      {
        kind: 'test',
        state: 'PENDING',
        allocationId: null,
        tenantId: null,
        input: {},
        startedBy: 'x',
        at: new Date(),
      },
      Array.from({ length: count }, (_, index) => ({
        kind: 'make',
        parameters: { index },
        name: (id: number) => `thing-${id}-${index}`,
      })),
    )
    if (cancelled) await trx('operation').where({ id }).update({ cancel_asked_by: 'y' })
    return id
  })

interface World {
  backend: Backend
  unwinds?: boolean
  repeats?: number
}

/** One life of a process. */
async function live(
  id: number,
  reaper: Reaper,
  { backend, unwinds = true, repeats = 1 }: World,
): Promise<void> {
  const epoch = await takeTurn()
  await runOperation(id, { turn, epoch }, reaper.signal, {
    db: database.db,
    kinds: new Map([['test', kind(unwinds, reaper)]]),
    steps: new Map([['make', stepKind(backend, reaper, repeats)]]),
    attempts: 3,
    pauseMs: 1,
    tell: async () => reaper.pass(),
  }).catch((error: unknown) => {
    if (!reaper.signal.aborted) throw error
  })
}

const stateOf = async (id: number) => (await readOperations(database.db, { ids: [id], first: 1 }))[0]!.state

/** Kills one process at the moment, then lets another end it; how many moments the first had. */
async function end(id: number, world: World, killedAt: number): Promise<number> {
  const reaper = new Reaper(killedAt)
  await live(id, reaper, world)
  if (reaper.signal.aborted) await live(id, new Reaper(Infinity), world)
  return reaper.moment
}

function check(state: OperationState, backend: Backend, what: string): void {
  const left = backend.there.size
  if (state === 'SUCCEEDED') expect([what, left]).toEqual([what, count])
  else {
    expect([what, ['FAILED', 'CANCELLED'].includes(state)]).toEqual([what, true])
    expect([what, left]).toEqual([what, 0])
  }
}

/** At every moment that it has. */
async function everywhere(
  what: string,
  world: () => World,
  expected: (state: OperationState) => boolean,
  cancelled = false,
): Promise<number> {
  for (let at = 0; ; at++) {
    const id = await begin(cancelled)
    const { backend, ...rest } = world()
    const moments = await end(id, { backend, ...rest }, at)
    const state = await stateOf(id)
    const told = `${what}, killed at ${at}: ${state}`
    expect([told, expected(state)]).toEqual([told, true])
    check(state, backend, told)
    if (moments <= at) return at
  }
}

describe('whatever happens, all is there or nothing is', () => {
  const steps = Array.from({ length: count }, (_, index) => index)

  test.each(steps.flatMap((index) => faults.map((fault) => [index, fault] as const)))(
    'step %i fails: %s',
    async (index, fault) => {
      const isOver = ['before', 'after', 'late'].includes(fault)
      const moments = await everywhere(
        `step ${index} ${fault}`,
        () => ({ backend: new Backend({ [`run ${index}`]: fault }) }),
        (state) => state === (isOver ? 'FAILED' : 'SUCCEEDED'),
      )
      expect(moments).toBeGreaterThan(8)
    },
    60_000,
  )

  test.each(
    steps.flatMap((index) =>
      (['before, passing', 'after, passing'] as const).map((fault) => [index, fault] as const),
    ),
  )(
    'the undo of step %i fails: %s',
    async (index, fault) => {
      const moments = await everywhere(
        `undo ${index} ${fault}`,
        () => ({ backend: new Backend({ [`undo ${index}`]: fault, 'run 1': 'after' }) }),
        (state) => state === 'FAILED',
      )
      expect(moments).toBeGreaterThan(12)
    },
    60_000,
  )

  test('every step and undo twice', async () => {
    for (const fault of ['none', 'after'] as const)
      await everywhere(
        `twice ${fault}`,
        () => ({ backend: new Backend({ 'run 1': fault }), repeats: 2 }),
        (state) => state === (fault === 'none' ? 'SUCCEEDED' : 'FAILED'),
      )
  }, 60_000)

  test('cancelled before it began', async () => {
    await everywhere(
      'cancelled',
      () => ({ backend: new Backend({}) }),
      (state) => state === 'CANCELLED',
      true,
    )
  }, 60_000)
})

test('what cannot be undone is stuck, with what is known of it', async () => {
  const backend = new Backend({ 'run 1': 'after', 'undo 0': 'before' })
  const id = await begin(false)
  await live(id, new Reaper(Infinity), { backend })
  expect(await stateOf(id)).toBe('STUCK')
  const steps = (await stepsOf(database.db, [id])).get(id)!
  expect(steps.map(({ state }) => state)).toEqual(['STUCK', 'UNDONE'])
  expect(steps[0]!.error).toMatchObject({ code: 'INVALID_INPUT' })
  expect([...backend.there]).toEqual([`thing-${id}-0`])
})

test('what cannot be taken back is stuck at the step that fails, and undoes nothing', async () => {
  const backend = new Backend({ 'run 1': 'before' })
  const id = await begin(false)
  await live(id, new Reaper(Infinity), { backend, unwinds: false })
  expect(await stateOf(id)).toBe('STUCK')
  expect([...backend.there]).toEqual([`thing-${id}-0`])
})

test('who slept past its turn writes nothing any more, and the other is not disturbed', async () => {
  const backend = new Backend({})
  const id = await begin(false)
  const asleep = Promise.withResolvers<void>()
  const awake = Promise.withResolvers<void>()
  const epoch = await takeTurn()
  const sleeper: StepKind = {
    kind: 'make',
    timeoutMs: 60_000,
    async run(_, { name }) {
      backend.there.add(name)
      asleep.resolve()
      await awake.promise
      return {}
    },
    undo: async () => {},
  }
  const slept = runOperation(id, { turn, epoch }, new AbortController().signal, {
    db: database.db,
    kinds: new Map([['test', kind(true, new Reaper(Infinity))]]),
    steps: new Map([['make', sleeper]]),
    tell: async () => {},
  })
  const refused = expect(slept).rejects.toBeInstanceOf(TurnLost)
  await asleep.promise
  await live(id, new Reaper(Infinity), { backend })
  expect(await stateOf(id)).toBe('SUCCEEDED')
  awake.resolve()
  await refused
  expect(await stateOf(id)).toBe('SUCCEEDED')
  expect(backend.there.size).toBe(count)
})
