/** Log lines: kept by day, found by resource, time, words and severity. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import type { ResourceId } from '../resource/resource.ts'
import { counter } from '../telemetry/index.ts'
import { Inbox } from './inbox.ts'
import type { KeptLine, LineQuery, NewLine } from './line.ts'
import { dropDays, readEach, readLines } from './store.ts'

export { logsShape, type LogsConfig } from './config.ts'
export { startLogRates } from './rate.ts'
export { chooseLines, levels, severityOf, visible, wordsOf } from './line.ts'
export type { KeptLine, LineQuery, LineSeverity, NewLine, StoreAnswer } from './line.ts'

const keptLines = counter({ name: 'plenum_log_lines_total', help: 'Log lines that were written.' })
const droppedLines = counter({
  name: 'plenum_log_lines_dropped_total',
  help: 'Log lines for which there was no room, because the database is slower than they come.',
})

export interface LogLines {
  /** Takes a line in; never throws, never waits. */
  add(line: NewLine): void
  /** The newest of each of these resources. */
  each(
    ids: readonly ResourceId[],
    query: Omit<LineQuery, 'resourceIds'>,
    most: number,
  ): Promise<Map<ResourceId, KeptLine[]>>
  /** The newest of a set. */
  of(query: LineQuery, most: number): Promise<KeptLine[]>
  /** Writes what waits. */
  close(): Promise<void>
}

export interface LogLinesOptions {
  db: Db
  log: Logger
  waitingLines: number
}

export function startLogLines({ db, log, waitingLines }: LogLinesOptions): LogLines {
  const inbox = new Inbox({
    ...{ db, log, waitingLines },
    dropped: (count) => droppedLines.add([], count),
    kept: (count) => keptLines.add([], count),
  })
  return {
    add: (line) => inbox.add(line),
    each: (ids, query, most) => readEach(db, ids, query, most),
    of: (query, most) => readLines(db, query, most),
    close: () => inbox.close(),
  }
}

/** Drops the days that are over by an instant; gives how many rows are still to go: none. */
export async function pruneLogLines(db: Db, before: Date): Promise<number> {
  await dropDays(db, before.getTime())
  return 0
}
