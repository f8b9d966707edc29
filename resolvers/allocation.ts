import type { GraphQLResolveInfo } from 'graphql'
import {
  awaitOperation,
  connectRows,
  getAllocation,
  getRef,
  giveOnce,
  givenPayload,
  seesTenant,
  tenantsAsked,
  toAllocation,
  toAllocationRequest,
  type AllocationFilterInput,
  type AllocationRequestInput,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface Write {
  idempotencyKey?: string | null
  dryRun?: boolean | null
}
interface AllocateInput extends Write {
  request: AllocationRequestInput
  plan?: string | null
  wait?: number | null
}
interface ReleaseInput extends Write {
  allocation: string
  wait?: number | null
}

async function allocation(_: unknown, { tenant, name }: { tenant: string; name: string }, context: Context) {
  const { id } = await getRef(context, context.graph, tenant, { type: 'Tenant', path: 'tenant' })
  if (!seesTenant(context, id)) return null
  const states = ['PENDING', 'CREATING', 'ACTIVE', 'RELEASING'] as const
  const [found] = await context.allocations.read({ tenants: [id], name, states, first: 1 })
  return found === undefined ? null : toAllocation(context, found)
}

async function allocations(
  _: unknown,
  args: { filter?: AllocationFilterInput | null; first?: number | null; after?: string | null },
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { tenant, name, state, blueprint } = args.filter ?? {}
  const tenants = await tenantsAsked(context, tenant)
  const query = {
    ...(tenants === undefined ? {} : { tenants }),
    ...(name == null ? {} : { name }),
    ...(state == null ? {} : { states: state }),
    ...(blueprint == null ? {} : { blueprints: blueprint }),
  }
  return connectRows(context, info, args, {
    read: (page) => context.allocations.read({ ...query, ...page }),
    count: () => context.allocations.count(query),
    show: (row) => toAllocation(context, row),
  })
}

async function quotas(_: unknown, { tenant }: { tenant: string }, context: Context) {
  const { id, name } = await getRef(context, context.graph, tenant, { type: 'Tenant', path: 'tenant' })
  return seesTenant(context, id) ? context.allocations.quotasOf([{ id, name }]) : null
}

const Mutation = {
  async allocate(_: unknown, { input }: { input: AllocateInput }, context: Context) {
    const dryRun = input.dryRun === true
    const given = await giveOnce(context, input, 'allocate', async (by) => {
      const request = await toAllocationRequest(context, input.request, 'input.request')
      const token = input.plan == null ? {} : { token: input.plan }
      return context.allocations.allocate({ request, dryRun, ...token }, by)
    })
    if (!dryRun) await awaitOperation(context, given.operationId, input.wait)
    return givenPayload(context, given, dryRun)
  },
  async release(_: unknown, { input }: { input: ReleaseInput }, context: Context) {
    const dryRun = input.dryRun === true
    const given = await giveOnce(context, input, 'release', async (by) => {
      const { id } = await getAllocation(context, input.allocation, 'input.allocation')
      return context.allocations.release({ id, dryRun }, by)
    })
    if (!dryRun) await awaitOperation(context, given.operationId, input.wait)
    return givenPayload(context, given, dryRun)
  },
  async extendLease(
    _: unknown,
    { input }: { input: Write & { allocation: string; lease: number } },
    context: Context,
  ) {
    const given = await giveOnce(context, input, 'extendLease', async (by) => {
      const { id } = await getAllocation(context, input.allocation, 'input.allocation')
      return context.allocations.extendLease({ id, leaseMs: input.lease }, by)
    })
    return givenPayload(context, given, false)
  },
}

export const allocating = { Query: { allocation, allocations, quotas }, Mutation }
