/** The SQL of what is done to things that stand. */
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import type { OperationState } from '../operation/operation.ts'
import type { ResourceId } from '../resource/resource.ts'

/** Of two that ask at once the second is refused: throws CONFLICT while another operation of these kinds is open for it. */
export async function claimResource(
  trx: Knex.Transaction,
  kinds: readonly string[],
  id: ResourceId,
): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('control'), ?::int)", [id % 2 ** 31])
  const { rows } = await trx.raw<{ rows: { id: string; kind: string; state: string }[] }>(
    `select id, kind, state from operation where state in ('PENDING', 'RUNNING', 'UNWINDING') and kind = any(?::text[]) and (input->>'resource')::bigint = ? limit 1`,
    [kinds as unknown as string, id],
  )
  const [open] = rows
  if (open !== undefined)
    throw new PlenumError(
      'CONFLICT',
      `operation.${open.id} (${open.kind}) is ${open.state} for it: wait for its end, or cancel it`,
      { reason: 'STATE', path: 'input.resource' },
    )
}

export async function stateOf(db: Knex, operationId: number): Promise<OperationState | undefined> {
  const [row] = (await db('operation').where({ id: operationId }).select('state')) as {
    state: OperationState
  }[]
  return row?.state
}

/** Whether a younger operation has a step for the same thing of the same source: what is undone for an older one would be taken from it. */
export async function isSuperseded(
  db: Knex,
  operationId: number,
  sourceId: number,
  key: string,
): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from operation_step where operation_id > ? and state <> 'PENDING' and parameters->>'key' = ? and (parameters->>'source')::bigint = ? limit 1`,
    [operationId, key, sourceId],
  )
  return rows.length > 0
}
