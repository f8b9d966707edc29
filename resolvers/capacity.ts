import { graphOf, matching, see, seesAll, toCapacities, type FilterInput } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { limitExceeded } from '../src/errors.ts'

interface CapacityArguments {
  by: string[]
  class?: string[] | null
  filter?: FilterInput | null
}

const mostKeys = 5

export const having = {
  Query: {
    /** Those who see some tenants only are told of what these hold. */
    async capacity(_: unknown, { by, class: classes, filter }: CapacityArguments, context: Context) {
      if (by.length > mostKeys)
        throw limitExceeded('groupKeys', mostKeys, `by may hold at most ${mostKeys} keys`, by.length)
      const graph = await graphOf(context, null)
      const all = await context.allocations.capacity()
      const isWhole = filter == null && seesAll(context.viewer)
      const known = isWhole ? [] : await matching(context, graph, 'Resource', filter)
      const ids = new Set(
        known.flatMap((one) => (see(context, graph, one)?.access === 'FULL' ? [one.id] : [])),
      )
      const states = isWhole
        ? all
        : all.filter(({ resourceId }) => resourceId !== null && ids.has(resourceId))
      return toCapacities(context, graph, { states, by, ...(classes == null ? {} : { classes }) })
    },
  },
}
