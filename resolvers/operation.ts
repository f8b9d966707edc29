import type { GraphQLResolveInfo } from 'graphql'
import {
  awaitOperation,
  connectRows,
  findOperation,
  followOperations,
  getOperation,
  checkPlace,
  getForWrite,
  giveOnce,
  idOf,
  seeId,
  tenantsAsked,
  toOperation,
  type Actor,
  type Given,
  type OperationChangedArguments,
  type OperationFilterInput,
  type Power,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface OperationInput {
  idempotencyKey?: string | null
  id: string
}

interface SetPowerInput {
  idempotencyKey?: string | null
  resource: string
  power: Power
  force?: boolean | null
  wait?: number | null
  dryRun?: boolean | null
}

async function operation(_: unknown, { id, wait }: { id: string; wait?: number | null }, context: Context) {
  const found = await getOperation(context, id, 'id')
  await awaitOperation(context, found.id, wait)
  return findOperation(context, found.id)
}

async function operations(
  _: unknown,
  args: { filter?: OperationFilterInput | null; first?: number | null; after?: string | null },
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { id, tenant, kind, state } = args.filter ?? {}
  const tenants = await tenantsAsked(context, tenant)
  const query = {
    ...(id == null ? {} : { ids: id.map((text, index) => idOf('operation', text, `filter.id[${index}]`)) }),
    ...(tenants === undefined ? {} : { tenants }),
    ...(kind == null ? {} : { kinds: kind }),
    ...(state == null ? {} : { states: state }),
  }
  return connectRows(context, info, args, {
    read: (page) => context.allocations.operations.read({ ...query, ...page }),
    count: () => context.allocations.operations.count(query),
    show: (row) => toOperation(context, row),
  })
}

const mutation =
  (field: string, run: (context: Context, id: number, by: Actor) => Promise<Given>) =>
  async (_: unknown, { input }: { input: OperationInput }, context: Context) => {
    const { id } = await getOperation(context, input.id, 'input.id')
    const { cursor } = await giveOnce(context, input, field, (by) => run(context, id, by))
    return { cursor, operation: () => findOperation(context, id), impact: null }
  }

async function setPower(_: unknown, { input }: { input: SetPowerInput }, context: Context) {
  const vertex = await getForWrite(context, input.resource, { path: 'input.resource' })
  checkPlace(context, vertex, 'input.resource')
  const { control } = context.allocations
  const request = { id: vertex.id, power: input.power, force: input.force === true }
  const impact = () =>
    control.impactOf(request, context.graph).flatMap(({ id }) => seeId(context, context.graph, id) ?? [])
  if (input.dryRun === true) {
    await control.checkPower(vertex.id)
    return { cursor: context.events.cursor(), operation: null, impact }
  }
  const { cursor, operationId } = await giveOnce(context, input, 'setPower', (by) =>
    control.setPower(request, by),
  )
  await awaitOperation(context, operationId, input.wait)
  return { cursor, operation: () => findOperation(context, operationId), impact }
}

async function* under<T>(field: string, source: AsyncIterable<T>): AsyncGenerator<Record<string, T>> {
  for await (const value of source) yield { [field]: value }
}

export const operating = {
  Query: { operation, operations },
  Mutation: {
    approveOperation: mutation('approveOperation', (context, id, by) =>
      context.allocations.operations.approve(id, by),
    ),
    retryOperation: mutation('retryOperation', (context, id, by) =>
      context.allocations.operations.retry(id, by),
    ),
    setPower,
    cancelOperation: mutation('cancelOperation', (context, id, by) =>
      context.allocations.operations.cancel(id, by),
    ),
  },
  Subscription: {
    operationChanged: {
      subscribe: async (_: unknown, args: OperationChangedArguments, context: Context) =>
        under('operationChanged', await followOperations(context, args)),
    },
  },
}
