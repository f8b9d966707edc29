import { connectSet, matching, see, type FilterInput, type LogArguments } from '../src/api/schema/read.ts'
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../src/context.ts'

type SetArguments = LogArguments & { filter: FilterInput }

export const logging = {
  Query: {
    /** Lines are of those that the viewer may see in full. */
    async logs(_: unknown, args: SetArguments, context: Context, info: GraphQLResolveInfo) {
      const { graph } = context
      const isAll = context.viewer.tenants === undefined && Object.keys(args.filter).length === 0
      const found = [...(await matching(context, graph, 'Resource', args.filter))]
      const vertices = isAll ? found : found.filter((one) => see(context, graph, one)?.access === 'FULL')
      return connectSet(context, graph, { vertices, isAll }, args, info)
    },
  },
}
