import { countBy, graphOf, matching, see, type FilterInput } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { limitExceeded } from '../src/errors.ts'

interface CountArguments {
  filter?: FilterInput | null
  groupBy: string[]
  asOf?: number | null
}

const mostKeys = 5

async function count(_: unknown, { filter, groupBy, asOf }: CountArguments, context: Context) {
  if (groupBy.length > mostKeys) {
    throw limitExceeded('groupKeys', mostKeys, `groupBy may hold at most ${mostKeys} keys`, groupBy.length)
  }
  const graph = await graphOf(context, asOf)
  const vertices = await matching(context, graph, 'Resource', filter)
  return countBy(graph, vertices, groupBy).map((one) => ({
    count: one.count,
    group: one.group.map(({ key, value, vertex }) => ({ key, value, resource: see(context, graph, vertex) })),
  }))
}

export const counting = { Query: { count } }
