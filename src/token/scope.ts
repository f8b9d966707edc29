/**
 * Terminology
 * - role: viewer, operator or admin, or one of the configuration, which is one of these three narrowed to some kinds and verbs.
 * - scopes: what a token is narrowed to further. Each that is absent narrows nothing; together they all must hold.
 * Pure.
 */
import { roles, verbs, type Role, type Verb, type Viewer, type WriteScope } from '../context.ts'
import { invalidInput } from '../errors.ts'
import { isKindName, type KindName } from '../resource/kind/index.ts'
import type { ResourceId } from '../resource/resource.ts'

/** As they are kept. Sites and tenants by their ids. */
export interface Scopes {
  kinds?: KindName[]
  verbs?: Verb[]
  sites?: ResourceId[]
  blueprints?: string[]
  tenants?: ResourceId[]
}

export interface CustomRole {
  base: Role
  kinds?: readonly KindName[] | undefined
  verbs?: readonly Verb[] | undefined
}
export type CustomRoles = Readonly<Record<string, CustomRole>>

/** What a name means: one of the three, or one of the configuration. Undefined: there is no such role (any more). */
export function roleOf(name: string, custom: CustomRoles): CustomRole | undefined {
  if (roles.includes(name as Role)) return { base: name as Role }
  return Object.hasOwn(custom, name) ? custom[name] : undefined
}

/** The viewer that a role and scopes make: what both allow. */
export function toViewer(
  who: { name: string; tokenId: number; roleName: string },
  role: CustomRole,
  scopes: Scopes,
): Viewer {
  const kinds = both(role.kinds, scopes.kinds)
  const may = both(role.verbs, scopes.verbs)
  const writes: WriteScope = {
    ...(kinds === undefined ? {} : { kinds }),
    ...(may === undefined ? {} : { verbs: may }),
    ...(scopes.sites === undefined ? {} : { sites: new Set(scopes.sites) }),
    ...(scopes.blueprints === undefined ? {} : { blueprints: new Set(scopes.blueprints) }),
  }
  return {
    name: who.name,
    tokenId: who.tokenId,
    role: role.base,
    ...(who.roleName === role.base ? {} : { roleName: who.roleName }),
    ...(Object.keys(writes).length === 0 ? {} : { writes }),
    ...(scopes.tenants === undefined ? {} : { tenants: new Set(scopes.tenants) }),
  }
}

function both<T>(one: readonly T[] | undefined, other: readonly T[] | undefined): ReadonlySet<T> | undefined {
  if (one === undefined) return other && new Set(other)
  return new Set(other === undefined ? one : one.filter((item) => other.includes(item)))
}

const mostEntries = 1_000

/** INVALID_INPUT for what is no kind or verb, or too much. */
export function checkScopes(scopes: Scopes, path: string): Scopes {
  for (const [name, list] of Object.entries(scopes) as [string, readonly unknown[]][]) {
    if (list.length > mostEntries) throw invalidInput(`At most ${mostEntries}`, `${path}.${name}`)
  }
  const kind = scopes.kinds?.find((one) => !isKindName(one))
  if (kind !== undefined) throw invalidInput(`There is no kind ${String(kind)}`, `${path}.kinds`)
  const verb = scopes.verbs?.find((one) => !verbs.includes(one))
  if (verb !== undefined)
    throw invalidInput(`There is no verb ${String(verb)}: one of ${verbs.join(', ')}`, `${path}.verbs`)
  return scopes
}
