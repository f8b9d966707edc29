/** The step log's SQL. Every write of a run is fenced: refused unless the turn still has the epoch that it had when the run began. */
import type { Knex } from 'knex'
import type { Fence } from '../resource/verbs.ts'
import type { Operation, OperationFault, OperationState, Step } from './operation.ts'

interface OperationRow {
  id: string
  kind: string
  state: OperationState
  allocation_id: string | null
  tenant_id: string | null
  input: Record<string, unknown>
  started_by: string
  approved_by: string | null
  cancel_asked_by: string | null
  started: number
  ended: number | null
  error: OperationFault | null
}

const columns = `id, kind, state, allocation_id, tenant_id, input, started_by, approved_by, cancel_asked_by,
  (extract(epoch from started_at) * 1000)::float8 as started, (extract(epoch from ended_at) * 1000)::float8 as ended, error`

const idOf = (id: string | null): number | null => (id === null ? null : Number(id))
const toOperation = (row: OperationRow): Operation => ({
  id: Number(row.id),
  kind: row.kind,
  state: row.state,
  allocationId: idOf(row.allocation_id),
  tenantId: idOf(row.tenant_id),
  input: row.input,
  startedBy: row.started_by,
  approvedBy: row.approved_by,
  cancelAskedBy: row.cancel_asked_by,
  startedAt: row.started,
  endedAt: row.ended,
  error: row.error,
})

export interface NewOperation {
  kind: string
  state: OperationState
  allocationId: number | null
  tenantId: number | null
  input: object
  startedBy: string
  at: Date
}
/** `epoch` is that of the log: a restored database counts its operations anew, and must not take what is there for its own. */
export interface NewStep {
  kind: string
  name(operationId: number, epoch: string): string
  /** A function where they hold names of other steps. */
  parameters: Step['parameters'] | ((operationId: number, epoch: string) => Step['parameters'])
}

/** Written in the transaction of what it is about. */
export async function insertOperation(
  trx: Knex.Transaction,
  given: NewOperation,
  steps: readonly NewStep[] = [],
): Promise<number> {
  const isEnded = given.state === 'SUCCEEDED'
  const [row] = (await trx('operation')
    .insert({
      kind: given.kind,
      state: given.state,
      allocation_id: given.allocationId,
      tenant_id: given.tenantId,
      input: JSON.stringify(given.input),
      started_by: given.startedBy,
      started_at: given.at,
      ended_at: isEnded ? given.at : null,
    })
    .returning('id')) as { id: string }[]
  const id = Number(row!.id)
  if (steps.length > 0) {
    const [head] = (await trx('log_head').select('epoch')) as { epoch: string }[]
    const epoch = head!.epoch.replaceAll('-', '').slice(0, 8)
    await trx('operation_step').insert(
      steps.map(({ kind, parameters, name }, ordinal) => ({
        operation_id: id,
        ordinal,
        kind,
        name: name(id, epoch),
        parameters: JSON.stringify(typeof parameters === 'function' ? parameters(id, epoch) : parameters),
        state: 'PENDING',
      })),
    )
  }
  return id
}

export interface OperationQuery {
  ids?: readonly number[]
  tenants?: readonly number[]
  kinds?: readonly string[]
  states?: readonly OperationState[]
  allocationIds?: readonly number[]
  before?: number
  first: number
}

function matching(db: Knex, query: Omit<OperationQuery, 'first'>): Knex.QueryBuilder {
  const found = db('operation')
  if (query.ids !== undefined) void found.whereIn('id', [...query.ids])
  if (query.tenants !== undefined) void found.whereIn('tenant_id', [...query.tenants])
  if (query.kinds !== undefined) void found.whereIn('kind', [...query.kinds])
  if (query.states !== undefined) void found.whereIn('state', [...query.states])
  if (query.allocationIds !== undefined) void found.whereIn('allocation_id', [...query.allocationIds])
  if (query.before !== undefined) void found.where('id', '<', query.before)
  return found
}

/** The youngest first. */
export async function readOperations(db: Knex, query: OperationQuery): Promise<Operation[]> {
  const rows = (await matching(db, query)
    .select(db.raw(columns))
    .orderBy('id', 'desc')
    .limit(query.first)) as OperationRow[]
  return rows.map(toOperation)
}

export async function countOperations(
  db: Knex,
  query: Omit<OperationQuery, 'first' | 'before'>,
): Promise<number> {
  const [row] = (await matching(db, query).count({ count: '*' })) as { count: string }[]
  return Number(row?.count ?? 0)
}

/** Open ones of these shards. */
export async function openOperations(db: Knex, shards: readonly number[], count: number): Promise<number[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select id from operation where state in ('PENDING', 'RUNNING', 'UNWINDING') and id % ? = any(?::int[]) order by id`,
    [count, shards as unknown as string],
  )
  return rows.map((row) => Number(row.id))
}

/** The turn is another's by now: whoever was here changes nothing any more. */
export class TurnLost extends Error {
  override name = 'TurnLost'
  constructor() {
    super('the turn of this operation is over')
  }
}

/** Keeps the turn as it is until the transaction ends; throws TurnLost when it is another's. */
export async function holdTurn(trx: Knex.Transaction, { turn, epoch }: Fence): Promise<void> {
  const rows = await trx('turn').where({ name: turn, epoch }).select('name').forShare()
  if (rows.length === 0) throw new TurnLost()
}

export interface OperationChange {
  state: OperationState
  error?: OperationFault | null
  approvedBy?: string
}

/** Moves it on from one of these states; whether it was in one. */
export async function moveOperation(
  trx: Knex,
  id: number,
  from: readonly OperationState[],
  { state, error, approvedBy }: OperationChange,
): Promise<boolean> {
  const isEnd = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'STUCK'].includes(state)
  const changed = await trx('operation')
    .where({ id })
    .whereIn('state', [...from])
    .update({
      state,
      ended_at: isEnd ? trx.raw('clock_timestamp()') : null,
      ...(error === undefined ? {} : { error: error === null ? null : JSON.stringify(error) }),
      ...(approvedBy === undefined ? {} : { approved_by: approvedBy }),
    })
  return changed > 0
}

/** For who works on it: heard at the next step. */
export async function askCancel(trx: Knex, id: number, by: string): Promise<boolean> {
  const changed = await trx('operation')
    .where({ id })
    .whereIn('state', ['PENDING', 'RUNNING'])
    .update({ cancel_asked_by: by })
  return changed > 0
}

/** How many need a person, by tenant. */
export async function stuckByTenant(db: Knex): Promise<Map<number, number>> {
  const { rows } = await db.raw<{ rows: { tenant_id: string; count: string }[] }>(
    "select tenant_id, count(*) from operation where state = 'STUCK' and tenant_id is not null group by 1",
  )
  return new Map(rows.map((row) => [Number(row.tenant_id), Number(row.count)]))
}
