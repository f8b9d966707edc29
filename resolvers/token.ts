import type { Context, Role } from '../src/context.ts'

interface TokenInput {
  name: string
  role: 'VIEWER' | 'OPERATOR' | 'ADMIN'
  expiresAt?: number | null
}

/** Roles are upper case in the API. */
const shown = <T extends { role: string }>(token: T) => ({ ...token, role: token.role.toUpperCase() })

export const token = {
  Query: {
    tokens: async (_: unknown, __: unknown, { tokens }: Context) => (await tokens.list()).map(shown),
  },
  Mutation: {
    async createToken(_: unknown, { input }: { input: TokenInput }, { tokens, actor }: Context) {
      const role = input.role.toLowerCase() as Role
      const made = await tokens.create({ name: input.name, role, expiresAt: input.expiresAt ?? null }, actor)
      return { token: shown(made.token), secret: made.secret }
    },
    async revokeToken(_: unknown, { input }: { input: { name: string } }, { tokens, actor }: Context) {
      return { token: shown(await tokens.revoke(input.name, actor)) }
    },
  },
}
