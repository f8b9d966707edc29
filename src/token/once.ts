/** Writes of tokens that are repeatable, and dry runs of them that leave nothing. */
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import type { Actor } from '../resource/resource.ts'
import { findKept, findTokenById, keep, type TokenRow } from './store.ts'

/** How a write is asked for. The key is the actor's own. */
export interface Manner {
  dryRun?: boolean
  idempotencyKey?: string | undefined
}

interface Asked {
  action: string
  input: unknown
  by: Actor
  manner: Manner
}

/** Runs `write` in a transaction, once for a key; gives whether it was a repetition. What is kept is the token's id: its secret is kept nowhere. */
export async function once(
  db: Knex,
  { action, input, by, manner }: Asked,
  write: (trx: Knex.Transaction) => Promise<TokenRow>,
): Promise<{ row: TokenRow; isRepeated: boolean }> {
  const { idempotencyKey: key, dryRun = false } = manner
  const hash = createHash('sha256')
    .update(JSON.stringify([action, input]))
    .digest()
  const asked = key === undefined || dryRun ? undefined : { actor: by.name, key }
  return inTransaction(db, dryRun, async (trx) => {
    const kept = asked && (await findKept(trx, asked))
    if (kept !== undefined) {
      const row = kept.hash.equals(hash)
        ? await findTokenById(trx, Number((kept.answer as { tokenId: number }).tokenId))
        : undefined
      if (row === undefined) throw keyReused(key!)
      return { row, isRepeated: true }
    }
    const row = await write(trx)
    if (asked !== undefined) await keep(trx, { ...asked, action, hash }, { tokenId: row.id })
    return { row, isRepeated: false }
  })
}

const keyReused = (key: string) =>
  new PlenumError('CONFLICT', `The idempotency key "${key}" was used for another request: take a fresh key`, {
    reason: 'KEY_REUSED',
    path: 'input.idempotencyKey',
  })

class Undone extends Error {
  readonly result: unknown
  constructor(result: unknown) {
    super('dry run')
    this.result = result
  }
}

/** With `dryRun` all of it is undone. */
async function inTransaction<T>(
  db: Knex,
  dryRun: boolean,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction(async (trx) => {
      const result = await work(trx)
      if (dryRun) throw new Undone(result)
      return result
    })
  } catch (error) {
    if (error instanceof Undone) return error.result as T
    throw error
  }
}
