import {
  countBy,
  graphOf,
  groupBy,
  matching,
  see,
  statOf,
  type FilterInput,
  type StatArguments,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { limitExceeded } from '../src/errors.ts'

interface CountArguments {
  filter?: FilterInput | null
  groupBy: string[]
  asOf?: number | null
}

const mostKeys = 5

async function count(_: unknown, { filter, groupBy: keys, asOf }: CountArguments, context: Context) {
  if (keys.length > mostKeys) {
    throw limitExceeded('groupKeys', mostKeys, `groupBy may hold at most ${mostKeys} keys`, keys.length)
  }
  const graph = await graphOf(context, asOf)
  const vertices = await matching(context, graph, 'Resource', filter)
  let members: ReturnType<typeof groupBy> | undefined
  /** In the same order; made when it is asked for. */
  const membersOf = (index: number) => (members ??= groupBy(graph, vertices, keys))[index]?.vertices ?? []
  return countBy(graph, vertices, keys).map((one, index) => ({
    stat: (args: StatArguments) => statOf(context, graph, membersOf(index), args),
    count: one.count,
    group: one.group.map(({ key, value, vertex }) => ({ key, value, resource: see(context, graph, vertex) })),
  }))
}

export const counting = { Query: { count } }
