import { seeAll } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

export const source = {
  Query: {
    sources: (_: unknown, __: unknown, context: Context) =>
      seeAll(context, context.graph, context.graph.ofType('Source').toSorted(byName)),
  },
}
