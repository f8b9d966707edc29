/**
 * Statements that are cancelled in Postgres when whoever waits for them is gone. What runs within `cancellable` belongs to one waiter; what others wait for too
 * leaves that with `shared`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

interface Scope {
  signal: AbortSignal
  /** Whether statements that write are cancelled as well: in a transaction of its own, which is undone then. */
  writes: boolean
}

const storage = new AsyncLocalStorage<Scope | undefined>()

/** Reads that `run` asks are cancelled when the signal aborts. */
export const cancellable = <T>(signal: AbortSignal, run: () => T): T =>
  storage.run({ signal, writes: false }, run)

/** Reads and writes that `run`, one transaction, asks are cancelled when the signal aborts. */
export const cancellableWrite = <T>(signal: AbortSignal | undefined, run: () => T): T =>
  signal === undefined ? run() : storage.run({ signal, writes: true }, run)

/** Nothing of what `run` asks is cancelled. */
export const shared = <T>(run: () => T): T => storage.run(undefined, run)

interface Query {
  text?: unknown
  submit?: unknown
}
type Done = (error: unknown, result?: unknown) => void
type Ask = (query: unknown, ...rest: unknown[]) => unknown

/** These end a transaction one way or the other, and are quick. */
const ending = /^\s*(commit|rollback|begin|savepoint|release)\b/i
const reading = /^\s*(select|with)\b/i

/** Makes a connection cancel what nobody waits for any more. It is given back to its pool only when that is done: no statement of somebody else's is hit. */
export function cancelAbandoned(connection: pg.Client, cancel: (pid: number) => Promise<void>): void {
  const query = connection.query.bind(connection) as Ask
  const pid = (connection as unknown as { processID: number }).processID
  const ask: Ask = (asked, ...rest) => {
    const scope = storage.getStore()
    const done = rest.at(-1)
    if (scope === undefined || typeof done !== 'function' || !isCancelled(asked, scope.writes))
      return query(asked, ...rest)
    const { signal } = scope
    if (signal.aborted) return process.nextTick(done as Done, signal.reason)
    let cancelling: Promise<void> | undefined
    const onAbort = (): void => void (cancelling = cancel(pid))
    signal.addEventListener('abort', onAbort, { once: true })
    const finish: Done = (error, result) => {
      signal.removeEventListener('abort', onAbort)
      const tell = (): void => (done as Done)(error === null || !cancelling ? error : signal.reason, result)
      if (cancelling === undefined) tell()
      else void cancelling.finally(tell)
    }
    return query(asked, ...rest.slice(0, -1), finish)
  }
  connection.query = ask as pg.Client['query']
}

function isCancelled(asked: unknown, writes: boolean): boolean {
  const { text, submit } = (typeof asked === 'object' && asked !== null ? asked : { text: asked }) as Query
  if (submit !== undefined || typeof text !== 'string') return false
  return writes ? !ending.test(text) : reading.test(text)
}
