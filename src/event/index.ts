/** The event log: followed in commit order by one feed a process. */
import type { Logger } from 'pino'
import { listen, type Db } from '../db.ts'
import type { Cursor, LoggedEvent } from './event.ts'
import { Feed } from './feed.ts'

export { verifyAudit, verifyLines, toLine, type AuditFault, type AuditVerdict } from './audit/chain.ts'
export { pruneAudit, readAudit, readAuditHead, writeAudit, type AuditRecord } from './audit/store.ts'
export { appendEvents, pruneEvents, readHead, startNewEpoch } from './store.ts'

export interface Events {
  feed: Feed
  /** Hands every event after `from` to `apply`, in order. `onStopped` tells why it stopped: reload, then run again. */
  run(
    from: Cursor,
    apply: (events: readonly LoggedEvent[]) => void,
    onStopped: (reason: unknown) => void,
  ): void
  close(): Promise<void>
}

export interface EventsOptions {
  db: Db
  url: string
  log: Logger
  /** How often the table is looked at even when nothing was heard. */
  pollMs?: number
}

export function startEvents({ db, url, log, pollMs = 1_000 }: EventsOptions): Events {
  let stopped: (reason: unknown) => void = () => {}
  const feed = new Feed({
    db,
    onRefused: (error) => stopped(error),
    onNewEpoch: () =>
      stopped(
        new Error(
          'the log is another one: a backup was restored, or events were pruned before they were read',
        ),
      ),
    onError: (error) => log.warn({ err: error }, 'the event log cannot be read now; trying again'),
  })
  const listener = listen(url, 'plenum_event', () => feed.wake())
  const timer = setInterval(() => feed.wake(), pollMs)
  timer.unref()
  return {
    feed,
    run(from, apply, onStopped) {
      stopped = onStopped
      feed.run(from, apply)
    },
    async close() {
      clearInterval(timer)
      await listener.close()
      await feed.close()
    },
  }
}
