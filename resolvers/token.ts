import { getRef, seeId, type KindName } from '../src/api/schema/read.ts'
import type { Context, Role, Verb } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface Write {
  idempotencyKey?: string | null
  dryRun?: boolean | null
}
interface ScopesInput {
  kinds?: KindName[] | null
  verbs?: Verb[] | null
  sites?: string[] | null
  blueprints?: string[] | null
  tenants?: string[] | null
}
interface TokenInput extends Write {
  name: string
  role: 'VIEWER' | 'OPERATOR' | 'ADMIN'
  customRole?: string | null
  scopes?: ScopesInput | null
  addresses?: string[] | null
  expiresAt?: number | null
}
interface Scopes {
  kinds?: Iterable<KindName>
  verbs?: Iterable<Verb>
  sites?: Iterable<number>
  blueprints?: Iterable<string>
  tenants?: Iterable<number>
}

/** Scopes with the resources that they name; one that is gone is null. */
export function shownScopes(context: Context, scopes: Scopes | null | undefined): object | null {
  if (scopes == null || Object.values(scopes).every((list) => list === undefined)) return null
  const listed = (list: Iterable<unknown> | undefined) => (list === undefined ? null : [...list])
  const named = (ids: Iterable<number> | undefined) =>
    ids === undefined ? null : [...ids].map((id) => seeId(context, context.graph, id))
  return {
    kinds: listed(scopes.kinds),
    verbs: listed(scopes.verbs),
    blueprints: listed(scopes.blueprints),
    sites: () => named(scopes.sites),
    tenants: () => named(scopes.tenants),
  }
}

/** Roles are upper case in the API. */
const shown = <T extends { role: string; scopes: Scopes | null }>(context: Context, token: T) => ({
  ...token,
  role: token.role.toUpperCase(),
  scopes: shownScopes(context, token.scopes),
})

async function idsOf(context: Context, refs: readonly string[], type: 'Site' | 'Tenant', path: string) {
  const found = refs.map(async (ref, index) =>
    getRef(context, context.graph, ref, { type, path: `${path}[${index}]` }),
  )
  return (await Promise.all(found)).map(({ id }) => id)
}

async function toScopes(context: Context, given: ScopesInput | null | undefined) {
  if (given == null) return null
  const { kinds, verbs, sites, blueprints, tenants } = given
  return {
    ...(kinds == null ? {} : { kinds }),
    ...(verbs == null ? {} : { verbs }),
    ...(blueprints == null ? {} : { blueprints }),
    ...(sites == null ? {} : { sites: await idsOf(context, sites, 'Site', 'input.scopes.sites') }),
    ...(tenants == null ? {} : { tenants: await idsOf(context, tenants, 'Tenant', 'input.scopes.tenants') }),
  }
}

const longestKey = 255

function mannerOf(context: Context, { idempotencyKey, dryRun }: Write) {
  const key = idempotencyKey ?? context.idempotencyKey
  if (key !== undefined && (key === '' || key.length > longestKey))
    throw invalidInput(`An idempotency key has 1 to ${longestKey} characters`, 'input.idempotencyKey')
  return { dryRun: dryRun === true, idempotencyKey: key }
}

export const token = {
  Query: {
    tokens: async (_: unknown, __: unknown, context: Context) =>
      (await context.tokens.list()).map((one) => shown(context, one)),
  },
  Mutation: {
    async createToken(_: unknown, { input }: { input: TokenInput }, context: Context) {
      const request = {
        name: input.name,
        role: input.role.toLowerCase() as Role,
        customRole: input.customRole ?? null,
        scopes: await toScopes(context, input.scopes),
        addresses: input.addresses ?? null,
        expiresAt: input.expiresAt ?? null,
      }
      const made = await context.tokens.create(request, context.actor, mannerOf(context, input))
      return { token: shown(context, made.token), secret: made.secret, repeated: made.isRepeated }
    },
    async revokeToken(_: unknown, { input }: { input: Write & { name: string } }, context: Context) {
      const revoked = await context.tokens.revoke(input.name, context.actor, mannerOf(context, input))
      return { token: shown(context, revoked) }
    },
  },
}
