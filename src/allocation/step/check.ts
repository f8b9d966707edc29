/** A check that must pass: until then what was allocated is not active. It only looks, so there is nothing to undo. */
import { setTimeout as delay } from 'node:timers/promises'
import type { StepKind } from '../../operation/operation.ts'
import { check } from '../../source/check/index.ts'
import { SourceError } from '../../source/source.ts'
import type { Check } from './form.ts'

const longestMs = 3_700_000

export const checkKind: StepKind = {
  kind: 'check',
  timeoutMs: longestMs,
  async run(parameters, { signal }) {
    const { url, status, within, every, deadline } = parameters as unknown as Check
    const beganMs = performance.now()
    const leftMs = () => within * 1_000 - (performance.now() - beganMs)
    for (let tries = 1; ; tries++) {
      const { isUp } = await check(
        { url, status },
        Math.max(1, Math.min(deadline * 1_000, leftMs())),
        {},
        signal,
      )
      if (isUp) return { tries }
      // What is wrong now stays wrong: it had its time.
      if (leftMs() <= every * 1_000)
        throw new SourceError('bad', `${toldOf(url)} did not pass within ${within} s`)
      await delay(every * 1_000, undefined, { signal })
    }
  },
  undo: async () => {},
}

/** Without what may be a secret in it. */
export function toldOf(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
