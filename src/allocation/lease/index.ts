/** Leases: how long something is given. Their end is told before it comes, then what is leased is released; one process at a time does both. */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { z } from 'zod'
import { toMs } from '../../duration.ts'
import { invalidInput, PlenumError } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import { appendEvents } from '../../event/store.ts'
import { startLoop, type Loop } from '../../loop.ts'
import type { Actor } from '../../resource/resource.ts'
import type { TurnGroup, Turns } from '../../turn.ts'
import type { Allocation } from '../allocation.ts'
import { expired, extendLease, takeWarnings, type Ending, type Expired } from './store.ts'

export { endingByTenant } from './store.ts'

const longestLeaseMs = 10 * 365 * 86_400_000

/** How long before the end of a lease it is told. */
export const leaseWarningsShape = z
  .array(
    z.unknown().transform((value, context) => {
      const ms = toMs(value)
      if (ms !== undefined && ms >= 1_000 && ms <= longestLeaseMs) return Math.round(ms / 1_000)
      context.addIssue({
        code: 'custom',
        message: 'a time such as 1h, 1d or P7D is needed, from a second on',
      })
      return z.NEVER
    }),
  )
  .max(10)
  .prefault(['1d', '1h'])

export function checkLease(leaseMs: number, path: string): void {
  if (leaseMs < 1_000 || leaseMs > longestLeaseMs)
    throw invalidInput('A lease is from a second to ten years', path)
}

/** Never shorter than it is; what has no end gets none. */
export async function extend(
  trx: Knex.Transaction,
  allocation: Allocation,
  leaseMs: number,
  by: Actor,
): Promise<Cursor> {
  const { id, tenantId, name, state, leaseEndsAt } = allocation
  if (await extendLease(trx, id, leaseMs)) {
    const detail = { allocation: id, tenant: tenantId, name, state: 'ACTIVE' }
    return appendEvents(trx, by.name, [{ type: 'AllocationChanged', id: tenantId, detail }])
  }
  const why =
    state !== 'ACTIVE' ? `is ${state}` : leaseEndsAt === null ? 'has no lease that ends' : 'is past its lease'
  throw new PlenumError('CONFLICT', `${name} ${why}: there is nothing to extend`, {
    reason: 'STATE',
    path: 'input.allocation',
  })
}

export interface LeasesOptions {
  db: Knex
  log: Logger
  turns: Turns
  everyMs: number
  /** Seconds before the end. */
  warnings: readonly number[]
  release(id: number): Promise<unknown>
  wake(): void
}

const page = 100
const mostWarnings = 1_000

export class Leases {
  readonly #options: LeasesOptions
  readonly #turn: TurnGroup
  readonly #loop: Loop

  constructor(options: LeasesOptions) {
    this.#options = options
    const { turns, everyMs, log } = options
    this.#turn = turns.share('lease', ['lease'], () => {})
    this.#loop = startLoop({ name: 'lease', everyMs, log, run: (signal) => this.#run(signal) })
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (this.#turn.held().length === 0) return
    await this.#warn()
    await this.#end(signal)
  }

  async #warn(): Promise<void> {
    const { db, warnings, wake } = this.#options
    if (warnings.length === 0) return
    const told = await db.transaction(async (trx) => {
      const ending = await takeWarnings(trx, warnings, mostWarnings)
      if (ending.length > 0) await appendEvents(trx, 'lease', ending.map(toEvent))
      return ending.length
    })
    if (told > 0) wake()
  }

  /** One that cannot be released keeps none of the others waiting. */
  async #end(signal: AbortSignal): Promise<void> {
    const { db, release, log } = this.#options
    let last: Expired | undefined
    do {
      const over = await expired(db, page, last)
      for (const { id, name } of over) {
        if (signal.aborted) return
        await release(id).catch((error: unknown) =>
          log.warn(
            { err: error, allocation: name },
            'an allocation past its lease cannot be released now; trying again',
          ),
        )
      }
      last = over.length < page ? undefined : over.at(-1)
    } while (last !== undefined)
  }

  async close(): Promise<void> {
    await this.#loop.close()
    await this.#turn.close()
  }
}

const toEvent = ({ id, tenantId, name, endsAt, warning }: Ending) => ({
  type: 'LeaseEnding' as const,
  id: tenantId,
  detail: {
    ...{ allocation: id, tenant: tenantId, name },
    leaseEndsAt: new Date(endsAt).toISOString(),
    warningSeconds: warning,
  },
})
