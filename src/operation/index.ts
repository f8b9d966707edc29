/** Operations: what takes steps outside, durable, resumed by whoever has the turn. */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { EventFeed } from '../context.ts'
import type { Db } from '../db.ts'
import { notFound, PlenumError } from '../errors.ts'
import type { Cursor } from '../event/event.ts'
import { appendEvents } from '../event/store.ts'
import { startLoop } from '../loop.ts'
import type { Actor } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Turn, Turns } from '../turn.ts'
import { isOpen, type Operation, type OperationKind, type Step, type StepKind } from './operation.ts'
import { runOperation } from './run.ts'
import { resetStuck, stepsOf } from './step/store.ts'
import { byShard, sweep } from './sweep.ts'
import {
  askCancel,
  countOperations,
  moveOperation,
  openOperations,
  readOperations,
  stuckByTenant,
  TurnLost,
  type OperationQuery,
} from './store.ts'

export { holdTurn, insertOperation, moveOperation, type NewOperation, type NewStep } from './store.ts'
export { toFault } from './run.ts'
export type { OperationQuery } from './store.ts'

/** What is kept as the answer. */
export interface Changed {
  allocationId: number
  operationId: number
  cursor: Cursor
}

export interface Operations {
  read(query: OperationQuery): Promise<Operation[]>
  count(query: Omit<OperationQuery, 'first' | 'before'>): Promise<number>
  stepsOf(ids: readonly number[]): Promise<Map<number, Step[]>>
  /** How many of each tenant need a person. */
  stuckByTenant(): Promise<Map<number, number>>
  /** As it is when it has ended, or after so long. */
  awaitEnd(id: number, waitMs: number, signal: AbortSignal): Promise<Operation>
  /** By another person than who began it. */
  approve(id: number, by: Actor): Promise<Changed>
  cancel(id: number, by: Actor): Promise<Changed>
  /** Of one that is stuck: its steps are tried anew. */
  retry(id: number, by: Actor): Promise<Changed>
  /** There is something to do. */
  wake(): void
  close(): Promise<void>
}

export interface OperationsOptions {
  db: Db
  log: Logger
  turns: Turns
  resources: Pick<Resources, 'once'>
  feed: Pick<EventFeed, 'follow' | 'cursor'>
  /** Called after what made events. */
  wake(): void
  kinds: readonly OperationKind[]
  steps: readonly StepKind[]
  pollMs?: number
  attempts?: number
  undoAttempts?: number
  pauseMs?: number
  /** How long after its undo a step's effect may still come. */
  settleMs?: number
}

const shardCount = 8
const group = 'operate'
const mostAtOnce = 200
const sweepEveryMs = 30_000
const defaultSettleMs = 180_000

export function startOperations(options: OperationsOptions): Operations {
  return new RunningOperations(options)
}

/** A change of an operation as an event of the log. */
export const operationEvent = (
  { id, kind, tenantId, allocationId }: Pick<Operation, 'id' | 'kind' | 'tenantId' | 'allocationId'>,
  state: string,
) => ({
  type: 'OperationChanged' as const,
  ...(tenantId === null ? {} : { id: tenantId }),
  detail: { operation: id, kind, state, tenant: tenantId, allocation: allocationId },
})

class RunningOperations implements Operations {
  readonly #options: OperationsOptions
  readonly #running = new Map<number, Promise<void>>()
  readonly #stop = new AbortController()
  readonly #group
  readonly #loop
  readonly #sweeping
  #held: readonly Turn[] = []
  #looking: Promise<void> | undefined
  #again = false

  constructor(options: OperationsOptions) {
    this.#options = options
    const names = Array.from({ length: shardCount }, (_, shard) => `${group}/${shard}`)
    this.#group = options.turns.share(group, names, (held) => {
      this.#held = held
      this.wake()
    })
    const run = async (): Promise<void> => this.wake()
    const { log, settleMs = defaultSettleMs, pollMs = 1_000 } = options
    this.#loop = startLoop({ name: group, everyMs: pollMs, log, run })
    this.#sweeping = startLoop({
      name: 'sweep',
      everyMs: Math.min(sweepEveryMs, settleMs),
      log,
      run: (signal) => sweep(options, this.#held, shardCount, settleMs, signal),
    })
  }

  read(query: OperationQuery) {
    return readOperations(this.#options.db, query)
  }

  count(query: Omit<OperationQuery, 'first' | 'before'>) {
    return countOperations(this.#options.db, query)
  }

  stepsOf(ids: readonly number[]) {
    return stepsOf(this.#options.db, ids)
  }

  stuckByTenant() {
    return stuckByTenant(this.#options.db)
  }

  async awaitEnd(id: number, waitMs: number, signal: AbortSignal): Promise<Operation> {
    const { feed } = this.#options
    const until = AbortSignal.any([signal, AbortSignal.timeout(waitMs), this.#stop.signal])
    const cursor = feed.cursor()
    const first = await this.#get(id)
    if (waitMs === 0 || !isOpen(first.state)) return first
    for await (const batch of feed.follow(cursor, until)) {
      const isTold =
        'gap' in batch ||
        batch.events.some(({ body }) => body.type === 'OperationChanged' && body.detail['operation'] === id)
      if (!isTold) continue
      const now = await this.#get(id)
      if (!isOpen(now.state)) return now
    }
    signal.throwIfAborted()
    return this.#get(id)
  }

  async approve(id: number, by: Actor): Promise<Changed> {
    const operation = await this.#get(id)
    if (operation.startedBy === by.name)
      throw new PlenumError('FORBIDDEN', 'A second person must agree: not who asked for it')
    return this.#change(
      operation,
      'PENDING',
      (trx) => moveOperation(trx, id, ['AWAITING_APPROVAL'], { state: 'PENDING', approvedBy: by.name }),
      by,
    )
  }

  async cancel(id: number, by: Actor): Promise<Changed> {
    const operation = await this.#get(id)
    return this.#change(
      operation,
      'CANCEL_ASKED',
      async (trx) =>
        // What waits for approval has done nothing: who works on it takes its claims back.
        (await moveOperation(trx, id, ['AWAITING_APPROVAL'], { state: 'UNWINDING' })) ||
        askCancel(trx, id, by.name),
      by,
    )
  }

  async retry(id: number, by: Actor): Promise<Changed> {
    const operation = await this.#get(id)
    const isUndoing = operation.error !== null && this.#kindOf(operation)?.unwinds === true
    return this.#change(
      operation,
      'PENDING',
      async (trx) => {
        await resetStuck(trx, id, isUndoing ? 'FAILED' : 'PENDING')
        return moveOperation(trx, id, ['STUCK'], { state: isUndoing ? 'UNWINDING' : 'RUNNING' })
      },
      by,
    )
  }

  #kindOf({ kind }: Operation): OperationKind | undefined {
    return this.#options.kinds.find((one) => one.kind === kind)
  }

  async #get(id: number): Promise<Operation> {
    const [operation] = await this.read({ ids: [id], first: 1 })
    if (operation === undefined) throw notFound(`There is no operation ${id}`)
    return operation
  }

  async #change(
    operation: Operation,
    state: string,
    work: (trx: Knex.Transaction) => Promise<boolean>,
    by: Actor,
  ): Promise<Changed> {
    const changed = await this.#options.resources.once(by, async (trx) => {
      if (!(await work(trx))) throw stateConflict(operation)
      const cursor = await appendEvents(trx, by.name, [operationEvent(operation, state)])
      return { allocationId: operation.allocationId ?? 0, operationId: operation.id, cursor }
    })
    this.wake()
    return changed
  }

  wake(): void {
    if (this.#stop.signal.aborted) return
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#look()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#options.log.warn({ err: error }, 'operations cannot be looked for now; trying again')
      })
      .finally(() => {
        this.#looking = undefined
        if (!this.#again) return
        this.#again = false
        this.wake()
      })
  }

  async #look(): Promise<void> {
    const turns = byShard(this.#held)
    if (turns.size === 0) return
    for (const id of await openOperations(this.#options.db, [...turns.keys()], shardCount)) {
      const turn = turns.get(id % shardCount)!
      if (this.#running.has(id) || this.#running.size >= mostAtOnce || turn.signal.aborted) continue
      this.#running.set(id, this.#run(id, turn))
    }
  }

  async #run(id: number, turn: Turn): Promise<void> {
    const { db, kinds, steps, log, wake, attempts, undoAttempts, pauseMs } = this.#options
    const signal = AbortSignal.any([turn.signal, this.#stop.signal])
    try {
      await runOperation(id, { turn: turn.turn, epoch: turn.epoch }, signal, {
        db,
        kinds: new Map(kinds.map((kind) => [kind.kind, kind])),
        steps: new Map(steps.map((step) => [step.kind, step])),
        ...(attempts === undefined ? {} : { attempts }),
        ...(undoAttempts === undefined ? {} : { undoAttempts }),
        ...(pauseMs === undefined ? {} : { pauseMs }),
        async tell(trx, operation, state) {
          await appendEvents(trx, `operation ${operation.id}`, [operationEvent(operation, state)])
          wake()
        },
      })
      wake()
    } catch (error) {
      if (!signal.aborted && !(error instanceof TurnLost))
        log.error({ err: error, operation: id }, 'an operation failed here; it is taken up again')
    } finally {
      this.#running.delete(id)
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop.close()
    await this.#sweeping.close()
    await this.#looking
    await Promise.all(this.#running.values())
    await this.#group.close()
  }
}

function stateConflict({ id, state }: Operation): PlenumError {
  return new PlenumError('CONFLICT', `Operation ${id} is ${state}: that cannot be done to it now`, {
    reason: 'STATE',
  })
}
