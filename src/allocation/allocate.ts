/** Gives: decided on what is, under the write lock, in the transaction that makes it true. Nobody else gives or writes resources meanwhile, so what was free is free. */
import type { Knex } from 'knex'
import type { EventFeed } from '../context.ts'
import { PlenumError } from '../errors.ts'
import { appendEvents } from '../event/store.ts'
import type { Graph } from '../graph/graph.ts'
import { insertOperation, operationEvent } from '../operation/index.ts'
import type { Actor, Observation } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Given, Plan } from './allocation.ts'
import { namedClasses } from './class.ts'
import { compose } from './compose.ts'
import { hashOf, type Draft } from './draft.ts'
import { itemsOf, serviceIn } from './item.ts'
import type { Fleet } from './pool/fleet.ts'
import { claimedUnits, insertClaims, sumOf } from './claim/store.ts'
import { findLive, insertAllocation, insertResources, readHeadSeq, takeQuota } from './store.ts'
import { stepsOf } from './step/index.ts'
import type { KnownUsage } from './usage.ts'

export const sourceName = 'allocations'

export interface Giving {
  resources: Pick<Resources, 'state'>
  feed: Pick<EventFeed, 'applied'>
  graph(): Graph
  fleet: Fleet
  usage: KnownUsage
  /** The tenant's limit of a class; undefined: none. */
  limitOf(tenantName: string, name: string): number | undefined
}

export interface AllocateRequest {
  draft: Draft
  /** The plan that is insisted on. */
  token?: string
  dryRun: boolean
}

/** It has been given before, by this name. */
class Known extends Error {
  readonly given: Given
  constructor(given: Given) {
    super('given before')
    this.given = given
  }
}

export async function allocate(giving: Giving, request: AllocateRequest, by: Actor): Promise<Given> {
  try {
    return await new Allocating(giving, request, by).run()
  } catch (error) {
    if (error instanceof Known) return error.given
    throw error
  }
}

class Allocating {
  readonly #giving: Giving
  readonly #request: AllocateRequest
  readonly #by: Actor
  #plan!: Plan
  #id = 0
  #held: readonly { id: number }[] = []
  #service: Observation | undefined

  constructor(giving: Giving, request: AllocateRequest, by: Actor) {
    this.#giving = giving
    this.#request = request
    this.#by = by
  }

  async run(): Promise<Given> {
    const { allocationId, operationId, cursor } = await this.#giving.resources.state<Given>(
      {
        source: sourceName,
        dryRun: this.#request.dryRun,
        decide: (trx, at) => this.#decide(trx, at),
        after: (trx, ids, at) => this.#after(trx, ids, at),
      },
      this.#by,
    )
    return { allocationId, operationId, cursor }
  }

  async #decide(trx: Knex.Transaction, at: Date) {
    const { draft, token } = this.#request
    await this.#refuseKnown(trx)
    await catchUp(this.#giving, trx)
    const plan = compose(draft, await stockOf(this.#giving, trx))
    if (token !== undefined && token !== plan.token)
      throw new PlenumError('CONFLICT', 'The plan is no longer how it would be done: plan again', {
        reason: 'PLAN_STALE',
        path: 'input.plan',
      })
    if (!plan.feasible) throw insufficient(plan)
    this.#plan = plan
    await this.#takeQuota(trx)
    this.#id = await insertAllocation(trx, this.#row(at))
    await insertClaims(trx, this.#id, plan.claims)
    const { items, hold } = itemsOf(this.#id, draft, plan.claims, this.#giving.graph())
    this.#held = hold
    this.#service = serviceIn(items)
    return { items, gone: [], hold }
  }

  get #isAtOnce(): boolean {
    const { steps, approval } = this.#request.draft.blueprint
    return steps.length === 0 && !approval
  }

  #row(at: Date) {
    const { request } = this.#request.draft
    return {
      tenantId: request.tenantId,
      name: request.name,
      state: this.#isAtOnce
        ? ('ACTIVE' as const)
        : this.#request.draft.blueprint.approval
          ? ('PENDING' as const)
          : ('CREATING' as const),
      blueprint: request.blueprint,
      request,
      requestHash: hashOf(this.#request.draft),
      createdBy: this.#by.name,
      at,
      leaseEndsAt: request.leaseMs === undefined ? null : new Date(at.getTime() + request.leaseMs),
    }
  }

  async #refuseKnown(trx: Knex.Transaction): Promise<void> {
    const { draft } = this.#request
    const known = await findLive(trx, draft.request.tenantId, draft.request.name)
    if (known === undefined) return
    if (!known.requestHash.equals(hashOf(draft)))
      throw new PlenumError(
        'CONFLICT',
        `${draft.request.name} is there already, and is something else: release it first, or take another name`,
        { reason: 'STATE', path: 'request.name' },
      )
    const seq = await readHeadSeq(trx)
    throw new Known({
      allocationId: known.id,
      operationId: known.operationId ?? 0,
      cursor: { epoch: '', seq },
    })
  }

  async #takeQuota(trx: Knex.Transaction): Promise<void> {
    const { tenantId, tenantName } = this.#request.draft.request
    const limitOf = (name: string) => this.#giving.limitOf(tenantName, name)
    const short = await takeQuota(trx, tenantId, sumOf(this.#plan.claims), limitOf)
    if (short.length === 0) return
    throw new PlenumError(
      'QUOTA_EXCEEDED',
      `The quota of ${tenantName} does not allow it: ${short.map(({ class: name, asked, free }) => `${asked} ${name} asked, ${free} left`).join('; ')}`,
      { short },
    )
  }

  async #after(trx: Knex.Transaction, ids: ReadonlyMap<string, number>, at: Date): Promise<Given> {
    const { draft } = this.#request
    await insertResources(trx, this.#id, [
      ...[...ids].map(([key, id]) => ({ id, key })),
      ...this.#held.map(({ id }) => ({ id, key: null })),
    ])
    const tenantId = draft.request.tenantId
    const state = this.#isAtOnce ? 'SUCCEEDED' : draft.blueprint.approval ? 'AWAITING_APPROVAL' : 'PENDING'
    const operationId = await insertOperation(
      trx,
      {
        kind: 'allocate',
        state,
        allocationId: this.#id,
        tenantId,
        input: { name: draft.request.name, ...(this.#service && { service: this.#service }) },
        startedBy: this.#by.name,
        at,
      },
      stepsOf(draft, this.#plan, this.#id, this.#giving.graph()),
    )
    const told = { id: operationId, kind: 'allocate', tenantId, allocationId: this.#id }
    const cursor = await appendEvents(
      trx,
      this.#by.name,
      [
        allocationEvent(this.#id, tenantId, draft.request.name, this.#isAtOnce ? 'ACTIVE' : 'CREATING'),
        operationEvent(told, state),
      ],
      at,
    )
    return { allocationId: this.#id, operationId, cursor }
  }
}

export const allocationEvent = (id: number, tenantId: number, name: string, state: string) => ({
  type: 'AllocationChanged' as const,
  id: tenantId,
  detail: { allocation: id, tenant: tenantId, name, state },
})

const catchUpMs = 5_000

/** The graph of this process must have what the tables have: all that was written before this lock was taken. */
export async function catchUp({ feed }: Pick<Giving, 'feed'>, trx: Knex.Transaction): Promise<void> {
  await feed.applied(await readHeadSeq(trx), new AbortController().signal, catchUpMs)
}

export async function stockOf({ graph, fleet, usage }: Pick<Giving, 'graph' | 'fleet' | 'usage'>, db: Knex) {
  return { graph: graph(), fleet, usage: await usage.now(db), claimed: await claimedUnits(db, namedClasses) }
}

const mostTold = 5

function insufficient({ short, rejected }: Plan): PlenumError {
  const lacks = short.map(({ class: name, asked, missing }) => `${missing} of ${asked} ${name}`).join(', ')
  const why = rejected
    .toSorted((one, other) => other.count - one.count)
    .slice(0, mostTold)
    .map(({ reason, count }) => `${count} ${reason}`)
  const told = why.length === 0 ? 'no pool offers it' : why.join(', ')
  return new PlenumError(
    'INSUFFICIENT_CAPACITY',
    `There is not enough: ${lacks === '' ? 'nothing fits' : `${lacks} lack`} (${told})`,
    {
      short: [...short],
    },
  )
}
