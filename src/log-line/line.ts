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

export const severityOf = ({ level, text }: Pick<KeptLine, 'level' | 'text'>): LineSeverity =>
  level === null ? severityIn(text) : level <= 3 ? 'CRITICAL' : level === 4 ? 'WARNING' : 'INFO'

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
  /** Null: its store does not say. */
  level: number | null
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

/** How one store did, and what it gave: the newest first. */
export interface StoreAnswer {
  name: string
  status: 'OK' | 'TIMEOUT' | 'ERROR'
  tookSeconds: number
  failure: string | null
  lines: readonly KeptLine[]
}

const searched = 200
const critical = /\b(?:emerg(?:ency)?|alert|crit(?:ical)?|fatal|panic|err(?:or)?)\b/i
const warning = /\bwarn(?:ing)?\b/i

/** Of a line whose store says nothing: by the word that its program begins it with. */
function severityIn(text: string): LineSeverity {
  const begin = text.slice(0, searched)
  return critical.test(begin) ? 'CRITICAL' : warning.test(begin) ? 'WARNING' : 'INFO'
}

/** Those that were asked for, the newest first; their text is made visible. Of the same millisecond the later told first, as the table has it. */
export function chooseLines(
  lines: readonly KeptLine[],
  { from, to, words, severities }: Omit<LineQuery, 'resourceIds' | 'tenants'>,
  most: number,
): KeptLine[] {
  const tests = words.map((word) => beginning(word))
  return lines
    .filter(
      (line) =>
        line.at >= from &&
        line.at <= to &&
        (severities === undefined || severities.includes(severityOf(line))) &&
        tests.every((test) => test.test(line.text)),
    )
    .map((line) => ({ ...line, text: visible(line.text.slice(0, longestText)) }))
    .reverse()
    .sort((one, other) => other.at - one.at)
    .slice(0, most)
}
const longestText = 65_536

const beginning = (word: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])${word.replaceAll(/[^\p{L}\p{N}]/gu, '\\$&')}`, 'iu')

/** Control characters, and those that turn around what is read, are shown as what they are: a line cannot pretend to be two, or another. */
const hidden = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

export const visible = (text: string): string =>
  text.replace(hidden, (one) =>
    one === '\t' ? ' ' : `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
