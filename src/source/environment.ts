/** What a driver is told when a source of it is opened; nothing that it logs or reads tells a secret. */
import type { Logger } from 'pino'
import type { Guard } from './guard.ts'
import { readSecret, type Redactor } from './secret.ts'
import type { Collection, SourceEnvironment } from './source.ts'

export interface EnvironmentOptions {
  name: string
  control: boolean
  shards: number
  mine: () => readonly number[]
  /** Called by the owner when what `mine` gives has changed. */
  listeners: Set<() => void>
  log: Logger
  redactor: Redactor
  guard: Guard
  signal: AbortSignal
  /** What may be asked of the inventory. */
  inventory: Pick<SourceEnvironment, 'addresses' | 'matcher'>
  collection: Collection
}

export function createEnvironment(options: EnvironmentOptions): SourceEnvironment {
  const { name, control, shards, mine, listeners, log, redactor, guard, signal, inventory, collection } =
    options
  return {
    name,
    control,
    log: {
      debug: (detail, message) => log.debug(redactor.cleanAll(detail), redactor.clean(message)),
      warn: (detail, message) => log.warn(redactor.cleanAll(detail), redactor.clean(message)),
    },
    async secret(reference) {
      const secret = await readSecret(reference, signal)
      redactor.add(secret)
      return secret
    },
    admit: (until) => guard.admit(until),
    shards: {
      count: shards,
      mine,
      onChange(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    ...inventory,
    collection,
  }
}
