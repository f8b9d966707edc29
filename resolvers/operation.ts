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
  type Control,
  type Given,
  type OperationChangedArguments,
  type OperationFilterInput,
  type Power,
  type Prepared,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface OperationInput {
  idempotencyKey?: string | null
  id: string
}

interface Steered {
  idempotencyKey?: string | null
  resource: string
  wait?: number | null
  dryRun?: boolean | null
}
interface SetPowerInput extends Steered {
  power: Power
  force?: boolean | null
}
interface MigrateInput extends Steered {
  to?: string | null
  live?: boolean | null
}
interface ResizeInput extends Steered {
  flavor?: string | null
  cpuCores?: number | null
  memoryBytes?: number | string | null
}
interface DrainInput extends Steered {
  end?: boolean | null
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

type Prepare = (control: Control, id: number) => Promise<Prepared>

/** Looked at first, by the same that would do it; begun unless it is a dry run. */
async function steer(
  context: Context,
  input: Steered,
  field: string,
  prepare: Prepare,
  isHarmless = false,
): Promise<object> {
  const vertex = await getForWrite(context, input.resource, { path: 'input.resource' })
  checkPlace(context, vertex, 'input.resource')
  const { control } = context.allocations
  const impact = () =>
    isHarmless
      ? []
      : control
          .impactOf(vertex.id, context.graph)
          .flatMap(({ id }) => seeId(context, context.graph, id) ?? [])
  const look = async () => {
    const prepared = await prepare(control, vertex.id)
    for (const id of prepared.others) {
      const other = context.graph.get(id)
      if (other !== undefined) checkPlace(context, other, 'input.resource')
    }
    return prepared
  }
  if (input.dryRun === true) {
    await look()
    return { cursor: context.events.cursor(), operation: null, impact }
  }
  const { cursor, operationId } = await giveOnce(context, input, field, async (by) =>
    control.begin(await look(), by),
  )
  await awaitOperation(context, operationId, input.wait)
  return { cursor, operation: () => findOperation(context, operationId), impact }
}

const setPower = (_: unknown, { input }: { input: SetPowerInput }, context: Context) =>
  steer(
    context,
    input,
    'setPower',
    (control, id) => control.preparePower({ id, power: input.power, force: input.force === true }),
    input.power === 'ON',
  )

async function migrate(_: unknown, { input }: { input: MigrateInput }, context: Context) {
  const to = input.to == null ? undefined : (await getForWrite(context, input.to, { path: 'input.to' })).id
  return steer(context, input, 'migrate', (control, id) =>
    control.prepareMove({ id, to, isLive: input.live ?? undefined }, context.signal),
  )
}

function sizeOf({ flavor, cpuCores, memoryBytes }: ResizeInput) {
  if (flavor == null && cpuCores == null && memoryBytes == null)
    throw invalidInput('Say a flavor, cpuCores or memoryBytes', 'input')
  if (flavor != null && (flavor === '' || flavor.length > 255))
    throw invalidInput('The name of a flavor has 1 to 255 characters', 'input.flavor')
  if (cpuCores != null && !(cpuCores >= 0.01 && cpuCores <= 4_096))
    throw invalidInput('From 0.01 to 4096 cores', 'input.cpuCores')
  if (memoryBytes != null && !(typeof memoryBytes === 'number' && memoryBytes > 0))
    throw invalidInput('More than 0 bytes, and fewer than 2^53', 'input.memoryBytes')
  return {
    ...(flavor == null ? {} : { flavor }),
    ...(cpuCores == null ? {} : { cpuCores }),
    ...(memoryBytes == null ? {} : { memoryBytes: Number(memoryBytes) }),
  }
}

const resize = (_: unknown, { input }: { input: ResizeInput }, context: Context) =>
  steer(context, input, 'resize', async (control, id) =>
    control.prepareResize({ id, size: sizeOf(input) }, context.signal),
  )

const drain = (_: unknown, { input }: { input: DrainInput }, context: Context) => {
  const isEnd = input.end === true
  return steer(
    context,
    input,
    'drain',
    (control, id) => control.prepareDrain({ id, isEnd }, context.signal),
    isEnd,
  )
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
    resize,
    migrate,
    drain,
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
