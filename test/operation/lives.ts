/** Operations on a backend that fails as it is told to, each in a process that may die at any moment and be followed by another. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { stepKinds, type Sight } from '../../src/allocation/step/index.ts'
import { insertOperation, moveOperation, type NewStep } from '../../src/operation/index.ts'
import type {
  OperationFault,
  OperationKind,
  OperationState,
  StepKind,
} from '../../src/operation/operation.ts'
import { runOperation } from '../../src/operation/run.ts'
import { holdTurn, readOperations } from '../../src/operation/store.ts'
import { sweep } from '../../src/operation/sweep.ts'
import { openstack } from '../../src/source/openstack/index.ts'
import type { Source } from '../../src/source/source.ts'
import type { Fault, TenantCloud } from '../source/openstack/tenant.ts'
import type { Db } from '../../src/db.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

class Killed extends Error {}

/** As a process that dies at its `at`-th moment: nothing of it happens after that. */
export class Reaper {
  moment = 0
  readonly #at: number
  readonly #process = new AbortController()
  constructor(at: number) {
    this.#at = at
  }
  get signal(): AbortSignal {
    return this.#process.signal
  }
  pass(): void {
    if (this.#process.signal.aborted) throw new Killed()
    if (this.moment++ !== this.#at) return
    this.#process.abort(new Killed())
    throw new Killed()
  }
}

/** A backend of its own, and the source that speaks to it. */
export interface World {
  source: Source
  fault(what: string, how: Fault): void
  close(): Promise<void>
}
export interface CloudWorld<C> extends World {
  cloud: C
}

export interface Run<W extends World> {
  steps: readonly NewStep[]
  faults?: Record<string, Fault>
  repeats?: number
  /** Kills the first process; another follows. */
  reaper?: Reaper
  prepare?(world: W): void
  /** Default: those of allocations. */
  kinds?(world: W, db: Db): StepKind[]
  /** Before the backend is closed. */
  then?(world: W): Promise<void>
}

const turn = 'operate/0'

export class Lives<W extends World> {
  readonly #database: TestDatabase
  readonly #start: () => Promise<W>

  private constructor(database: TestDatabase, start: () => Promise<W>) {
    this.#database = database
    this.#start = start
  }

  static async open<W extends World>(start: () => Promise<W>): Promise<Lives<W>> {
    return new Lives(await createDatabase(), start)
  }

  /** Once, in a world of its own. */
  async run({ steps, faults = {}, repeats = 1, reaper, prepare, kinds = kindsOf, then }: Run<W>): Promise<{
    id: number
    state: OperationState
    error: OperationFault | null
    world: W
  }> {
    const world = await this.#start()
    for (const [what, fault] of Object.entries(faults)) world.fault(what, fault)
    prepare?.(world)
    try {
      const id = await this.#begin(steps)
      const all = kinds(world, this.#database.db)
      if (reaper !== undefined) await this.#live(id, all, reaper, repeats)
      if (reaper === undefined || reaper.signal.aborted)
        await this.#live(id, all, new Reaper(Infinity), repeats)
      await then?.(world)
      const [operation] = await readOperations(this.#database.db, { ids: [id], first: 1 })
      return { id, state: operation!.state, error: operation!.error, world }
    } finally {
      await world.close()
    }
  }

  /** Until all that was undone is looked after. */
  async sweep(world: W): Promise<void> {
    const epoch = await this.#takeTurn()
    const signal = new AbortController().signal
    const options = { db: this.#database.db, log: pino({ level: 'silent' }), steps: kindsOf(world) }
    for (let times = 0; times < 20; times++) await sweep(options, [{ turn, epoch, signal }], 1, 0, signal)
  }

  #begin(steps: readonly NewStep[]): Promise<number> {
    const rest = { allocationId: null, tenantId: null, input: {}, startedBy: 'x', at: new Date() }
    return this.#database.db.transaction((trx) =>
      insertOperation(trx, { kind: 'test', state: 'PENDING', ...rest }, steps),
    )
  }

  async #takeTurn(): Promise<number> {
    const { rows } = await this.#database.db.raw<{ rows: { epoch: string }[] }>(
      `insert into turn (name, holder, epoch, until) values (?, 'test', 1, now() + interval '1 hour')
       on conflict (name) do update set epoch = turn.epoch + 1 returning epoch`,
      [turn],
    )
    return Number(rows[0]!.epoch)
  }

  async #live(id: number, kinds: readonly StepKind[], reaper: Reaper, repeats: number): Promise<void> {
    const epoch = await this.#takeTurn()
    await runOperation(id, { turn, epoch }, reaper.signal, {
      db: this.#database.db,
      kinds: new Map([['test', this.#kind(reaper)]]),
      steps: new Map(kinds.map((kind) => [kind.kind, watched(kind, reaper, repeats)])),
      attempts: 2,
      undoAttempts: 4,
      pauseMs: 1,
      tell: async () => reaper.pass(),
    }).catch((error: unknown) => {
      if (!reaper.signal.aborted) throw error
    })
  }

  #kind(reaper: Reaper): OperationKind {
    const end = async (id: number, state: OperationState, fence: { turn: string; epoch: number }) => {
      reaper.pass()
      await this.#database.db.transaction(async (trx) => {
        await holdTurn(trx, fence)
        await moveOperation(trx, id, ['RUNNING', 'UNWINDING'], { state })
      })
    }
    return {
      kind: 'test',
      unwinds: true,
      finish: ({ id }, _, fence) => end(id, 'SUCCEEDED', fence),
      fail: ({ id }, ended, fence) => end(id, ended, fence),
    }
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

const kindsOf = ({ source }: Pick<World, 'source'>): StepKind[] => stepKinds(() => source.actor!, {} as Sight)

/** With a moment to die before and after each effect; asked twice where that is asked for. */
function watched(kind: StepKind, reaper: Reaper, repeats: number): StepKind {
  const often = async <T>(work: () => Promise<T>): Promise<T> => {
    reaper.pass()
    for (let time = 1; time < repeats; time++) await work()
    const result = await work()
    reaper.pass()
    return result
  }
  return {
    ...kind,
    run: (parameters, context) => often(() => kind.run(parameters, context)),
    undo: (parameters, context) => often(() => kind.undo(parameters, context)),
  }
}

/** A fake cloud over HTTP. */
export const inCloud =
  <C extends TenantCloud>(create: () => C) =>
  async (): Promise<CloudWorld<C>> => {
    const cloud = create()
    const server: Server = createServer(cloud.answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const login = { username: 'admin', password: 'env:OS', project_name: 'admin' }
    const auth = { auth_url: `${cloud.url}/identity`, ...login }
    const source = await openstack.open(openstack.parseSettings({ auth }), {
      name: 'cloud',
      control: true,
      log: { debug: () => {}, warn: () => {} },
      secret: async () => cloud.password,
      shards: { count: 1, mine: () => [0], onChange: () => () => {} },
      addresses: async () => [],
    })
    const close = async () => {
      await source.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
    return { cloud, source, fault: (what, how) => void cloud.faults.set(what, how), close }
  }
