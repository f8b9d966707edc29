import type { Context } from '../src/context.ts'

export const viewer = {
  Query: {
    viewer: (_: unknown, __: unknown, { viewer: { name, role } }: Context) => ({
      name,
      role: role.toUpperCase(),
    }),
  },
}
