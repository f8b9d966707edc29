/** What is known of the request that runs now, for the hooks of Apollo Server that are not told. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DocumentNode } from 'graphql'
import type { ErrorScope } from './format-error.ts'
import type { PlenumError } from '../errors.ts'

export interface RequestScope extends ErrorScope {
  /** Set when the request failed as a whole, before execution. */
  failure?: PlenumError
  /** Whether the request itself was well formed: only its document was at fault. */
  wellFormed?: boolean
  /** The operation's document, when it is good. */
  document?: DocumentNode
}

const storage = new AsyncLocalStorage<RequestScope>()

export const withScope = <T>(scope: RequestScope, run: () => T): T => storage.run(scope, run)
export const currentScope = (): RequestScope | undefined => storage.getStore()
