/** Allocations, operations and their requests as the schema has them, and who sees them: those of a tenant by who sees that tenant in full. */
import type { GraphQLResolveInfo } from 'graphql'
import type {
  Allocation,
  AllocationRequest,
  AllocationState,
  Domain,
  Given,
} from '../../allocation/allocation.ts'
import type { Context } from '../../context.ts'
import { invalidInput, limitExceeded, notFound, PlenumError } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import { formatPageCursor, markOf, toPageRequest } from '../../graph/page.ts'
import { progressOf, type Operation, type OperationState } from '../../operation/operation.ts'
import type { Actor, ResourceId } from '../../resource/resource.ts'
import { pageSizeLimit } from './connection.ts'
import { getForWrite, getRef, idsOfRefs } from './find.ts'
import { noteTruncated } from './truncated.ts'
import { seeId } from './view.ts'
import { actorOf } from './write.ts'

export const allocationId = (id: number): string => `allocation.${id}`
export const operationId = (id: number): string => `operation.${id}`

/** The number in an id of this type; NOT_FOUND for any other text. */
export function idOf(type: 'allocation' | 'operation', text: string, path: string): number {
  const [, number] = new RegExp(`^${type}\\.([1-9]\\d{0,14})$`).exec(text) ?? []
  if (number === undefined) throw notFound(`${text.slice(0, 60)} is the id of no ${type}`, path)
  return Number(number)
}

export const seesTenant = ({ viewer }: Context, tenantId: ResourceId | null): boolean =>
  viewer.tenants === undefined || (tenantId !== null && viewer.tenants.has(tenantId))

export const toAllocation = (context: Context, one: Allocation): object => ({
  ...one,
  __typename: 'Allocation',
  id: allocationId(one.id),
  tenant: () => seeId(context, context.graph, one.tenantId),
  resources: async () => {
    const held = (await context.allocations.resourcesOf([one.id])).get(one.id)!
    return held.flatMap(({ id }) => seeId(context, context.graph, id) ?? [])
  },
  claims: async () => {
    const claims = (await context.allocations.claimsOf([one.id])).get(one.id)!
    return claims.map((claim) => ({
      ...claim,
      provider: () => seeId(context, context.graph, claim.resourceId),
    }))
  },
  operation: async () => {
    const [operation] = await context.allocations.operations.read({ allocationIds: [one.id], first: 1 })
    return operation === undefined ? null : toOperation(context, operation)
  },
})

export function toOperation(context: Context, one: Operation): object {
  let steps: Promise<Awaited<ReturnType<Context['allocations']['operations']['stepsOf']>>> | undefined
  const read = async () => (await (steps ??= context.allocations.operations.stepsOf([one.id]))).get(one.id)!
  return {
    ...one,
    __typename: 'Operation',
    id: operationId(one.id),
    steps: read,
    progress: async () => progressOf(one.state, await read()),
    allocation: () => (one.allocationId === null ? null : findAllocation(context, one.allocationId)),
  }
}

export async function findAllocation(context: Context, id: number): Promise<object | null> {
  const [found] = await context.allocations.read({ ids: [id], first: 1 })
  return found !== undefined && seesTenant(context, found.tenantId) ? toAllocation(context, found) : null
}

export async function findOperation(context: Context, id: number): Promise<object | null> {
  const [found] = await context.allocations.operations.read({ ids: [id], first: 1 })
  return found !== undefined && seesTenant(context, found.tenantId) ? toOperation(context, found) : null
}

/** Another tenant's is not there. */
export async function getAllocation(context: Context, text: string, path: string): Promise<Allocation> {
  const id = idOf('allocation', text, path)
  const [found] = await context.allocations.read({ ids: [id], first: 1 })
  if (found === undefined || !seesTenant(context, found.tenantId)) throw notFound(`There is no ${text}`, path)
  return found
}

export async function getOperation(context: Context, text: string, path: string): Promise<Operation> {
  const id = idOf('operation', text, path)
  const [found] = await context.allocations.operations.read({ ids: [id], first: 1 })
  if (found === undefined || !seesTenant(context, found.tenantId)) throw notFound(`There is no ${text}`, path)
  return found
}

/** Allocations or operations by id; undefined when the id is of something else. */
export function findAllocationNode(context: Context, id: string): Promise<object | null> | undefined {
  const [, type, number] = /^(allocation|operation)\.([1-9]\d{0,14})$/.exec(id) ?? []
  if (number === undefined) return undefined
  return type === 'allocation'
    ? findAllocation(context, Number(number))
    : findOperation(context, Number(number))
}

export interface AllocationRequestInput {
  tenant: string
  name: string
  blueprint: string
  count?: number | null
  size?: { class: string; amount: number | string }[] | null
  require?: string[] | null
  forbid?: string[] | null
  prefer?: string[] | null
  near?: string[] | null
  spread?: { over: string; atMost?: number | null; required?: boolean | null } | null
  pool?: string[] | null
  lease?: number | null
  parameters?: unknown
}

const domainNames: Readonly<Record<string, Domain>> = {
  PROVIDER: 'provider',
  RACK: 'rack',
  SWITCH: 'switch',
  POWER_FEED: 'powerFeed',
  SITE: 'site',
}
const mostListed = 100

export async function toAllocationRequest(
  context: Context,
  input: AllocationRequestInput,
  path: string,
): Promise<AllocationRequest> {
  const { blueprints } = context.viewer.writes ?? {}
  if (blueprints !== undefined && !blueprints.has(input.blueprint))
    throw new PlenumError(
      'FORBIDDEN',
      `This token may not ask for the blueprint ${input.blueprint.slice(0, 80)}`,
      {
        path: `${path}.blueprint`,
      },
    )
  for (const list of ['size', 'require', 'forbid', 'prefer', 'near', 'pool'] as const)
    if ((input[list]?.length ?? 0) > mostListed)
      throw limitExceeded(
        'requestItems',
        mostListed,
        `${path}.${list} may hold at most ${mostListed}`,
        input[list]!.length,
      )
  const tenant = await getForWrite(context, input.tenant, { type: 'Tenant', path: `${path}.tenant` })
  const near =
    input.near == null
      ? undefined
      : await idsOfRefs(context, context.graph, input.near, { path: `${path}.near` })
  const rest = {
    count: input.count,
    require: input.require,
    forbid: input.forbid,
    prefer: input.prefer,
    pool: input.pool,
    leaseMs: input.lease,
    parameters: input.parameters,
  }
  return {
    tenantId: tenant.id,
    tenantName: tenant.name,
    name: input.name,
    blueprint: input.blueprint,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null)),
    ...(input.size == null
      ? {}
      : { size: input.size.map((one) => ({ class: one.class, amount: Number(one.amount) })) }),
    ...(near === undefined ? {} : { near: [...near] }),
    ...(input.spread == null ? {} : { spread: toSpread(input.spread, `${path}.spread`) }),
  }
}

function toSpread({ over, atMost, required }: NonNullable<AllocationRequestInput['spread']>, path: string) {
  if (atMost != null && atMost < 1) throw invalidInput('At least one member a domain', `${path}.atMost`)
  return { over: domainNames[over]!, atMost: atMost ?? 1, required: required ?? true }
}

/** Gives or takes back once: a repeated request is answered as before, whatever became of it. */
export async function giveOnce(
  context: Context,
  input: { idempotencyKey?: string | null; dryRun?: boolean | null },
  action: string,
  give: (by: Actor) => Promise<Given>,
): Promise<Given> {
  const { guard: _, ...by } = actorOf(context, input, action)
  const known = by.idempotency && (await context.resources.answered(by.idempotency))
  if (known !== undefined) return known as unknown as Given
  try {
    return await give(by)
  } catch (error) {
    // The same request was under way elsewhere, and done meanwhile: its answer is this one's too.
    const late = by.idempotency && (await context.resources.answered(by.idempotency))
    if (late === undefined) throw error
    return late as unknown as Given
  }
}

const longestWaitMs = 60_000

/** Waits for the end of an operation; INVALID_INPUT when longer than may be. */
export async function awaitOperation(
  context: Context,
  id: number,
  wait: number | null | undefined,
): Promise<void> {
  if (wait == null) return
  if (wait < 0 || wait > longestWaitMs)
    throw invalidInput('wait is from PT0S to PT60S: ask again after that', 'wait')
  if (id > 0) await context.allocations.operations.awaitEnd(id, wait, context.signal)
}

export async function givenPayload(context: Context, given: Given, isDry: boolean): Promise<object> {
  // What a dry run wrote was undone: its place in the log never comes.
  if (isDry) return { allocation: null, operation: null, cursor: context.events.cursor() }
  const cursor: Cursor = given.cursor
  return {
    cursor,
    allocation: () => findAllocation(context, given.allocationId),
    operation: () => (given.operationId > 0 ? findOperation(context, given.operationId) : null),
  }
}

export interface AllocationFilterInput {
  tenant?: string[] | null
  name?: string | null
  state?: AllocationState[] | null
  blueprint?: string[] | null
}
export interface OperationFilterInput {
  id?: string[] | null
  tenant?: string[] | null
  kind?: string[] | null
  state?: OperationState[] | null
}

/** The tenants that are asked for and may be seen; undefined: all. */
export async function tenantsAsked(
  context: Context,
  refs: readonly string[] | null | undefined,
): Promise<ResourceId[] | undefined> {
  const own = context.viewer.tenants
  if (refs == null) return own === undefined ? undefined : [...own]
  const found = refs.map(async (ref, index) =>
    getRef(context, context.graph, ref, { type: 'Tenant', path: `filter.tenant[${index}]` }),
  )
  return (await Promise.all(found)).map(({ id }) => id).filter((id) => seesTenant(context, id))
}

/** A page of rows, the youngest first. */
export async function connectRows<T extends { id: number }>(
  context: Context,
  info: GraphQLResolveInfo,
  args: { filter?: object | null; first?: number | null; after?: string | null },
  rows: {
    read(page: { before?: number; first: number }): Promise<T[]>
    count(): Promise<number>
    show(row: T): object
  },
): Promise<object> {
  const mark = markOf(info.fieldName, args.filter ?? null)
  const { count, after, isDefault } = toPageRequest(
    { first: args.first, after: args.after },
    () => mark,
    pageSizeLimit,
  )
  const read = await rows.read({
    ...(after === undefined ? {} : { before: Number(after[0]) }),
    first: count + 1,
  })
  const shown = read.slice(0, count)
  const hasNextPage = read.length > count
  if (isDefault && hasNextPage) noteTruncated(context, info)
  const cursorOf = (row: T | undefined) => (row === undefined ? null : formatPageCursor(mark, [row.id]))
  const edges = shown.map((row) => ({ node: rows.show(row), cursor: cursorOf(row) }))
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage: args.after != null,
      startCursor: cursorOf(shown[0]),
      endCursor: cursorOf(shown.at(-1)),
    },
    totalCount: () => rows.count(),
  }
}
