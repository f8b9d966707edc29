/** Removes what is older than it is to be kept, a little at a time: events, audit, history, answers of repeated requests, log lines, tombstones. */
import type { Logger } from 'pino'
import { pruneAlerts, pruneIncidents, pruneSilences } from './alert/index.ts'
import type { Config } from './config.ts'
import type { Db } from './db.ts'
import { pruneAudit, pruneEvents } from './event/index.ts'
import { pruneLogLines } from './log-line/index.ts'
import { startLoop, type Loop } from './loop.ts'
import { pruneAnswers, pruneHistory, pruneTombstones } from './resource/index.ts'

const everyMs = 600_000
const dayMs = 86_400_000
/** Rows of one statement, so that no lock is held for long. */
const most = 10_000

export function startPruning({ db, keep, log }: { db: Db; keep: Config['keep']; log: Logger }): Loop {
  return startLoop({ name: 'prune', everyMs, log, run: (signal) => prune(db, keep, new Date(), signal) })
}

export async function prune(db: Db, keep: Config['keep'], now: Date, signal: AbortSignal): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * dayMs)
  const works = [
    () => pruneEvents(db, before(keep.eventDays), most),
    () => pruneAudit(db, before(keep.auditDays), most),
    () => pruneHistory(db, before(keep.historyDays), most),
    () => pruneAnswers(db, before(keep.idempotencyDays), most),
    () => pruneAlerts(db, before(keep.alertDays), most),
    () => pruneIncidents(db, before(keep.alertDays), most),
    () => pruneSilences(db, before(keep.alertDays), most),
    () => pruneLogLines(db, before(keep.logDays)),
    () => pruneTombstones(db, now, most),
  ]
  for (const work of works) while (!signal.aborted && (await work()) === most);
}
