/** SQL of answers that are kept with their idempotency key, written in the transaction of the write itself. */
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { IdempotencyKey } from '../verbs.ts'
import { canonical } from '../write/canonical.ts'

const hashOf = ({ action, input }: IdempotencyKey): Buffer =>
  createHash('sha256')
    .update(canonical([action, input]))
    .digest()

export async function findAnswer(
  trx: Knex,
  asked: IdempotencyKey,
): Promise<{ sameInput: boolean; answer: unknown } | undefined> {
  const [row] = (await trx('idempotency')
    .where({ actor: asked.actor, key: asked.key })
    .select('input_hash', 'answer')) as { input_hash: Buffer; answer: unknown }[]
  return row && { sameInput: row.input_hash.equals(hashOf(asked)), answer: row.answer }
}

export async function keepAnswer(trx: Knex, asked: IdempotencyKey, answer: object, at: Date): Promise<void> {
  await trx('idempotency').insert({
    actor: asked.actor,
    key: asked.key,
    action: asked.action,
    input_hash: hashOf(asked),
    answer: JSON.stringify(answer),
    at,
  })
}

/** Removes at most `most` of the answers from before `instant`; gives how many. */
export async function pruneAnswers(db: Knex, instant: Date, most: number): Promise<number> {
  const old = db('idempotency').select('actor', 'key').where('at', '<', instant).orderBy('at').limit(most)
  return db('idempotency').whereIn(['actor', 'key'], old).delete()
}
