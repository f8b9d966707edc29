import type { GraphQLResolveInfo } from 'graphql'
import {
  awaitOperation,
  connectRows,
  findOperation,
  followOperations,
  getOperation,
  giveOnce,
  idOf,
  tenantsAsked,
  toOperation,
  type Actor,
  type Cursor,
  type OperationChangedArguments,
  type OperationFilterInput,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface OperationInput {
  idempotencyKey?: string | null
  id: string
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
  (field: string, run: (context: Context, id: number, by: Actor) => Promise<Cursor>) =>
  async (_: unknown, { input }: { input: OperationInput }, context: Context) => {
    const { id } = await getOperation(context, input.id, 'input.id')
    const { cursor } = await giveOnce(context, input, field, async (by) => ({
      cursor: await run(context, id, by),
      allocationId: 0,
      operationId: id,
    }))
    return { cursor, operation: () => findOperation(context, id) }
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
