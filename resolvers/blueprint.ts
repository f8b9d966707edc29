import type { Context } from '../src/context.ts'

export const blueprint = {
  Query: {
    blueprints: (_: unknown, __: unknown, { allocations }: Context) =>
      allocations.blueprints().map((one) => ({
        name: one.blueprint,
        description: one.description,
        parameters: one.schema,
        defaultCount: one.count.default,
        mostCount: one.count.most,
        claims: one.claims.map((claim) => ({
          ...claim,
          amount: typeof claim.amount === 'number' ? claim.amount : null,
        })),
        role: one.service?.role ?? null,
        approval: one.approval,
      })),
  },
}
