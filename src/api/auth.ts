/** Who asks, and what they may do. */
import type { IncomingHttpHeaders } from 'node:http'
import { PlenumError } from '../errors.ts'
import { isWithin, type Session, type Tokens } from '../token/index.ts'

export { checkAct, mutationRoles, readRoles } from './grant.ts'

export const readOnlyRefusal = (field: string): PlenumError =>
  new PlenumError('FORBIDDEN', `${field} is refused: this Plenum is read only (PLENUM_READ_ONLY)`)

/** The secret of a bearer token in a header or a connection's parameters; UNAUTHENTICATED without one. */
export function secretOf(authorization: string | undefined): string {
  if (authorization === undefined) throw unauthenticated('Send a token: `Authorization: Bearer plenum_…`')
  const [, secret] = /^Bearer +([\x21-\x7e]{1,8192}) *$/i.exec(authorization) ?? []
  if (secret === undefined) throw unauthenticated('The Authorization header must be `Bearer <token>`')
  return secret
}

/** The session of a secret; UNAUTHENTICATED unless it is a good one, and from where it may not be used. */
export async function authenticate(tokens: Tokens, secret: string, remoteAddress: string): Promise<Session> {
  const session = await tokens.verify(secret)
  if (session === undefined) throw unauthenticated('The token is unknown, expired or revoked')
  if (session.addresses !== undefined && !isWithin(session.addresses, remoteAddress))
    throw unauthenticated('The token may not be used from this address')
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
