/** How long the latest value of a series says something of now. */

export const leastFreshMs = 5 * 60_000
const dayMs = 86_400_000
/** One that is missed is no silence, two are. */
const missed = 2.5

/** By the last two times between its values, in milliseconds; Infinity where there was none. After an absence the shorter one is its own. */
export function freshFor(gapMs: number, formerMs: number): number {
  const ownMs = Math.min(gapMs, formerMs)
  return ownMs === Infinity ? leastFreshMs : Math.max(leastFreshMs, missed * Math.min(ownMs, dayMs))
}
