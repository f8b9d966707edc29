/** The login of a request or a connection: guesses are slowed down, refusals go into the audit trail. */
import { PlenumError } from '../errors.ts'
import type { Session, Tokens } from '../token/index.ts'
import { authenticate, secretOf } from './auth.ts'
import type { Guesses } from './guesses.ts'
import type { Refusals } from './refusals.ts'

export interface Asking {
  authorization: string | undefined
  address: string
  requestId: string
}

export type Login = (asking: Asking) => Promise<Session>

export function createLogin(tokens: Tokens, guesses: Guesses, refusals: Refusals): Login {
  return async ({ authorization, address, requestId }) => {
    const secret = secretOf(authorization)
    guesses.check(address, () => tokens.knows(secret))
    try {
      return await authenticate(tokens, secret, address)
    } catch (error) {
      if (error instanceof PlenumError && error.code === 'UNAUTHENTICATED') {
        guesses.failed(address)
        const { code: errorCode, message: reason } = error
        refusals.note({
          actor: 'unknown',
          remoteAddress: address,
          requestId,
          action: 'login',
          errorCode,
          reason,
        })
      }
      throw error
    }
  }
}
