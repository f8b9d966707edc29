/** One operation, run forward or unwound from wherever its log stands. Written before and after each effect, each time under the turn's fence. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import type { Fence } from '../resource/verbs.ts'
import type { Operation, OperationFault, OperationKind, Step, StepContext, StepKind } from './operation.ts'
import { changeStep, stepsOf, type StepChange } from './step/store.ts'
import { holdTurn, moveOperation, readOperations } from './store.ts'
import { Teller } from './step/teller.ts'

export interface RunOptions {
  db: Knex
  kinds: ReadonlyMap<string, OperationKind>
  steps: ReadonlyMap<string, StepKind>
  /** Tells of a change, as the last of its transaction. */
  tell(
    trx: Knex.Transaction,
    operation: Pick<Operation, 'id' | 'kind' | 'tenantId' | 'allocationId'>,
    state: string,
  ): Promise<void>
  /** How often a step is tried in all, and how long between two; each pause is twice the one before. */
  attempts?: number
  /** What stands outside is not given up soon: a neighbour may be away for a while. */
  undoAttempts?: number
  pauseMs?: number
}

const longestPauseMs = 60_000
/** Characters of what went wrong. */
const mostTold = 4_000

/** Until it has ended, or the turn is over: then it throws, and whoever has the turn next goes on. */
export async function runOperation(
  id: number,
  fence: Fence,
  signal: AbortSignal,
  options: RunOptions,
): Promise<void> {
  const [operation] = await readOperations(options.db, { ids: [id], first: 1 })
  const kind = operation && options.kinds.get(operation.kind)
  if (operation === undefined || kind === undefined) return
  const steps = (await stepsOf(options.db, [id])).get(id)!
  await new Run(operation, kind, steps, fence, signal, options).go()
}

class Run {
  readonly #operation: Operation
  readonly #kind: OperationKind
  readonly #steps: Step[]
  readonly #fence: Fence
  readonly #signal: AbortSignal
  readonly #options: RunOptions

  constructor(
    operation: Operation,
    kind: OperationKind,
    steps: Step[],
    fence: Fence,
    signal: AbortSignal,
    options: RunOptions,
  ) {
    this.#operation = operation
    this.#kind = kind
    this.#steps = steps
    this.#fence = fence
    this.#signal = signal
    this.#options = options
  }

  async go(): Promise<void> {
    const { state } = this.#operation
    if (state === 'PENDING') await this.#move('RUNNING')
    if (state === 'PENDING' || state === 'RUNNING') {
      if (await this.#forward()) return this.#kind.finish(this.#operation, this.#steps, this.#fence)
      if (!this.#kind.unwinds) return
    } else if (state !== 'UNWINDING') return
    if (await this.#unwind())
      await this.#kind.fail(
        this.#operation,
        this.#operation.error === null ? 'CANCELLED' : 'FAILED',
        this.#fence,
      )
  }

  /** Whether all steps are done; otherwise it is to be unwound, or is stuck. */
  async #forward(): Promise<boolean> {
    for (const steps of this.#batches()) {
      if (steps.every(({ state }) => state === 'DONE')) continue
      if (this.#kind.unwinds && (await this.#isCancelAsked())) {
        await this.#move('UNWINDING')
        return false
      }
      const failed = await this.#runAll(steps)
      if (failed.length === 0) continue
      const fault = toFaultOf(failed, steps.length)
      this.#operation.error = fault
      if (this.#kind.unwinds) await this.#move('UNWINDING', fault)
      else await this.#stick(failed[0]!.step, fault)
      return false
    }
    if (this.#steps.length === 0 || !this.#kind.unwinds || !(await this.#isCancelAsked())) return true
    await this.#move('UNWINDING')
    return false
  }

  /** Neighbours that go at once are one batch; every other step is one by itself. */
  #batches(): Step[][] {
    const batches: Step[][] = []
    for (const step of this.#steps) {
      const last = batches.at(-1)
      if (last?.[0]?.kind === step.kind && this.#atOnce(step) > 1) last.push(step)
      else batches.push([step])
    }
    return batches
  }

  #atOnce({ kind }: Step): number {
    return this.#options.steps.get(kind)?.atOnce ?? 1
  }

  /** Those that failed. Who asks to cancel is heard before each. */
  async #runAll(steps: readonly Step[]): Promise<Failed[]> {
    const left = steps.filter(({ state }) => state !== 'DONE')
    const failed: Failed[] = []
    let ended = false
    const work = async (): Promise<void> => {
      for (let step = left.shift(); step !== undefined && !ended; step = left.shift()) {
        if (steps.length > 1 && this.#kind.unwinds && (ended ||= await this.#isCancelAsked())) return
        const fault = await this.#runOne(step)
        if (fault !== undefined) failed.push({ step, fault })
      }
    }
    const all = await Promise.allSettled(Array.from({ length: this.#atOnce(steps[0]!) }, work))
    for (const one of all) if (one.status === 'rejected') throw one.reason
    return failed
  }

  async #runOne(step: Step): Promise<OperationFault | undefined> {
    const fault = await this.#try(step, 'RUNNING', 'DONE', (kind, context) =>
      kind.run(step.parameters, context),
    )
    if (fault !== undefined && this.#kind.unwinds)
      await this.#write(step, { state: 'FAILED', isEnd: true, error: fault })
    return fault
  }

  /** Whether nothing is left; otherwise it is stuck. What never began has nothing to undo. */
  async #unwind(): Promise<boolean> {
    for (const step of this.#steps.toReversed()) {
      if (step.state === 'PENDING' || step.state === 'UNDONE') continue
      const fault = await this.#try(step, 'UNDOING', 'UNDONE', async (kind, context) => {
        await kind.undo(step.parameters, context)
        return undefined
      })
      if (fault === undefined) continue
      await this.#stick(step, fault)
      return false
    }
    return true
  }

  /** Undefined: it worked. A fault that may pass is met again, so often. */
  async #try(
    step: Step,
    during: 'RUNNING' | 'UNDOING',
    after: 'DONE' | 'UNDONE',
    effect: (kind: StepKind, context: StepContext) => Promise<Record<string, unknown> | undefined>,
  ): Promise<OperationFault | undefined> {
    const { attempts = 5, undoAttempts = 20, pauseMs = 500, steps } = this.#options
    const most = during === 'RUNNING' && this.#kind.unwinds ? attempts : undoAttempts
    const kind = steps.get(step.kind)
    if (kind === undefined)
      return { code: 'INTERNAL', message: `Nothing here can do ${step.kind}`, retryable: false }
    for (let attempt = 1; ; attempt++) {
      await this.#write(step, { state: during, isAttempt: true })
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(kind.timeoutMs)])
      const teller = new Teller((told) => this.#write(step, { state: during, ...told }))
      const context = { name: step.name, signal, tell: teller.tell.bind(teller) }
      const outcome = await effect(kind, context).then(
        (result) => ({ result }),
        (error: unknown) => ({ fault: toFault(error) }),
      )
      await teller.close()
      // Over, and not by its own doing: whoever has the turn next finds it as it is logged.
      this.#signal.throwIfAborted()
      if (!('fault' in outcome)) {
        const { result } = outcome
        await this.#write(step, {
          state: after,
          isEnd: true,
          error: null,
          ...(result === undefined ? {} : { result }),
        })
        return undefined
      }
      const { fault } = outcome
      if (!fault.retryable || attempt >= most) return fault
      await this.#write(step, { state: during, error: fault })
      await pause(Math.min(pauseMs * 2 ** (attempt - 1), longestPauseMs), undefined, { signal: this.#signal })
    }
  }

  async #isCancelAsked(): Promise<boolean> {
    const [now] = await readOperations(this.#options.db, { ids: [this.#operation.id], first: 1 })
    return now?.cancelAskedBy != null
  }

  async #write(step: Step, change: StepChange): Promise<void> {
    await this.#fenced(async (trx) => {
      await changeStep(trx, this.#operation.id, step.ordinal, change)
      await this.#options.tell(trx, this.#operation, `${step.name} ${change.state}`)
    })
    step.state = change.state
    if (change.result !== undefined) step.result = change.result
  }

  async #move(state: Operation['state'], error?: OperationFault): Promise<void> {
    await this.#fenced(async (trx) => {
      await moveOperation(trx, this.#operation.id, ['PENDING', 'RUNNING', 'UNWINDING'], {
        state,
        ...(error === undefined ? {} : { error }),
      })
      await this.#options.tell(trx, this.#operation, state)
    })
    this.#operation.state = state
  }

  /** It needs a person: what stands is not known, or will not go. */
  async #stick(step: Step, fault: OperationFault): Promise<void> {
    await this.#fenced(async (trx) => {
      await changeStep(trx, this.#operation.id, step.ordinal, { state: 'STUCK', isEnd: true, error: fault })
      await moveOperation(trx, this.#operation.id, ['RUNNING', 'UNWINDING'], {
        state: 'STUCK',
        error: this.#operation.error ?? fault,
      })
      await this.#options.tell(trx, this.#operation, 'STUCK')
    })
  }

  #fenced(work: (trx: Knex.Transaction) => Promise<void>): Promise<void> {
    return this.#options.db.transaction(async (trx) => {
      await holdTurn(trx, this.#fence)
      await work(trx)
    })
  }
}

interface Failed {
  step: Step
  fault: OperationFault
}

/** Of several: how many, and each by what it is called. */
function toFaultOf(failed: readonly Failed[], count: number): OperationFault {
  const [first] = failed
  if (count === 1) return first!.fault
  const told = failed.map(
    ({ step, fault }) => `${String(step.parameters['what'] ?? step.name)}: ${fault.message}`,
  )
  return {
    code: first!.fault.code,
    message: `${failed.length} of ${count} failed: ${told.sort().join('; ')}`.slice(0, mostTold),
    retryable: failed.every(({ fault }) => fault.retryable),
  }
}

/** What a deadline or a neighbour that is away brings may pass; what is said to be wrong stays wrong. */
export function toFault(error: unknown): OperationFault {
  if (error instanceof PlenumError)
    return { code: error.code, message: error.message, retryable: error.retryable }
  const { name, message, failure } = error as { name?: string; message?: string; failure?: string }
  const mayPass = ['unreachable', 'timeout', 'busy', 'failed', 'aborted'].includes(failure ?? '')
  if (failure !== undefined)
    return { code: 'SOURCE_UNAVAILABLE', message: String(message), retryable: mayPass }
  if (name === 'TimeoutError' || name === 'AbortError')
    return { code: 'SOURCE_UNAVAILABLE', message: 'No answer in time', retryable: true }
  return { code: 'INTERNAL', message: 'It failed, and is told in the log', retryable: false }
}
