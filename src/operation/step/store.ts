/** The SQL of an operation's steps: what is written before and after each effect, and what is still to be looked after. */
import type { Knex } from 'knex'
import type { OperationFault, Step, StepState } from '../operation.ts'

interface StepRow {
  operation_id: string
  ordinal: number
  kind: string
  name: string
  parameters: Record<string, unknown>
  state: StepState
  attempts: number
  result: Record<string, unknown> | null
  error: OperationFault | null
  progress: number | null
  message: string | null
  started: number | null
  ended: number | null
}

export async function stepsOf(db: Knex, ids: readonly number[]): Promise<Map<number, Step[]>> {
  const rows = (await db('operation_step')
    .whereIn('operation_id', [...ids])
    .orderBy(['operation_id', 'ordinal'])
    .select(
      ...[
        'operation_id',
        'ordinal',
        'kind',
        'name',
        'parameters',
        'state',
        'attempts',
        'result',
        'error',
        'progress',
        'message',
      ],
      db.raw(
        '(extract(epoch from started_at) * 1000)::float8 as started, (extract(epoch from ended_at) * 1000)::float8 as ended',
      ),
    )) as StepRow[]
  const found = new Map<number, Step[]>(ids.map((id) => [id, []]))
  for (const { operation_id: id, started, ended, ...step } of rows)
    found.get(Number(id))!.push({ ...step, startedAt: started, endedAt: ended })
  return found
}

/**
 * Steps that were undone by operations which ended so long ago that nothing can be under way for them any more, and that were not looked after since: an undone
 * step's result says whether. Older ones than a day are left.
 */
export async function unsweptSteps(
  db: Knex,
  shards: readonly number[],
  count: number,
  settleMs: number,
): Promise<{ operationId: number; step: Pick<Step, 'ordinal' | 'kind' | 'name' | 'parameters'> }[]> {
  const { rows } = await db.raw<{ rows: StepRow[] }>(
    `select step.operation_id, step.ordinal, step.kind, step.name, step.parameters from operation join operation_step as step on step.operation_id = operation.id
     where operation.state in ('FAILED', 'CANCELLED') and operation.ended_at between clock_timestamp() - interval '1 day' and clock_timestamp() - ? * interval '1 millisecond'
       and operation.id % ? = any(?::int[]) and step.state = 'UNDONE' and step.result is distinct from '{"swept": true}' order by step.ended_at limit 20`,
    [settleMs, count, shards as unknown as string],
  )
  return rows.map(({ operation_id: id, ...step }) => ({ operationId: Number(id), step }))
}

export async function markSwept(trx: Knex.Transaction, operationId: number, ordinal: number): Promise<void> {
  await trx('operation_step')
    .where({ operation_id: operationId, ordinal })
    .update({ result: '{"swept": true}' })
}

export interface StepChange {
  state: StepState
  isAttempt?: true
  isEnd?: true
  result?: Record<string, unknown>
  error?: OperationFault | null
  progress?: number | null
  message?: string
}

export async function changeStep(
  trx: Knex.Transaction,
  operationId: number,
  ordinal: number,
  change: StepChange,
): Promise<void> {
  const { progress = null, message = null } = change
  await trx('operation_step')
    .where({ operation_id: operationId, ordinal })
    .update({
      ...{ state: change.state, progress, message },
      ...(change.isAttempt
        ? { attempts: trx.raw('attempts + 1'), started_at: trx.raw('clock_timestamp()') }
        : {}),
      ...(change.isEnd ? { ended_at: trx.raw('clock_timestamp()') } : {}),
      ...(change.result === undefined ? {} : { result: JSON.stringify(change.result) }),
      ...(change.error === undefined
        ? {}
        : { error: change.error === null ? null : JSON.stringify(change.error) }),
    })
}

/** Steps that are stuck are tried anew. */
export async function resetStuck(trx: Knex, id: number, to: StepState): Promise<void> {
  await trx('operation_step')
    .where({ operation_id: id, state: 'STUCK' })
    .update({ state: to, attempts: 0, error: null })
}
