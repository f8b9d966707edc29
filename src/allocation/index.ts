/** Allocations: capacity offered, asked for, planned, given, and taken back. */
import type { Logger } from 'pino'
import type { EventFeed } from '../context.ts'
import { controlKinds, controlSteps, createControl, type Control, type Steers } from '../control/index.ts'
import type { Db } from '../db.ts'
import { invalidInput, notFound } from '../errors.ts'
import type { Cursor } from '../event/event.ts'
import type { Graph } from '../graph/graph.ts'
import { startOperations, type Operations, type OperationsOptions } from '../operation/index.ts'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { MadeAnswer } from '../source/index.ts'
import type { Turns } from '../turn.ts'
import { allocate, stockOf, type Giving } from './allocate.ts'
import type {
  Allocation,
  AllocationRequest,
  Claim,
  Given,
  Plan,
  PoolState,
  ProviderState,
} from './allocation.ts'
import { loadBlueprints, parametersSchema, type Blueprint } from './blueprint/index.ts'
import { compose } from './compose.ts'
import { toDraft, type Draft } from './draft.ts'
import type { AllocationConfig } from './pool/config.ts'
import { Fleet } from './pool/fleet.ts'
import { poolStates, providerStates } from './pool/state.ts'
import { Queue } from './queue.ts'
import { operationKinds } from './ending.ts'
import { readOrphans, type Orphan } from './orphan/index.ts'
import { release, type Taking } from './release.ts'
import { countAllocations, quotasOf, readAllocations, resourcesOf, type AllocationQuery } from './store.ts'
import { claimsOf } from './claim/store.ts'
import { checkPlaybooks, checkSteps, isMade, stepKinds, type ActorOf, type Sight } from './step/index.ts'
import { checkLease, endingByTenant, extend, Leases } from './lease/index.ts'
import { limitIn, type Quota } from './limit.ts'
import { KnownUsage } from './usage.ts'

export { addUp, fullAt } from './forecast.ts'
export { startHeadroom } from './headroom.ts'
export { startOccupancy, usedMetric } from './occupancy.ts'
export { sumCapacity } from './pool/state.ts'
export { allocationShape, type AllocationConfig } from './pool/config.ts'
export { loadBlueprints } from './blueprint/index.ts'
export type { AllocationQuery } from './store.ts'
export type { Allocation, AllocationRequest, Given, Plan } from './allocation.ts'
export type { Orphan } from './orphan/index.ts'

export interface Allocations {
  operations: Omit<Operations, 'close' | 'wake'>
  control: Control
  blueprints(): readonly (Blueprint & { schema: object })[]
  pools(): Promise<PoolState[]>
  /** What each provider of each pool has. */
  capacity(): Promise<ProviderState[]>
  plan(request: AllocationRequest): Promise<Plan>
  /** Given before by this name: the same again. */
  allocate(
    request: { request: AllocationRequest; token?: string; dryRun: boolean },
    by: Actor,
  ): Promise<Given>
  release(request: { id: number; dryRun: boolean }, by: Actor): Promise<Given>
  /** So long from now on, if that is longer than it has. */
  extendLease(request: { id: number; leaseMs: number }, by: Actor): Promise<Given>
  read(query: AllocationQuery): Promise<Allocation[]>
  count(query: Omit<AllocationQuery, 'first' | 'before'>): Promise<number>
  claimsOf(ids: readonly number[]): Promise<Map<number, Claim[]>>
  resourcesOf(ids: readonly number[]): Promise<Map<number, { id: ResourceId; key: string | null }[]>>
  quotasOf(tenants: readonly { id: ResourceId; name: string }[]): Promise<Quota[]>
  /** Of all sources that may be changed, of these when given; how each did is told beside. */
  orphans(
    sourceIds: ReadonlySet<ResourceId> | undefined,
    signal: AbortSignal,
  ): Promise<{ orphans: Orphan[]; answers: MadeAnswer[] }>
  /** How many end soon, as their tenants were told. */
  endingByTenant(): Promise<Map<ResourceId, number>>
  close(): Promise<void>
}

export interface AllocationsOptions extends Steers {
  db: Db
  log: Logger
  config: AllocationConfig
  resources: Resources
  turns: Turns
  feed: EventFeed
  graph(): Graph
  /** What is in maintenance, and gives nothing. */
  maintained(): ReadonlySet<number>
  wake(): void
  /** Who does what blueprints have done outside. */
  actorOf: ActorOf
  /** What they made. */
  made(sourceIds: ReadonlySet<ResourceId> | undefined, signal: AbortSignal): Promise<MadeAnswer[]>
  metrics: Sight['metrics']
  /** How often leases are looked at. */
  leaseMs?: number
  operations?: Pick<OperationsOptions, 'pollMs' | 'attempts' | 'undoAttempts' | 'pauseMs' | 'settleMs'>
}

export async function startAllocations(options: AllocationsOptions): Promise<Allocations> {
  const blueprints = await loadBlueprints(options.config.blueprints)
  await checkPlaybooks(blueprints.values(), options.config.playbooks)
  return new RunningAllocations(options, blueprints)
}

class RunningAllocations implements Allocations {
  readonly #options: AllocationsOptions
  readonly #blueprints: ReadonlyMap<string, Blueprint>
  readonly #giving: Giving
  readonly #taking: Taking
  readonly #queue = new Queue()
  readonly #operations: Operations
  readonly control: Control
  readonly #leases: Leases

  constructor(options: AllocationsOptions, blueprints: ReadonlyMap<string, Blueprint>) {
    const { db, config, resources, feed, graph, log, turns, wake, actorOf } = options
    this.#options = options
    this.#blueprints = blueprints
    const fleet = new Fleet(config.pools, graph, options.maintained)
    this.#giving = {
      resources,
      feed,
      graph,
      fleet,
      usage: new KnownUsage(),
      limitOf: (tenant, name) => limitIn(config, tenant, name),
    }
    this.#operations = startOperations({
      ...{ db, log, turns, feed, wake, resources },
      steps: [...stepKinds(actorOf, options, config.playbooks), ...controlSteps(options)],
      ...options.operations,
      kinds: [...operationKinds({ db, resources, get: (id) => this.#get(id) }), ...controlKinds(db)],
    })
    this.control = createControl({ ...options, wake: () => this.#operations.wake() })
    this.#taking = {
      db,
      resources,
      stepsOfAllocation: async (id) => {
        const [operation] = await this.#operations.read({
          allocationIds: [id],
          kinds: ['allocate'],
          first: 1,
        })
        return operation === undefined
          ? []
          : (await this.#operations.stepsOf([operation.id])).get(operation.id)!.filter(isMade)
      },
    }
    this.#leases = new Leases({
      ...{ db, log, turns, wake, warnings: config.leaseWarnings, everyMs: options.leaseMs ?? 5_000 },
      release: (id) => this.release({ id, dryRun: false }, { name: 'lease' }),
    })
  }

  get operations(): Operations {
    return this.#operations
  }

  blueprints() {
    return [...this.#blueprints.values()].map((one) => ({ ...one, schema: parametersSchema(one) }))
  }

  async pools(): Promise<PoolState[]> {
    const { db } = this.#options
    return poolStates(await stockOf(this.#giving, db))
  }

  async capacity(): Promise<ProviderState[]> {
    return providerStates(await stockOf(this.#giving, this.#options.db))
  }

  #draft(request: AllocationRequest): Draft {
    const blueprint = this.#blueprints.get(request.blueprint)
    if (blueprint === undefined)
      throw notFound(
        `There is no blueprint ${request.blueprint.slice(0, 80)}: ${[...this.#blueprints.keys()].join(', ')}`,
        'request.blueprint',
      )
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(request.name))
      throw invalidInput('A name is letters, digits, `.`, `_` and `-`, 128 at most', 'request.name')
    if (request.leaseMs !== undefined) checkLease(request.leaseMs, 'request.lease')
    const unknown = request.pool?.find((name) => this.#options.config.pools[name] === undefined)
    if (unknown !== undefined) throw notFound(`There is no pool ${unknown.slice(0, 80)}`, 'request.pool')
    const draft = toDraft(blueprint, request)
    checkSteps(draft, this.#options.actorOf)
    return draft
  }

  async plan(request: AllocationRequest): Promise<Plan> {
    const draft = this.#draft(request)
    return compose(draft, await stockOf(this.#giving, this.#options.db))
  }

  async allocate(
    asked: { request: AllocationRequest; token?: string; dryRun: boolean },
    by: Actor,
  ): Promise<Given> {
    const draft = this.#draft(asked.request)
    const { token, dryRun } = asked
    const given = await this.#queue.run(() =>
      allocate(this.#giving, { draft, dryRun, ...(token === undefined ? {} : { token }) }, by),
    )
    this.#operations.wake()
    return { ...given, cursor: this.#whole(given.cursor) }
  }

  /** The epoch of what was only read is that of this process. */
  #whole(cursor: Cursor): Cursor {
    return cursor.epoch === '' ? { ...cursor, epoch: this.#options.feed.cursor().epoch } : cursor
  }

  async release({ id, dryRun }: { id: number; dryRun: boolean }, by: Actor): Promise<Given> {
    const allocation = await this.#get(id)
    const given = await this.#queue.run(() => release(this.#taking, allocation, dryRun, by))
    this.#options.wake()
    this.#operations.wake()
    return given
  }

  async extendLease({ id, leaseMs }: { id: number; leaseMs: number }, by: Actor): Promise<Given> {
    checkLease(leaseMs, 'input.lease')
    const allocation = await this.#get(id)
    return this.#options.resources.once(by, async (trx) => ({
      allocationId: id,
      operationId: 0,
      cursor: await extend(trx, allocation, leaseMs, by),
    }))
  }

  async #get(id: number): Promise<Allocation> {
    const [allocation] = await this.read({ ids: [id], first: 1 })
    if (allocation === undefined) throw notFound(`There is no allocation ${id}`, 'input.allocation')
    return allocation
  }

  read(query: AllocationQuery) {
    return readAllocations(this.#options.db, query)
  }
  count(query: Omit<AllocationQuery, 'first' | 'before'>) {
    return countAllocations(this.#options.db, query)
  }
  claimsOf(ids: readonly number[]) {
    return claimsOf(this.#options.db, ids)
  }
  orphans(sourceIds: ReadonlySet<ResourceId> | undefined, signal: AbortSignal) {
    return readOrphans(this.#options.db, () => this.#options.made(sourceIds, signal))
  }
  endingByTenant = () => endingByTenant(this.#options.db)
  resourcesOf = (ids: readonly number[]) => resourcesOf(this.#options.db, ids)

  /** What is used, and what is limited although nothing is used yet. */
  async quotasOf(tenants: readonly { id: ResourceId; name: string }[]): Promise<Quota[]> {
    const { db, config } = this.#options
    const used = await quotasOf(
      db,
      tenants.map(({ id }) => id),
    )
    return tenants.flatMap(({ id, name }) => {
      const own = used.filter(({ tenantId }) => tenantId === id)
      const limited = config.quotas.filter(({ tenant }) => tenant === undefined || tenant === name)
      const classes = new Set([...own, ...limited].map((one) => one.class))
      return [...classes].sort().map((one) => ({
        tenantId: id,
        class: one,
        limit: limitIn(config, name, one) ?? null,
        used: own.find((row) => row.class === one)?.used ?? 0,
      }))
    })
  }

  async close(): Promise<void> {
    await this.#leases.close()
    await this.#queue.close()
    await this.#operations.close()
  }
}
