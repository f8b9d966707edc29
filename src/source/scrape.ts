/** One measurement of what a source holds, at a driver's own times: that it fails is no reason to follow nothing, and is told. The same for all drivers that measure beside a watch. */
import { performance } from 'node:perf_hooks'
import { SourceError, type Reading, type SourceFailure, type Told } from './source.ts'

/** Nobody answered. Who answers that this cannot be had now is there. */
const unanswered: ReadonlySet<SourceFailure> = new Set(['unreachable', 'timeout', 'denied'])

/** Every time that one is asked tells this of it, also when it did not answer: then until when was waited. */
export const howItWent = (key: string, isUp: boolean, seconds: number, at: number): Reading[] => [
  { key, metric: 'up', value: isUp ? 1 : 0, at },
  { key, metric: 'scrape.duration', value: seconds, at },
]

/** `absences`: the failures which show that it is not there. */
export async function* scrape(
  measure: () => Promise<Reading[]>,
  signal: AbortSignal,
  absences: ReadonlySet<SourceFailure> = unanswered,
): AsyncGenerator<Told> {
  const beganMs = performance.now()
  let isUp = true
  try {
    const readings = await measure()
    if (readings.length > 0) yield { readings }
  } catch (error) {
    if (signal.aborted) throw error
    isUp = !(error instanceof SourceError && absences.has(error.failure))
  }
  yield { collected: isUp, seconds: (performance.now() - beganMs) / 1_000 }
}
