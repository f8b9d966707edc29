/** SQL of what allocations have outside: the steps that made it. */
import type { Knex } from 'knex'
import type { OperationState, StepState } from '../../operation/operation.ts'
import type { ResourceId } from '../../resource/resource.ts'
import type { AllocationState } from '../allocation.ts'

/** A step that makes something, with what it was for. */
export interface Making {
  kind: string
  name: string
  source: string
  /** As its actor told it; null: it is not known, or not yet. */
  key: string | null
  state: StepState
  operationState: OperationState
  allocationId: number | null
  allocationState: AllocationState | null
  tenantId: ResourceId | null
}

interface Row extends Omit<Making, 'allocationId' | 'tenantId'> {
  allocationId: string | null
  tenantId: string | null
}

const columns = `step.kind, step.name, step.parameters ->> 'source' as source, step.result ->> 'key' as key, step.state, operation.state as "operationState",
  allocation.id as "allocationId", allocation.state as "allocationState", operation.tenant_id as "tenantId"`
const joined = `operation_step step join operation on operation.id = step.operation_id left join allocation on allocation.id = operation.allocation_id`

const toMaking = (row: Row): Making => ({
  ...row,
  allocationId: row.allocationId === null ? null : Number(row.allocationId),
  tenantId: row.tenantId === null ? null : Number(row.tenantId),
})

/** What active allocations have in these sources. */
export async function standing(
  db: Knex,
  sources: readonly string[],
  kinds: readonly string[],
): Promise<Making[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from ${joined}
     where allocation.state = 'ACTIVE' and operation.kind = 'allocate' and step.state = 'DONE'
       and step.kind = any(?::text[]) and step.parameters ->> 'source' = any(?::text[])`,
    [[...kinds] as unknown as string, [...sources] as unknown as string],
  )
  return rows.map(toMaking)
}

/** The steps of these names, which are of these operations. */
export async function makingsOf(
  db: Knex,
  names: readonly string[],
  operationIds: readonly number[],
  kinds: readonly string[],
): Promise<Making[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from ${joined}
     where step.operation_id = any(?::bigint[]) and step.name = any(?::text[]) and step.kind = any(?::text[])`,
    [
      [...operationIds] as unknown as string,
      [...names] as unknown as string,
      [...kinds] as unknown as string,
    ],
  )
  return rows.map(toMaking)
}
