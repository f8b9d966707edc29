import { seesAll, toStringTest, type StringCondition } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface PoolFilter {
  name?: StringCondition | null
  kind?: string[] | null
  class?: string[] | null
}

export const pool = {
  Query: {
    async pools(_: unknown, { filter }: { filter?: PoolFilter | null }, context: Context) {
      const { name, kind, class: classes } = filter ?? {}
      const isNamed = name == null ? () => true : toStringTest(name)
      const found = (await context.allocations.pools()).filter(
        (one) =>
          isNamed(one.name) &&
          (kind == null || kind.includes(one.kind)) &&
          (classes == null || one.capacity.some(({ class: own }) => classes.includes(own))),
      )
      // Of whom a pool consists is not for who sees some tenants only; that it is there, and how much, is.
      return seesAll(context.viewer) ? found : found.map((one) => ({ ...one, traits: [] }))
    },
  },
}
