/** Lengths of time as people write them. */

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds of `30s`, `5m`, `PT5M`, or a number of seconds; undefined for what is none. */
export function toMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value * 1_000 : undefined
  if (typeof value !== 'string') return undefined
  const short = /^(\d+(?:\.\d+)?)\s*([smhdw])$/.exec(value)
  if (short) return Number(short[1]) * units[short[2]!]!
  const long =
    /^P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(value)
  if (!long) return undefined
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = long
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Math.round(((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000)
}
