/** One write: the lock, the answer that is kept for a repeated request, dry runs that leave nothing. */
import type { Knex } from 'knex'
import { cancellableWrite } from '../cancel.ts'
import { PlenumError } from '../errors.ts'
import { findAnswer, keepAnswer } from './answer/store.ts'
import type { Actor } from './resource.ts'
import { beginWrite } from './store.ts'
import type { WriteResult } from './verbs.ts'

export interface Transacting {
  db: Knex
  /** Called after a commit that made events. */
  wake(): void
}

class DryRun extends Error {
  readonly result: object
  constructor(result: object) {
    super('dry run')
    this.result = result
  }
}

/** Runs `work` in one transaction that holds the write lock. With `dryRun` all of it is undone. */
export async function transact<T extends object>(
  { db, wake }: Transacting,
  by: Actor,
  dryRun: boolean,
  work: (trx: Knex.Transaction, at: Date) => Promise<T>,
): Promise<T> {
  try {
    const transaction = async (trx: Knex.Transaction): Promise<T> => {
      const at = await beginWrite(trx)
      const known = dryRun ? undefined : await answerBefore(trx, by)
      if (known !== undefined) return known as unknown as T
      const fresh = await work(trx, at)
      if (dryRun) throw new DryRun(fresh)
      if (by.idempotency) await keepAnswer(trx, by.idempotency, fresh, at)
      return fresh
    }
    const result = await cancellableWrite(by.signal, () => db.transaction(transaction))
    wake()
    return result
  } catch (error) {
    if (error instanceof DryRun) return error.result as T
    throw error
  }
}

/** What the same request was answered before; CONFLICT/KEY_REUSED when the key was used for another one. */
export async function answerBefore(trx: Knex, { idempotency }: Actor): Promise<WriteResult | undefined> {
  if (idempotency === undefined) return undefined
  const known = await findAnswer(trx, idempotency)
  if (known === undefined) return undefined
  if (!known.sameInput) {
    throw new PlenumError(
      'CONFLICT',
      `The idempotency key "${idempotency.key}" was used for another request: take a fresh key`,
      { reason: 'KEY_REUSED', path: 'input.idempotencyKey' },
    )
  }
  return known.answer as WriteResult
}
