/** What people and bots do to things that stand: each is an operation, seen before it is done and logged as it is. */
import { isDeepStrictEqual } from 'node:util'
import type { Knex } from 'knex'
import type { Db } from '../db.ts'
import { appendEvents } from '../event/store.ts'
import type { Graph, Vertex } from '../graph/graph.ts'
import {
  holdTurn,
  insertOperation,
  moveOperation,
  operationEvent,
  toFault,
  type Changed,
  type NewStep,
} from '../operation/index.ts'
import type { Operation, OperationKind } from '../operation/operation.ts'
import { PlenumError } from '../errors.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Fence, Resources } from '../resource/verbs.ts'
import type { MachineSize, Mover, Power, PowerSwitch, Resizer } from '../source/source.ts'
import { findController, type Found } from './find.ts'
import {
  drainSteps,
  endDrainSteps,
  moveStep,
  type Carried,
  type DrainRequest,
  type MoveRequest,
} from './move.ts'
import { resizeSteps } from './resize.ts'
import { claimResource } from './store.ts'

export { controlSteps } from './step.ts'
export type { DrainRequest, MoveRequest } from './move.ts'

/** Of a source by its id; throws what is to be told to who asks when it is not to be changed. */
export interface Steers {
  powerOf(sourceId: ResourceId): PowerSwitch
  moverOf(sourceId: ResourceId): Mover
  resizerOf(sourceId: ResourceId): Resizer
}

export interface PowerRequest {
  id: ResourceId
  power: Power
  /** Without asking its system to end by itself. */
  force: boolean
}

export interface ResizeRequest {
  id: ResourceId
  size: MachineSize
}

/** What was looked at and may be begun. */
export interface Prepared {
  kind: string
  id: ResourceId
  input: object
  steps: readonly NewStep[]
  /** What else it is done to: who may do it must be allowed these too. */
  others: readonly ResourceId[]
}

export interface Control {
  /** Looks who would do it, and at what stands; throws when nobody may or can. */
  preparePower(request: PowerRequest): Promise<Prepared>
  prepareMove(request: MoveRequest, signal: AbortSignal): Promise<Prepared>
  prepareDrain(request: DrainRequest, signal: AbortSignal): Promise<Prepared>
  prepareResize(request: ResizeRequest, signal: AbortSignal): Promise<Prepared>
  begin(prepared: Prepared, by: Actor): Promise<Changed>
  /** What goes with it, the nearest first, and the tenants of all that. */
  impactOf(id: ResourceId, graph: Graph): Vertex[]
}

interface ControlOptions extends Steers {
  resources: Pick<Resources, 'once' | 'originsOf'>
  graph(): Graph
  /** There is an operation to work on. */
  wake(): void
}

const resizable: readonly string[] = ['VirtualMachine', 'Container']
const switchable: readonly string[] = ['Server', 'VirtualMachine', 'Container']
/** A machine may be told to turn on while it is stuck turning off; two of these would undo each other. */
const exclusive: readonly string[] = ['resize', 'migrate', 'drain']
const mostTold = 100
const path = 'input.resource'

export function createControl(options: ControlOptions): Control {
  const { resources, graph, powerOf, moverOf, resizerOf, wake } = options
  const findMover = (id: ResourceId, isHost: boolean, at = path) =>
    findController(graph(), resources, {
      id,
      kinds: [isHost ? 'Server' : 'VirtualMachine'],
      of: moverOf,
      knows: (mover, key) => (isHost ? mover.knowsHost(key) : mover.knows(key)),
      notOfKind: (kind) =>
        isHost
          ? `A ${kind} has no machines: a Server has`
          : `A ${kind} cannot be moved: a VirtualMachine can`,
      nobody: isHost ? 'No source knows it as a host of machines' : 'No source that can move it knows it',
      path: at,
    })
  return {
    async preparePower({ id, power, force }) {
      const { sourceId, key } = await findController(graph(), resources, {
        ...{ id, kinds: switchable, of: powerOf, path },
        knows: (by, own) => by.knows(own),
        notOfKind: (kind) => `A ${kind} has no power to switch: a Server, VirtualMachine or Container has`,
        nobody: 'No source that can switch it knows it',
      })
      const step: NewStep = {
        kind: 'power',
        parameters: { source: sourceId, key, power, force },
        name: (own, epoch) => `plenum-${epoch}-${own}-power`,
      }
      return { kind: 'setPower', id, input: { resource: id, power, force }, steps: [step], others: [] }
    },
    async prepareMove({ id, to, isLive }, signal) {
      const { vertex, ...found } = await findMover(id, false)
      const target = to === undefined ? undefined : await hostIn(options, found, to)
      const from = await told(found.by.hostOf(found.key, signal))
      if (from === undefined) throw refused(`${vertex.name} is on no host`, path)
      if (target === from) throw refused(`${vertex.name} is there already`, 'input.to')
      const input = { resource: id, to: to ?? null, live: isLive ?? null }
      const steps = [moveStep(found, { from, to: target, isLive, what: vertex.name })]
      return { kind: 'migrate', id, input, steps, others: to === undefined ? [] : [to] }
    },
    async prepareDrain({ id, isEnd }, signal) {
      const { vertex, ...host } = await findMover(id, true)
      const there = await told(host.by.machinesOn(host.key, signal))
      const marked = { id, was: vertex.status }
      if (isEnd)
        return {
          ...{ kind: 'drain', id, input: { resource: id, end: true }, others: [] },
          steps: endDrainSteps(host, marked),
        }
      const carried = await carriedBy(options, vertex, host, there)
      return {
        ...{ kind: 'drain', id, input: { resource: id, end: false } },
        steps: drainSteps(host, marked, carried),
        others: carried.flatMap((one) => one.id ?? []),
      }
    },
    async prepareResize({ id, size }, signal) {
      const { sourceId, key, by, vertex } = await findController(graph(), resources, {
        ...{ id, kinds: resizable, of: resizerOf, path },
        knows: (own, text) => own.knows(text),
        notOfKind: (kind) => `A ${kind} cannot be resized: a VirtualMachine or Container can`,
        nobody: 'No source that can resize it knows it',
      })
      const sizes = await told(by.weigh(key, size, signal))
      if (isDeepStrictEqual(sizes.from, sizes.to))
        throw refused(`${vertex.name} has that size already`, 'input')
      const steps = resizeSteps({ sourceId, key }, sizes)
      return { kind: 'resize', id, input: { resource: id, ...sizes }, steps, others: [] }
    },
    async begin({ kind, id, input, steps }, by) {
      const tenantId = graph().get(id)?.tenantId ?? null
      const operation = { kind, tenantId, allocationId: null }
      const changed = await resources.once(by, async (trx, at) => {
        if (exclusive.includes(kind)) await claimResource(trx, exclusive, id)
        const asked = { ...operation, state: 'PENDING' as const, input, startedBy: by.name, at }
        const operationId = await insertOperation(trx, asked, steps)
        const event = operationEvent({ id: operationId, ...operation }, 'PENDING')
        return { allocationId: 0, operationId, cursor: await appendEvents(trx, by.name, [event], at) }
      })
      wake()
      return changed
    },
    impactOf(id, seen) {
      const vertex = seen.get(id)
      if (vertex === undefined) return []
      const reached = seen.dependents(vertex).map((one) => one.vertex)
      const tenants = new Set([vertex, ...reached].flatMap(({ tenantId }) => tenantId ?? []))
      return [...reached.slice(0, mostTold), ...[...tenants].flatMap((tenant) => seen.get(tenant) ?? [])]
    },
  }
}

const refused = (message: string, at: string): PlenumError =>
  new PlenumError('CONFLICT', message, { reason: 'STATE', path: at })

/** What a source says when it is only looked at: as an operation would tell it. */
async function told<T>(looking: Promise<T>): Promise<T> {
  try {
    return await looking
  } catch (error) {
    const { code, message } = toFault(error)
    if ((error as { failure?: string }).failure === 'bad')
      throw new PlenumError('INVALID_INPUT', message, { path: 'input' }, { cause: error })
    if (code === 'INTERNAL') throw error
    throw new PlenumError('SOURCE_UNAVAILABLE', message, { path }, { cause: error })
  }
}

/** The key under which the same source knows the host. */
async function hostIn(
  { graph, resources }: ControlOptions,
  { sourceId, by }: Found<Mover>,
  id: ResourceId,
): Promise<string> {
  if (graph().get(id)?.kind.name !== 'Server')
    throw new PlenumError('INVALID_INPUT', 'Machines run on a Server', { path: 'input.to' })
  const origins = (await resources.originsOf([id])).get(id) ?? []
  const key = origins.find((one) => one.sourceId === sourceId && by.knowsHost(one.key))?.key
  if (key === undefined)
    throw new PlenumError('INVALID_INPUT', 'Its source does not know that host', { path: 'input.to' })
  return key
}

/** As the source lists them now; which of them is known here is told by their origins. */
async function carriedBy(
  { graph, resources }: ControlOptions,
  host: Vertex,
  { sourceId }: Found<Mover>,
  there: readonly { key: string; name: string }[],
): Promise<Carried[]> {
  const known = graph()
    .dependents(host)
    .filter(({ vertex }) => vertex.kind.name === 'VirtualMachine')
    .map(({ vertex }) => vertex.id)
  const origins = [...(await resources.originsOf(known))].flatMap(([id, own]) =>
    own.flatMap((one) => (one.sourceId === sourceId ? [[one.key, id] as const] : [])),
  )
  const ids = new Map(origins)
  return there.map((one) => ({ ...one, id: ids.get(one.key) }))
}

/** Operations that change nothing of ours: they end, and that is told. */
export const controlKinds = (db: Db): OperationKind[] =>
  ['setPower', ...exclusive].map((kind) => ({
    kind,
    unwinds: true,
    finish: (operation, _, fence) => db.transaction((trx) => end(trx, operation, 'SUCCEEDED', fence)),
    fail: (operation, ended, fence) => db.transaction((trx) => end(trx, operation, ended, fence)),
  }))

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
