import { getRef, seeId, seesTenant, toAllocation } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

export const orphan = {
  Query: {
    async orphans(_: unknown, { source }: { source?: string[] | null }, context: Context) {
      const { graph, allocations, signal } = context
      const asked = await Promise.all(
        (source ?? []).map((ref, at) =>
          getRef(context, graph, ref, { type: 'Source', path: `source.${at}` }),
        ),
      )
      const ids = source == null ? undefined : new Set(asked.map(({ id }) => id))
      const { orphans, answers } = await allocations.orphans(ids, signal)
      const sources = (context.extensions['sources'] ?? {}) as Record<string, unknown>
      const touched = answers
        .filter(({ sourceId }) => seeId(context, graph, sourceId) !== null)
        .map(({ name, touch }) => [name, touch] as const)
      context.extensions['sources'] = Object.assign(sources, Object.fromEntries(touched))
      const seen = orphans.filter(({ tenantId }) => seesTenant(context, tenantId))
      const allocationIds = [...new Set(seen.flatMap(({ allocationId }) => allocationId ?? []))]
      const rows = await allocations.read({ ids: allocationIds, first: allocationIds.length })
      const byId = new Map(rows.map((row) => [row.id, row]))
      const allocationOf = (id: number | null): object | null => {
        const row = id === null ? undefined : byId.get(id)
        return row === undefined ? null : toAllocation(context, row)
      }
      return seen.map(({ sourceId, allocationId, ...rest }) => ({
        ...rest,
        source: () => seeId(context, graph, sourceId),
        allocation: allocationOf(allocationId),
      }))
    },
  },
}
