/** What people and bots do to things that stand: each is an operation of one step, seen before it is done and logged as it is. */
import type { Knex } from 'knex'
import type { Db } from '../db.ts'
import { notFound, PlenumError } from '../errors.ts'
import { appendEvents } from '../event/store.ts'
import type { Graph, Vertex } from '../graph/graph.ts'
import { holdTurn, insertOperation, moveOperation, operationEvent, type Changed } from '../operation/index.ts'
import type { Operation, OperationKind, StepKind } from '../operation/operation.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Fence, Resources } from '../resource/verbs.ts'
import type { Power, PowerSwitch } from '../source/source.ts'

/** Of a source by its id; throws what is to be told to who asks when it is not to be changed. */
export type PowerOf = (sourceId: ResourceId) => PowerSwitch

export interface PowerRequest {
  id: ResourceId
  power: Power
  /** Without asking its system to end by itself. */
  force: boolean
}

export interface Control {
  /** Who would do it; throws when nobody may or can. */
  checkPower(id: ResourceId): Promise<{ sourceId: ResourceId; key: string }>
  setPower(request: PowerRequest, by: Actor): Promise<Changed>
  /** What goes with it, the nearest first; nothing where it is only switched on. */
  impactOf(request: Pick<PowerRequest, 'id' | 'power'>, graph: Graph): Vertex[]
}

interface ControlOptions {
  resources: Pick<Resources, 'once' | 'originsOf'>
  graph(): Graph
  powerOf: PowerOf
  /** There is an operation to work on. */
  wake(): void
}

const switchable: readonly string[] = ['Server', 'VirtualMachine', 'Container']
const mostTold = 100

export function createControl({ resources, graph, powerOf, wake }: ControlOptions): Control {
  async function checkPower(id: ResourceId): Promise<{ sourceId: ResourceId; key: string }> {
    const vertex = graph().get(id)
    if (vertex === undefined) throw notFound('It is no more', 'input.resource')
    if (!switchable.includes(vertex.kind.name))
      throw new PlenumError(
        'INVALID_INPUT',
        `A ${vertex.kind.name} has no power to switch: a Server, VirtualMachine or Container has`,
        {
          path: 'input.resource',
        },
      )
    let why: unknown
    const origins = (await resources.originsOf([id])).get(id) ?? []
    for (const { sourceId, key } of origins.toSorted((one, other) => other.precedence - one.precedence))
      try {
        if (powerOf(sourceId).knows(key)) return { sourceId, key }
      } catch (error) {
        // An inventory that somebody imported is no source of the configuration: that is not what is wrong.
        if (!(error instanceof PlenumError) || error.code !== 'NOT_FOUND') why ??= error
      }
    throw (
      why ?? new PlenumError('FORBIDDEN', 'No source that can switch it knows it', { path: 'input.resource' })
    )
  }
  return {
    checkPower,
    impactOf({ id, power }, seen) {
      const vertex = seen.get(id)
      if (vertex === undefined || power === 'ON') return []
      return seen
        .dependents(vertex)
        .slice(0, mostTold)
        .map((one) => one.vertex)
    },
    async setPower({ id, power, force }, by) {
      const { sourceId, key } = await checkPower(id)
      const tenantId = graph().get(id)?.tenantId ?? null
      const changed = await resources.once(by, async (trx, at) => {
        const operation = { kind: 'setPower', tenantId, allocationId: null }
        const operationId = await insertOperation(
          trx,
          { ...operation, state: 'PENDING', input: { resource: id, power, force }, startedBy: by.name, at },
          [
            {
              kind: 'power',
              parameters: { source: sourceId, key, power, force },
              name: (own, epoch) => `plenum-${epoch}-${own}-power`,
            },
          ],
        )
        const told = operationEvent({ id: operationId, ...operation }, 'PENDING')
        return { allocationId: 0, operationId, cursor: await appendEvents(trx, by.name, [told], at) }
      })
      wake()
      return changed
    },
  }
}

/**
 * Its undo does nothing, and for a reason: what lost its power has lost what it did, and switching it back, perhaps minutes later, could only surprise whoever acted
 * meanwhile. What failed is told; the opposite is another operation.
 */
export const powerStep = (powerOf: PowerOf): StepKind => ({
  kind: 'power',
  timeoutMs: 120_000,
  async run({ source, key, power, force }, { signal }) {
    await powerOf(Number(source)).set(String(key), power as Power, { force: force === true }, signal)
    return {}
  },
  undo: async () => {},
})

/** Operations that change nothing of ours: they end, and that is told. */
export const controlKind = (db: Db): OperationKind => ({
  kind: 'setPower',
  unwinds: true,
  finish: (operation, _, fence) => db.transaction((trx) => end(trx, operation, 'SUCCEEDED', fence)),
  fail: (operation, ended, fence) => db.transaction((trx) => end(trx, operation, ended, fence)),
})

async function end(
  trx: Knex.Transaction,
  operation: Operation,
  state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
  fence: Fence,
): Promise<void> {
  await holdTurn(trx, fence)
  await moveOperation(trx, operation.id, ['RUNNING', 'UNWINDING'], { state })
  await appendEvents(trx, `operation ${operation.id}`, [operationEvent(operation, state)])
}
