import { seeId, toAllocationRequest, type AllocationRequestInput } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

const mostTold = 10

export const plan = {
  Query: {
    async plan(_: unknown, { request }: { request: AllocationRequestInput }, context: Context) {
      const asked = await toAllocationRequest(context, request, 'request')
      const { feasible, token, claims, short, rejected } = await context.allocations.plan(asked)
      const seen = (id: number | null) => seeId(context, context.graph, id)
      return {
        feasible,
        token,
        short,
        placements: claims.map((claim) => ({ ...claim, provider: () => seen(claim.resourceId) })),
        rejected: rejected.flatMap(({ resourceIds, ...rest }) => {
          const resources = resourceIds.flatMap((id) => seen(id) ?? [])
          const isOfPool = resourceIds.length === 0
          if (resources.length === 0 && !isOfPool) return []
          return [
            {
              ...rest,
              count: isOfPool ? rest.count : resources.length,
              resources: resources.slice(0, mostTold),
            },
          ]
        }),
      }
    },
  },
}
