/** Functions that make a value of each value. Scalars beside it may differ from step to step. */
interface PerValue {
  takes: readonly ('vector' | 'vector?' | 'scalar' | 'scalar?')[]
  /** `rest`: the scalars of that step, as far as they were given. */
  of: (value: number, rest: readonly number[]) => number
}

const one = (of: (value: number) => number): PerValue => ({ takes: ['vector'], of })
/** Of times in seconds; without an argument of the step's own. */
const ofTime = (of: (date: Date) => number): PerValue => ({
  takes: ['vector?'],
  of: (seconds) => of(new Date(Math.floor(seconds) * 1_000)),
})

const dayMs = 86_400_000

export const perValue: Readonly<Record<string, PerValue>> = {
  abs: one(Math.abs),
  ceil: one(Math.ceil),
  floor: one(Math.floor),
  exp: one(Math.exp),
  ln: one(Math.log),
  log2: one(Math.log2),
  log10: one(Math.log10),
  sqrt: one(Math.sqrt),
  sgn: one(Math.sign),
  sin: one(Math.sin),
  cos: one(Math.cos),
  tan: one(Math.tan),
  asin: one(Math.asin),
  acos: one(Math.acos),
  atan: one(Math.atan),
  sinh: one(Math.sinh),
  cosh: one(Math.cosh),
  tanh: one(Math.tanh),
  asinh: one(Math.asinh),
  acosh: one(Math.acosh),
  atanh: one(Math.atanh),
  deg: one((value) => (value * 180) / Math.PI),
  rad: one((value) => (value * Math.PI) / 180),
  round: { takes: ['vector', 'scalar?'], of: (value, [to = 1]) => Math.floor(value / to + 0.5) * to },
  clamp: {
    takes: ['vector', 'scalar', 'scalar'],
    of: (value, [low, high]) => Math.max(low!, Math.min(high!, value)),
  },
  clamp_min: { takes: ['vector', 'scalar'], of: (value, [low]) => Math.max(low!, value) },
  clamp_max: { takes: ['vector', 'scalar'], of: (value, [high]) => Math.min(high!, value) },
  minute: ofTime((date) => date.getUTCMinutes()),
  hour: ofTime((date) => date.getUTCHours()),
  day_of_week: ofTime((date) => date.getUTCDay()),
  day_of_month: ofTime((date) => date.getUTCDate()),
  day_of_year: ofTime(
    (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1,
  ),
  days_in_month: ofTime((date) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ),
  month: ofTime((date) => date.getUTCMonth() + 1),
  year: ofTime((date) => date.getUTCFullYear()),
}
