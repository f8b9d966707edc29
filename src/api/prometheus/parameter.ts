/** The parameters of Prometheus' HTTP API: from the query or a form, some of them several times. */
import { BadQuery, parseDuration, parseNumber } from '../../promql/index.ts'

export type Parameters = URLSearchParams

/** Prometheus' own limit: more steps than any screen has columns. */
const mostSteps = 11_000

const bad = (name: string, message: string) =>
  new BadQuery(`invalid parameter ${JSON.stringify(name)}: ${message}`)

export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === null || value === '') throw bad(name, 'it is missing')
  return value
}

/** Milliseconds: Unix seconds or RFC 3339. */
export function instant(parameters: Parameters, name: string, otherwise?: number): number {
  const text = parameters.get(name)
  if (text === null || text === '') {
    if (otherwise === undefined) throw bad(name, 'it is missing')
    return otherwise
  }
  const seconds = /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  const at = Number.isFinite(seconds)
    ? Math.round(seconds * 1_000)
    : /^\d{4}-\d\d-\d\dT/.test(text)
      ? Date.parse(text)
      : NaN
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15)
    throw bad(name, `cannot parse ${JSON.stringify(text.slice(0, 60))} to a valid timestamp`)
  return at
}

/** Milliseconds, more than 0: seconds or a duration. */
export function duration(parameters: Parameters, name: string, otherwise?: number): number {
  const text = parameters.get(name)
  if (text === null || text === '') {
    if (otherwise === undefined) throw bad(name, 'it is missing')
    return otherwise
  }
  const seconds = /^[\d.]+$/.test(text) ? parseNumber(text) : undefined
  const found = seconds === undefined ? parseDuration(text) : Math.round(seconds * 1_000)
  if (found === undefined || !Number.isFinite(found))
    throw bad(name, `cannot parse ${JSON.stringify(text.slice(0, 60))} to a valid duration`)
  if (found <= 0)
    throw bad(name, 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  return found
}

export function range(parameters: Parameters): { start: number; end: number; stepMs: number } {
  const [start, end] = [instant(parameters, 'start'), instant(parameters, 'end')]
  if (end < start) throw bad('end', 'end timestamp must not be before start time')
  const stepMs = duration(parameters, 'step')
  if ((end - start) / stepMs > mostSteps)
    throw new BadQuery(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  return { start, end, stepMs }
}
