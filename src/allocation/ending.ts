/** The operations of this room: what becomes true when all their steps are done, and when none is any more. */
import type { Knex } from 'knex'
import { appendEvents } from '../event/store.ts'
import { holdTurn, moveOperation, operationEvent } from '../operation/index.ts'
import type { Operation, OperationKind } from '../operation/operation.ts'
import type { Observation } from '../resource/resource.ts'
import type { Fence } from '../resource/verbs.ts'
import type { Allocation } from './allocation.ts'
import { allocationEvent, sourceName } from './allocate.ts'
import { carriedBy } from './item.ts'
import { endWith, type Taking } from './release.ts'
import { carriersOf } from './step/index.ts'
import { moveAllocation } from './store.ts'

type Ending = Pick<Taking, 'db' | 'resources'> & { get(id: number): Promise<Allocation> }

export const operationKinds = (ending: Ending): OperationKind[] => [allocateKind(ending), releaseKind(ending)]

const allocateKind = (ending: Ending): OperationKind => ({
  kind: 'allocate',
  unwinds: true,
  async finish(operation, steps, fence) {
    const allocation = await ending.get(operation.allocationId!)
    const service = operation.input['service'] as Observation | undefined
    const made = carriersOf(steps)
    if (service === undefined || made.length === 0)
      return ending.db.transaction((trx) => activate(trx, allocation, operation, fence))
    await ending.resources.state(
      {
        source: sourceName,
        dryRun: false,
        // What was made is told of by its source, soon.
        mayWait: true,
        decide: async () => ({ items: [carriedBy(service, made)], gone: [] }),
        async after(trx) {
          await activate(trx, allocation, operation, fence)
          return {}
        },
      },
      { name: `operation ${operation.id}` },
    )
  },
  fail: async (operation, ended, fence) =>
    endWith(
      ending,
      await ending.get(operation.allocationId!),
      operation,
      { from: ['PENDING', 'CREATING'], allocation: 'FAILED', operation: ended },
      fence,
    ),
})

const releaseKind = (ending: Ending): OperationKind => ({
  kind: 'release',
  unwinds: false,
  finish: async (operation, _, fence) =>
    endWith(
      ending,
      await ending.get(operation.allocationId!),
      operation,
      { from: ['RELEASING'], allocation: 'RELEASED', operation: 'SUCCEEDED' },
      fence,
    ),
  fail: async () => {},
})

async function activate(
  trx: Knex.Transaction,
  allocation: Allocation,
  operation: Operation,
  fence: Fence,
): Promise<void> {
  await holdTurn(trx, fence)
  await moveAllocation(trx, allocation.id, ['PENDING', 'CREATING'], 'ACTIVE', new Date())
  await moveOperation(trx, operation.id, ['RUNNING'], { state: 'SUCCEEDED' })
  await appendEvents(trx, `operation ${operation.id}`, [
    allocationEvent(allocation.id, allocation.tenantId, allocation.name, 'ACTIVE'),
    operationEvent(operation, 'SUCCEEDED'),
  ])
}
