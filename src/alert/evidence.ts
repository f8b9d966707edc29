/** The samples that conditions are judged by: the latest and the last hour from memory, longer times by one read for all series of a rule. */
import type { Metrics } from '../metric/index.ts'
import type { SeriesId } from '../metric/metric.ts'
import type { Candidate } from './candidate.ts'
import { judge, lookbackOf, type Verdict, type Window } from './rule/condition.ts'
import type { Rule } from './rule/rule.ts'

const weekMs = 7 * 86_400_000
const hourMs = 3_600_000
const aheadMs = 60_000
/** Steps of a window that is read. */
const steps = 60

/** Whether memory does not reach as far back as the condition looks. */
export function isLong({ condition }: Rule): boolean {
  if (condition.type === 'lastWeek' || condition.type === 'forecast' || condition.type === 'zscore')
    return true
  return condition.type === 'absence' && condition.after > hourMs / 2
}

/** How often it is worth looking again. */
export const pauseOf = (rule: Rule): number =>
  isLong(rule) ? Math.max(10_000, Math.min(300_000, lookbackOf(rule.condition) / steps)) : 0

/** From memory. */
export function judgeNow(
  metrics: Metrics,
  rule: Rule,
  { seriesId }: Candidate,
  isFiring: boolean,
  now: number,
): Verdict {
  const window = windowNow(metrics, rule, seriesId, now)
  return judge(rule.condition, { now, isFiring, window, ...freshOf(metrics, seriesId) })
}

function freshOf(metrics: Metrics, id: SeriesId | null): { freshMs?: number } {
  const latest = id === null ? undefined : metrics.head.latest(id)
  return latest === undefined ? {} : { freshMs: latest.staleAt - latest.at }
}

const nothing: Window = { times: [], values: [] }

function windowNow(metrics: Metrics, { condition }: Rule, id: SeriesId | null, now: number): Window {
  if (id === null) return nothing
  const latest = metrics.head.latest(id)
  if (latest === undefined) return nothing
  const isEnough = condition.type !== 'rate' && latest.at <= now + aheadMs
  if (isEnough) return { times: [latest.at], values: [latest.value] }
  return metrics.head.recent(id, now - lookbackOf(condition), now + aheadMs)
}

/** What is judged by longer times: one read, two where it is compared. */
export async function judgeLong(
  metrics: Metrics,
  rule: Rule,
  candidates: readonly Candidate[],
  isFiring: (candidate: Candidate) => boolean,
  now: number,
): Promise<Verdict[]> {
  const { condition } = rule
  const windows = await windowsOf(metrics, rule, candidates, now)
  const before =
    condition.type === 'lastWeek' ? await windowsOf(metrics, rule, candidates, now - weekMs) : undefined
  return candidates.map((candidate) => {
    const former = before?.get(keyOf(candidate))
    return judge(condition, {
      now,
      isFiring: isFiring(candidate),
      window: windows.get(keyOf(candidate)) ?? nothing,
      ...freshOf(metrics, candidate.seriesId),
      ...(former === undefined ? {} : { before: former }),
    })
  })
}

const keyOf = ({ resourceId, sourceId }: Pick<Candidate, 'resourceId' | 'sourceId'>): string =>
  `${resourceId}/${sourceId}`

async function windowsOf(
  metrics: Metrics,
  { metric, condition }: Rule,
  candidates: readonly Candidate[],
  now: number,
): Promise<Map<string, Window>> {
  const over = lookbackOf(condition)
  const stepMs = Math.max(10_000, Math.round(over / steps / 10_000) * 10_000)
  const found = await metrics.series({
    resourceIds: [...new Set(candidates.map(({ resourceId }) => resourceId))],
    metrics: [metric],
    range: { from: now - over, to: now + 1, stepMs },
    aggregate: 'LAST',
  })
  return new Map(
    found.map((series) => {
      const filled = [...series.values.keys()].filter((at) => series.values[at] !== null)
      return [
        keyOf(series),
        {
          // what a step ends with may be as late as its end, and is never later than now
          times: filled.map((at) => Math.min(now, series.start + (at + 1) * series.stepMs)),
          values: filled.map((at) => series.values[at]!),
        },
      ]
    }),
  )
}
