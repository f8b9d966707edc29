/** Who asks, and what they may do. */
import type { IncomingHttpHeaders } from 'node:http'
import { roles } from '../context.ts'
import type { Role } from '../context.ts'
import { PlenumError } from '../errors.ts'
import type { Session, Tokens } from '../token/index.ts'

/** The role that each mutation needs at least. A mutation that is not listed is refused to all: a test sees to it that none is forgotten. */
export const mutationRoles: Readonly<Record<string, Role>> = {
  importInventory: 'operator',
  updateResources: 'operator',
  deleteResources: 'operator',
  deleteLink: 'operator',
  // Both decide for good what is one thing and what is two; a wrong one spoils history under the wrong id.
  mergeResources: 'admin',
  splitResource: 'admin',
  syncSource: 'operator',
  createToken: 'admin',
  revokeToken: 'admin',
}

/** Root fields of Query and Subscription that need more than a login. */
export const readRoles: Readonly<Record<string, Role>> = { tokens: 'admin' }

export const mayAct = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

export function forbidden(field: string, needed: Role, role: Role): PlenumError {
  return new PlenumError('FORBIDDEN', `${field} needs the role ${needed}; this token has ${role}`)
}

export const readOnlyRefusal = (field: string): PlenumError =>
  new PlenumError('FORBIDDEN', `${field} is refused: this Plenum is read only (PLENUM_READ_ONLY)`)

/** The session of a bearer token in a header or a connection's parameters; UNAUTHENTICATED without a good one. */
export async function authenticate(tokens: Tokens, authorization: string | undefined): Promise<Session> {
  if (authorization === undefined) throw unauthenticated('Send a token: `Authorization: Bearer plenum_…`')
  const [, secret] = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization) ?? []
  if (secret === undefined) throw unauthenticated('The Authorization header must be `Bearer <token>`')
  const session = await tokens.verify(secret)
  if (session === undefined) throw unauthenticated('The token is unknown, expired or revoked')
  return session
}

const unauthenticated = (message: string) => new PlenumError('UNAUTHENTICATED', message)

/** A WebSocket's login: browsers cannot set its headers, so connectionParams go first. */
export function connectionAuthorization(
  parameters: Record<string, unknown> | undefined,
  headers: IncomingHttpHeaders,
): string | undefined {
  const given = parameters?.['authorization'] ?? parameters?.['Authorization']
  return typeof given === 'string' ? given : headers.authorization
}
