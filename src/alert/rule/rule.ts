/** What a rule is. Times are milliseconds. */
import type { Selector } from '../../graph/selector.ts'
import type { Failure, Severity } from '../alert.ts'

/** When a value is bad. `clear`: where an alert ends, when that is not where it began. */
export interface Bound {
  above?: number | undefined
  below?: number | undefined
  equals?: number | undefined
  clear?: number | undefined
}

export type Condition =
  /** Holds always; for what is to be noticed when it ends. */
  | { type: 'always' }
  /** The latest value. */
  | ({ type: 'threshold' } & Bound)
  /** What the value rises by in a second, over a time; a counter that begins anew is no fall. */
  | ({ type: 'rate'; over: number } & Bound)
  /** Nothing came for so long. */
  | { type: 'absence'; after: number }
  /** The mean over a time, as a multiple of the mean over the same time a week ago. */
  | ({ type: 'lastWeek'; over: number } & Bound)
  /** The line through the values of a time reaches the bound within another; as sure as `confidence` says. */
  | ({ type: 'forecast'; over: number; within: number; confidence: number } & Bound)
  /** How many robust standard deviations the latest value lies from the median of a time. */
  | ({ type: 'zscore'; over: number } & Bound)

export const ruleOrigins = ['SHIPPED', 'CONFIG', 'API'] as const

export interface Rule {
  name: string
  metric: string
  selector: Selector
  condition: Condition
  /** How long it must hold before the alert fires. */
  forMs: number
  /** How long it must be over before the alert ends. */
  keepMs: number
  severity: Severity
  failure: Failure
  summary: string
  runbookUrl: string | null
  origin: (typeof ruleOrigins)[number]
}
