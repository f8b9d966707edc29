import { getForWrite, seeAll, seeId, once } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface SyncSourceInput {
  source: string
  acceptVanished?: boolean | null
  idempotencyKey?: string | null
}

const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

export const source = {
  Query: {
    sources: (_: unknown, __: unknown, context: Context) =>
      seeAll(context, context.graph, context.graph.ofType('Source').toSorted(byName)),
  },
  Mutation: {
    async syncSource(_: unknown, { input }: { input: SyncSourceInput }, context: Context) {
      const { id } = await getForWrite(context, input.source, { path: 'input.source', type: 'Source' })
      const acceptVanished = input.acceptVanished === true
      const result = await once(context, input, 'syncSource', (by) =>
        context.sources.sync(id, { acceptVanished }, by, context.signal),
      )
      return { ...result, source: () => seeId(context, context.graph, id) }
    },
  },
}
