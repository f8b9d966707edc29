/** An alert's life, a step at a time: the state as it was and what is known now give the state as it is. What is kept of it survives a restart. */
import type { Verdict } from './condition.ts'
import type { Rule } from './rule.ts'

/** Plain numbers, as the table keeps them. */
export interface Life {
  state: 'PENDING' | 'FIRING'
  /** Since when the condition holds. */
  since: number
  firedAt: number | null
  /** Since when it is well again; null: it is not. */
  wellSince: number | null
  /** When something was last known of it. */
  knownAt: number
  value: number | null
}

export type Step =
  { life: Life; change?: 'pending' | 'fired' } | { life: undefined; change?: 'dropped' | 'resolved' }

/** A firing alert of which nothing is known any more ends after this. */
export const forgottenMs = 86_400_000

export function step(
  rule: Pick<Rule, 'forMs' | 'keepMs'>,
  former: Life | undefined,
  verdict: Verdict,
  now: number,
): Step {
  const life = former && sound(former, now)
  if (verdict.holds === 'unknown') return unknown(life, now)
  if (verdict.holds) return bad(rule, life, verdict.value, now)
  return well(rule, life, verdict.value, now)
}

/** A clock that was set back gives no time that is yet to come. */
function sound(life: Life, now: number): Life {
  const bounded = (at: number): number => Math.min(at, now)
  const { since, firedAt, wellSince, knownAt } = life
  return {
    ...life,
    since: bounded(since),
    firedAt: firedAt === null ? null : bounded(firedAt),
    wellSince: wellSince === null ? null : bounded(wellSince),
    knownAt: bounded(knownAt),
  }
}

/** What is about to fire needs evidence; what fires goes on until something else is known. */
function unknown(life: Life | undefined, now: number): Step {
  if (life === undefined) return { life }
  if (life.state === 'PENDING') return { life: undefined, change: 'dropped' }
  return now - life.knownAt > forgottenMs ? { life: undefined, change: 'resolved' } : { life }
}

function bad(
  { forMs }: Pick<Rule, 'forMs'>,
  former: Life | undefined,
  value: number | null,
  now: number,
): Step {
  const life: Life = former ?? {
    state: 'PENDING',
    since: now,
    firedAt: null,
    wellSince: null,
    knownAt: now,
    value,
  }
  const next = { ...life, wellSince: null, knownAt: now, value }
  if (life.state === 'PENDING' && now - life.since >= forMs)
    return { life: { ...next, state: 'FIRING', firedAt: now }, change: 'fired' }
  return former === undefined ? { life: next, change: 'pending' } : { life: next }
}

function well(
  { keepMs }: Pick<Rule, 'keepMs'>,
  life: Life | undefined,
  value: number | null,
  now: number,
): Step {
  if (life === undefined) return { life }
  if (life.state === 'PENDING') return { life: undefined, change: 'dropped' }
  const wellSince = life.wellSince ?? now
  if (now - wellSince >= keepMs) return { life: undefined, change: 'resolved' }
  return { life: { ...life, wellSince, knownAt: now, value } }
}
