/** Whether a condition holds, by the samples of one series. */
import { leastFreshMs } from '../../metric/fresh.ts'
import { latestOf, lineThrough, meanOf, robustScore, rateOf } from './statistics.ts'
import type { Bound, Condition } from './rule.ts'

/** Samples ascending by time; what is no finite number is left out by who calls. */
export interface Window {
  times: ArrayLike<number>
  values: ArrayLike<number>
}

export interface Evidence {
  now: number
  /** Samples up to now of as long as the condition looks back. */
  window: Window
  /** The same of a week ago, where the condition compares. */
  before?: Window
  /** Whether an alert is firing: then `clear` decides. */
  isFiring: boolean
  /** How long a value of the series says something of now; default: five minutes. */
  freshMs?: number
}

/** `unknown`: nothing is known now. */
export interface Verdict {
  holds: boolean | 'unknown'
  value: number | null
}

/** Clocks of sources may be a little ahead. */
const aheadMs = 60_000

const unknown: Verdict = { holds: 'unknown', value: null }

/** How far back its samples must reach. */
export function lookbackOf(condition: Condition): number {
  switch (condition.type) {
    case 'always':
      return 0
    case 'threshold':
      return leastFreshMs
    case 'absence':
      return condition.after
    default:
      return condition.over
  }
}

/** Conditions that one latest value decides. */
export const isOfLatest = ({ type }: Condition): boolean =>
  type === 'threshold' || type === 'absence' || type === 'always'

export function judge(condition: Condition, evidence: Evidence): Verdict {
  const { now, freshMs = leastFreshMs } = evidence
  if (condition.type === 'always') return { holds: true, value: null }
  const latest = latestOf(evidence.window, now + aheadMs)
  if (condition.type === 'absence') {
    if (latest === undefined) return { holds: true, value: null }
    const silentMs = now - latest.at
    return { holds: silentMs > condition.after, value: silentMs / 1_000 }
  }
  if (latest === undefined || now - latest.at > freshMs + slackOf(condition)) return unknown
  const value = valueOf(condition, evidence, latest)
  if (value === undefined || Number.isNaN(value)) return unknown
  return { holds: isBad(condition, value, evidence.isFiring), value }
}

/** What is read in steps is as late as a step. */
const slackOf = (condition: Condition): number => ('over' in condition ? condition.over / 10 : 0)

function valueOf(
  condition: Exclude<Condition, { type: 'always' | 'absence' }>,
  { now, window, before }: Evidence,
  latest: { at: number; value: number },
): number | undefined {
  switch (condition.type) {
    case 'threshold':
      return latest.value
    case 'rate':
      return rateOf(window, now - condition.over, now + aheadMs)
    case 'lastWeek': {
      const [mean, former] = [meanOf(window), before && meanOf(before)]
      return mean === undefined || former === undefined || former === 0 ? undefined : mean / former
    }
    case 'forecast': {
      const line = lineThrough(window, now)
      if (line === undefined) return undefined
      // As far on the good side as it may well be: it is foretold only when even that reaches the bound.
      const sign = condition.above === undefined ? 1 : -1
      return (
        line.at(now + condition.within) +
        sign * line.deviation(now + condition.within) * quantile(condition.confidence)
      )
    }
    case 'zscore':
      return robustScore(window, latest.value)
  }
}

function isBad({ above, below, equals, clear }: Bound, value: number, isFiring: boolean): boolean {
  if (above !== undefined) return isFiring && clear !== undefined ? value >= clear : value > above
  if (below !== undefined) return isFiring && clear !== undefined ? value <= clear : value < below
  return value === equals
}

/** Of the normal distribution, one-sided; exact to three digits between 0.5 and 0.999. */
function quantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - share))
  return (
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3)
  )
}
