import type { GraphQLResolveInfo } from 'graphql'
import { connectEvents, getRef, type Cursor } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface EventsArguments {
  after?: Cursor | null
  type?: string[] | null
  resource?: string | null
  first?: number | null
}

const eventTypes = [
  'ResourceCreated',
  'ResourceUpdated',
  'ResourceDeleted',
  'ResourceMerged',
  'LinkAdded',
  'LinkRemoved',
  'SourceSynced',
  'SyncHeld',
  'SourceFailed',
  'SourceRecovered',
  'Notice',
  'LogRestored',
  'TokenCreated',
  'TokenRevoked',
  'AllocationChanged',
  'LeaseEnding',
  'OperationChanged',
  'AlertChanged',
  'IncidentChanged',
  'SilenceChanged',
  'RuleChanged',
]

async function events(_: unknown, args: EventsArguments, context: Context, info: GraphQLResolveInfo) {
  return connectEvents(context, info, args, await requestOf(args, context))
}

/** INVALID_INPUT for a type that no event has. */
export function checkTypes(type: readonly string[] | null | undefined): void {
  const unknown = type?.find((one) => !eventTypes.includes(one))
  if (unknown !== undefined) {
    throw invalidInput(
      `There are no events of type ${unknown.slice(0, 60)}: one of ${eventTypes.join(', ')}`,
      'type',
    )
  }
}

async function requestOf({ type, resource }: EventsArguments, context: Context) {
  checkTypes(type)
  const vertex =
    resource == null ? undefined : await getRef(context, context.graph, resource, { path: 'resource' })
  return { ...(type == null ? {} : { types: type }), ...(vertex ? { resourceId: vertex.id } : {}) }
}

export const event = { Query: { events } }
