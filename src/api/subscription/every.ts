/** How often subscribers want to be told. */
import { invalidInput } from '../../errors.ts'

const longestEveryMs = 3_600_000

/** Milliseconds to gather for; INVALID_INPUT above an hour. */
export function everyOf(every: number | null | undefined): number {
  if (every != null && every > longestEveryMs) throw invalidInput('every is PT1H at most', 'every')
  return every ?? 0
}
