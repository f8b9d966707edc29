/** Takes back: what was stated, what was held, what was claimed, all in one transaction; first what was made outside, where something was. */
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import { appendEvents } from '../event/store.ts'
import { holdTurn, insertOperation, moveOperation, operationEvent, type NewStep } from '../operation/index.ts'
import type { Operation, Step } from '../operation/operation.ts'
import type { Actor } from '../resource/resource.ts'
import type { Fence, Resources, Stated } from '../resource/verbs.ts'
import type { Allocation, AllocationState, Given } from './allocation.ts'
import { allocationEvent, sourceName } from './allocate.ts'
import { removeClaims } from './claim/store.ts'
import { moveAllocation, resourcesOf } from './store.ts'

export interface Taking {
  db: Knex
  resources: Pick<Resources, 'state' | 'once'>
  /** Of an allocation: what was done outside, and is to be ended. */
  stepsOfAllocation(id: number): Promise<Step[]>
}

const stateConflict = ({ name, state }: Allocation): PlenumError =>
  new PlenumError('CONFLICT', `${name} is ${state}: it cannot be released now`, {
    reason: 'STATE',
    path: 'input.allocation',
  })

export async function release(
  taking: Taking,
  allocation: Allocation,
  dryRun: boolean,
  by: Actor,
): Promise<Given> {
  if (allocation.state !== 'ACTIVE') throw stateConflict(allocation)
  const outside = (await taking.stepsOfAllocation(allocation.id)).filter(({ state }) => state === 'DONE')
  if (outside.length > 0 && !dryRun) return beginRelease(taking, allocation, outside, by)
  const { allocationId, operationId, cursor } = await giveBack(
    taking,
    allocation,
    ['ACTIVE'],
    'RELEASED',
    dryRun,
    by,
    async (trx, at) => {
      const operation = { kind: 'release', tenantId: allocation.tenantId, allocationId: allocation.id }
      const id = await insertOperation(trx, {
        ...operation,
        state: 'SUCCEEDED',
        input: { name: allocation.name },
        startedBy: by.name,
        at,
      })
      return { id, event: operationEvent({ id, ...operation }, 'SUCCEEDED') }
    },
  )
  return { allocationId, operationId, cursor }
}

/** What was made outside is ended by an operation of its own; the claims stay until nothing is left. */
async function beginRelease(
  { resources }: Taking,
  allocation: Allocation,
  outside: readonly Step[],
  by: Actor,
): Promise<Given> {
  return resources.once(by, async (trx, at) => {
    if (!(await moveAllocation(trx, allocation.id, ['ACTIVE'], 'RELEASING', at)))
      throw stateConflict({ ...allocation, state: 'RELEASING' })
    const operation = { kind: 'release', tenantId: allocation.tenantId, allocationId: allocation.id }
    const steps = outside
      .toReversed()
      .map(({ kind, name, parameters }): NewStep => ({ kind: `${kind}.end`, parameters, name: () => name }))
    const id = await insertOperation(
      trx,
      { ...operation, state: 'PENDING', input: { name: allocation.name }, startedBy: by.name, at },
      steps,
    )
    const cursor = await appendEvents(trx, by.name, [
      allocationEvent(allocation.id, allocation.tenantId, allocation.name, 'RELEASING'),
      operationEvent({ id, ...operation }, 'PENDING'),
    ])
    return { allocationId: allocation.id, operationId: id, cursor }
  })
}

/** All that the allocation had becomes free, once: of two that try, one finds it ended. */
export function giveBack(
  { resources }: Pick<Taking, 'resources'>,
  allocation: Allocation,
  from: readonly AllocationState[],
  to: 'RELEASED' | 'FAILED',
  dryRun: boolean,
  by: Actor,
  end: (trx: Knex.Transaction, at: Date) => Promise<{ id: number; event: ReturnType<typeof operationEvent> }>,
): Promise<Given> {
  return resources.state<Given>(
    {
      source: sourceName,
      dryRun,
      async decide(trx, at): Promise<Stated> {
        if (!(await moveAllocation(trx, allocation.id, from, to, at)))
          throw stateConflict({ ...allocation, state: to })
        const held = (await resourcesOf(trx, [allocation.id])).get(allocation.id)!
        await removeClaims(trx, allocation.id, allocation.tenantId)
        return {
          items: [],
          gone: held.flatMap(({ key }) => key ?? []),
          letGo: held.filter(({ key }) => key === null).map(({ id }) => ({ id, kind: 'Server' })),
        }
      },
      async after(trx, _, at) {
        const { id, event } = await end(trx, at)
        const told = allocationEvent(allocation.id, allocation.tenantId, allocation.name, to)
        const cursor = await appendEvents(trx, by.name, [told, event], at)
        return { allocationId: allocation.id, operationId: id, cursor }
      },
    },
    by,
  )
}

/** The end of an operation and of its allocation, fenced, in one transaction. */
export async function endWith(
  taking: Pick<Taking, 'resources'>,
  allocation: Allocation,
  operation: Operation,
  ended: {
    from: readonly AllocationState[]
    allocation: 'RELEASED' | 'FAILED'
    operation: Operation['state']
  },
  fence: Fence,
): Promise<void> {
  const by = { name: `operation ${operation.id}` }
  await giveBack(taking, allocation, ended.from, ended.allocation, false, by, async (trx) => {
    await holdTurn(trx, fence)
    await moveOperation(trx, operation.id, ['RUNNING', 'UNWINDING'], { state: ended.operation })
    return { id: operation.id, event: operationEvent(operation, ended.operation) }
  })
}
