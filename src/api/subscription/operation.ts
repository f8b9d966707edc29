/** Operations as they change: from the log, with each as it is by then. */
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import type { Operation, OperationState } from '../../operation/operation.ts'
import {
  idOf,
  seesTenant,
  tenantsAsked,
  toOperation,
  type OperationFilterInput,
} from '../schema/allocation.ts'
import { catchUp } from './message.ts'

export interface OperationChangedArguments {
  filter: OperationFilterInput
  after?: Cursor | null
  snapshot?: boolean | null
}

const mostOpen = 1_000
type Test = (operation: Operation) => boolean

async function toTest(context: Context, { id, tenant, kind, state }: OperationFilterInput): Promise<Test> {
  const ids =
    id == null ? undefined : new Set(id.map((text, index) => idOf('operation', text, `filter.id[${index}]`)))
  const tenants = await tenantsAsked(context, tenant)
  const states = state == null ? undefined : new Set<OperationState>(state)
  return (operation) =>
    seesTenant(context, operation.tenantId) &&
    (ids === undefined || ids.has(operation.id)) &&
    (tenants === undefined || (operation.tenantId !== null && tenants.includes(operation.tenantId))) &&
    (kind == null || kind.includes(operation.kind)) &&
    (states === undefined || states.has(operation.state))
}

export async function followOperations(
  context: Context,
  { filter, after, snapshot }: OperationChangedArguments,
): Promise<AsyncGenerator<object>> {
  if (after != null && snapshot === true)
    throw invalidInput('Give either after, to go on, or snapshot, to begin with what is open', 'snapshot')
  return follow(context, await toTest(context, filter), after ?? context.graph.cursor, snapshot === true)
}

async function* follow(
  context: Context,
  wanted: Test,
  after: Cursor,
  isSnapshot: boolean,
): AsyncGenerator<object> {
  const { operations } = context.allocations
  if (isSnapshot) {
    const read = await operations.read({
      states: ['AWAITING_APPROVAL', 'PENDING', 'RUNNING', 'UNWINDING', 'STUCK'],
      first: mostOpen,
    })
    for (const operation of read.toReversed())
      if (wanted(operation))
        yield { cursor: after, at: Date.now(), operation: toOperation(context, operation) }
  }
  await catchUp(context, after)
  for await (const batch of context.events.follow(after, context.signal)) {
    if ('gap' in batch) {
      yield { cursor: batch.resumeFrom, at: Date.now(), operation: null }
      continue
    }
    for (const { body, seq, at } of batch.events) {
      if (body.type !== 'OperationChanged') continue
      const [operation] = await operations.read({ ids: [Number(body.detail['operation'])], first: 1 })
      if (operation !== undefined && wanted(operation))
        yield { cursor: { epoch: batch.cursor.epoch, seq }, at, operation: toOperation(context, operation) }
    }
  }
}
