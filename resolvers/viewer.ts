import type { Context } from '../src/context.ts'
import { shownScopes } from './token.ts'

export const viewer = {
  Query: {
    viewer(_: unknown, __: unknown, context: Context) {
      const { name, role, roleName, writes, tenants } = context.viewer
      const scopes = { ...writes, ...(tenants === undefined ? {} : { tenants }) }
      return {
        name,
        role: role.toUpperCase(),
        customRole: roleName ?? null,
        scopes: shownScopes(context, Object.keys(scopes).length === 0 ? null : scopes),
      }
    },
  },
}
