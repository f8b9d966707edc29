/** Whether a token may be made as it is asked for. Pure, but for the clock. */
import type { Role } from '../context.ts'
import { invalidInput } from '../errors.ts'
import { toRanges } from './address.ts'
import { checkScopes, type CustomRoles, type Scopes } from './scope.ts'

export interface TokenRequest {
  name: string
  role: Role
  customRole?: string | null
  scopes?: Scopes | null
  addresses?: readonly string[] | null
  expiresAt?: number | null
}

/** INVALID_INPUT tells what is wrong and where. */
export function checkRequest(request: TokenRequest, roles: CustomRoles): void {
  const { name, scopes, addresses, expiresAt } = request
  if (!/^[\w.@ -]{1,100}$/.test(name)) {
    throw invalidInput('A token name has 1 to 100 letters, digits, spaces and . _ @ -', 'input.name')
  }
  if (expiresAt != null && expiresAt <= Date.now()) {
    throw invalidInput('The token would have expired already', 'input.expiresAt')
  }
  checkRole(request, roles)
  if (scopes != null) checkScopes(scopes, 'input.scopes')
  if (addresses != null) toRanges(addresses, 'input.addresses')
}

function checkRole({ role, customRole }: TokenRequest, roles: CustomRoles): void {
  if (customRole == null) return
  const known = Object.hasOwn(roles, customRole) ? roles[customRole] : undefined
  if (known === undefined)
    throw invalidInput(`The configuration has no role ${customRole.slice(0, 60)}`, 'input.customRole')
  if (known.base !== role)
    throw invalidInput(`The role ${customRole} is a narrowed ${known.base}, not ${role}`, 'input.role')
}
