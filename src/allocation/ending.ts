/** The operations of this room: what becomes true when all their steps are done, and when none is any more. */
import { appendEvents } from '../event/store.ts'
import { holdTurn, moveOperation, operationEvent } from '../operation/index.ts'
import type { OperationKind } from '../operation/operation.ts'
import type { Allocation } from './allocation.ts'
import { allocationEvent } from './allocate.ts'
import { endWith, type Taking } from './release.ts'
import { moveAllocation } from './store.ts'

type Ending = Pick<Taking, 'db' | 'resources'> & { get(id: number): Promise<Allocation> }

export const operationKinds = (ending: Ending): OperationKind[] => [allocateKind(ending), releaseKind(ending)]

const allocateKind = (ending: Ending): OperationKind => ({
  kind: 'allocate',
  unwinds: true,
  async finish(operation, _, fence) {
    const allocation = await ending.get(operation.allocationId!)
    await ending.db.transaction(async (trx) => {
      await holdTurn(trx, fence)
      await moveAllocation(trx, allocation.id, ['PENDING', 'CREATING'], 'ACTIVE', new Date())
      await moveOperation(trx, operation.id, ['RUNNING'], { state: 'SUCCEEDED' })
      await appendEvents(trx, `operation ${operation.id}`, [
        allocationEvent(allocation.id, allocation.tenantId, allocation.name, 'ACTIVE'),
        operationEvent(operation, 'SUCCEEDED'),
      ])
    })
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
