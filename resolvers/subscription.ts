import {
  followEvents,
  followResources,
  followTopology,
  type ChangeArguments,
  type Cursor,
  type TopologyArguments,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { checkTypes } from './event.ts'

interface EventArguments {
  after?: Cursor | null
  type?: string[] | null
}

/** What a subscription yields is read as the root of its answer. */
export const subscription = {
  Subscription: {
    resourceChanged: {
      subscribe: async (_: unknown, args: ChangeArguments, context: Context) =>
        (await followResources(context, args)).under('resourceChanged'),
    },
    topologyChanged: {
      subscribe: async (_: unknown, args: TopologyArguments, context: Context) =>
        (await followTopology(context, args)).under('topologyChanged'),
    },
    events: {
      subscribe: (_: unknown, { after, type }: EventArguments, context: Context) => {
        checkTypes(type)
        return followEvents(context, after, type == null ? undefined : new Set(type)).under('events')
      },
    },
  },
}
