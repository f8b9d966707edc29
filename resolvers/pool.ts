import { seesAll, toCapacities, toStringTest, type StringCondition } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface PoolFilter {
  name?: StringCondition | null
  kind?: string[] | null
  class?: string[] | null
}

const plain = (one: Awaited<ReturnType<Context['allocations']['pools']>>[number]): object[] =>
  one.capacity.map((own) => ({
    ...own,
    group: [{ key: 'pool', value: one.name, resource: null }],
    fullAt: null,
  }))

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
      if (!seesAll(context.viewer)) return found.map((one) => ({ ...one, traits: [], capacity: plain(one) }))
      let states: ReturnType<typeof context.allocations.capacity> | undefined
      return found.map((one) => ({
        ...one,
        capacity: async () => {
          const own = (await (states ??= context.allocations.capacity())).filter(
            ({ pool: its }) => its === one.name,
          )
          return toCapacities(context, context.graph, { states: own, by: ['pool'] })
        },
      }))
    },
  },
}
