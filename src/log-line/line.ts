/**
 * The shapes of log lines. Terminology
 * - line: what one resource wrote to its log, one message. level: 0 (emergency) to 7 (debug), as syslog has it.
 * - store: where lines are kept: Plenum itself, or a source that is asked for them.
 */
import type { ResourceId } from '../resource/resource.ts'

export const levels = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

/** The levels of each severity. */
export const levelsOf = {
  CRITICAL: [0, 1, 2, 3],
  WARNING: [4],
  INFO: [5, 6, 7],
} as const
export type LineSeverity = keyof typeof levelsOf

export const severityOf = (level: number): LineSeverity =>
  level <= 3 ? 'CRITICAL' : level === 4 ? 'WARNING' : 'INFO'

/** A line that is to be kept. Times are milliseconds since the epoch. */
export interface NewLine {
  at: number
  toldAt: number | null
  resourceId: ResourceId
  interfaceId: ResourceId | null
  tenantId: ResourceId | null
  level: number
  program: string | null
  text: string
}

export interface KeptLine {
  at: number
  toldAt: number | null
  resourceId: ResourceId
  interfaceId: ResourceId | null
  level: number
  program: string | null
  text: string
}

/** Lines of these resources in [from, to], the newest first. */
export interface LineQuery {
  /** Absent: of all. */
  resourceIds?: readonly ResourceId[]
  from: number
  to: number
  /** Words that all stand in the line, each at least as the beginning of one. */
  words: readonly string[]
  severities?: readonly LineSeverity[]
  /** Only what was written while one of these held the resource. */
  tenants?: readonly ResourceId[]
}

/** What is asked for is split at blanks; what holds neither letter nor digit finds nothing and is left out. */
export const wordsOf = (contains: string): string[] =>
  contains.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
