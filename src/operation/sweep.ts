/** Late effects: a request that was given up may be served after its step was undone. Once that can be no more, the undo is repeated. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import type { Turn } from '../turn.ts'
import type { StepKind } from './operation.ts'
import { markSwept, unsweptSteps } from './step/store.ts'
import { holdTurn, TurnLost } from './store.ts'

/** Turns by the shard that ends their name. */
export const byShard = (held: readonly Turn[]): Map<number, Turn> =>
  new Map(held.map((turn) => [Number(turn.turn.split('/').at(-1)), turn]))

export async function sweep(
  { db, log, steps }: { db: Db; log: Logger; steps: readonly StepKind[] },
  held: readonly Turn[],
  shardCount: number,
  settleMs: number,
  signal: AbortSignal,
): Promise<void> {
  const turns = byShard(held)
  if (turns.size === 0) return
  for (const { operationId, step } of await unsweptSteps(db, [...turns.keys()], shardCount, settleMs)) {
    const turn = turns.get(operationId % shardCount)!
    const kind = steps.find((one) => one.kind === step.kind)
    if (kind === undefined) continue
    const until = AbortSignal.any([signal, turn.signal, AbortSignal.timeout(kind.timeoutMs)])
    try {
      if (kind.sweeps !== false) await kind.undo(step.parameters, { name: step.name, signal: until })
      await db.transaction(async (trx) => {
        await holdTurn(trx, { turn: turn.turn, epoch: turn.epoch })
        await markSwept(trx, operationId, step.ordinal)
      })
    } catch (error) {
      if (signal.aborted || error instanceof TurnLost) return
      log.warn(
        { err: error, operation: operationId, step: step.name },
        'what was undone cannot be swept now; trying again',
      )
    }
  }
}
