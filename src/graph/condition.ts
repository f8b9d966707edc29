/** Conditions on single values, as tests. */
import { invalidInput } from '../errors.ts'
import { compareValues } from './order.ts'

export interface StringCondition {
  eq?: string | null
  in?: readonly string[] | null
  contains?: string | null
  startsWith?: string | null
  glob?: string | null
}
export interface RangeCondition {
  eq?: string | number | null
  in?: readonly (string | number)[] | null
  gt?: string | number | null
  gte?: string | number | null
  lt?: string | number | null
  lte?: string | number | null
}
/** Milliseconds; both include the instant. */
export interface InstantCondition {
  after?: number | null
  before?: number | null
}

/** What may be asked of a property, by its type. */
export type FieldCondition =
  | { text: StringCondition }
  | { range: RangeCondition }
  | { instant: InstantCondition }
  | { oneOf: ReadonlySet<unknown> }

const longestPattern = 1000

export function toStringTest(condition: StringCondition): (value: string) => boolean {
  const { eq, contains, startsWith, glob } = condition
  const values = condition.in == null ? undefined : new Set(condition.in)
  const part = contains?.toLowerCase()
  const matches = glob == null ? undefined : toGlobTest(glob)
  return (value) =>
    (eq == null || value === eq) &&
    (values === undefined || values.has(value)) &&
    (part === undefined || value.toLowerCase().includes(part)) &&
    (startsWith == null || value.startsWith(startsWith)) &&
    (matches === undefined || matches(value))
}

/** `*` and `?` over the whole text, ignoring case; linear in practice, quadratic at worst: no regular expression that could run away. */
export function toGlobTest(glob: string): (value: string) => boolean {
  if (glob.length > longestPattern)
    throw invalidInput(`A glob has at most ${longestPattern} characters`, 'glob')
  const pattern = [...glob.toLowerCase()]
  return (value) => matchesGlob(pattern, [...value.toLowerCase()])
}

function matchesGlob(pattern: readonly string[], text: readonly string[]): boolean {
  let [at, place, star, mark] = [0, 0, -1, 0]
  while (at < text.length) {
    if (place < pattern.length && pattern[place] === '*') {
      star = place++
      mark = at
    } else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === text[at])) {
      at++
      place++
    } else if (star >= 0) {
      place = star + 1
      at = ++mark
    } else return false
  }
  while (pattern[place] === '*') place++
  return place === pattern.length
}

type Value = string | number

function toRangeTest(condition: RangeCondition): (value: Value) => boolean {
  const { eq, gt, gte, lt, lte } = condition
  const values = condition.in
  const equals = (value: Value, other: Value): boolean => compareValues(value, other) === 0
  return (value) =>
    (eq == null || equals(value, eq)) &&
    (values == null || values.some((one) => equals(value, one))) &&
    (gt == null || compareValues(value, gt) > 0) &&
    (gte == null || compareValues(value, gte) >= 0) &&
    (lt == null || compareValues(value, lt) < 0) &&
    (lte == null || compareValues(value, lte) <= 0)
}

function toInstantTest({ after, before }: InstantCondition): (value: unknown) => boolean {
  return (value) => {
    const ms = typeof value === 'number' ? value : Date.parse(String(value))
    return (after == null || ms >= after) && (before == null || ms <= before)
  }
}

/** A test of a property's value. Nothing has no value: it matches no condition. Of a list one element must match. */
export function toFieldTest(condition: FieldCondition): (value: unknown) => boolean {
  const test = toValueTest(condition)
  return (value) => {
    if (value === null || value === undefined) return false
    return Array.isArray(value) ? value.some(test) : test(value)
  }
}

function toValueTest(condition: FieldCondition): (value: unknown) => boolean {
  if ('oneOf' in condition) return (value) => condition.oneOf.has(value)
  if ('instant' in condition) return toInstantTest(condition.instant)
  if ('text' in condition) {
    const test = toStringTest(condition.text)
    return (value) => typeof value === 'string' && test(value)
  }
  const test = toRangeTest(condition.range)
  return (value) => (typeof value === 'number' || typeof value === 'string') && test(value)
}
