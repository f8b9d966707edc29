/**
 * How the scalars are read and written. In memory: DateTime and Duration are milliseconds, BigInt is a number while it is safe and else its digits,
 * EventCursor is its parts, the others are texts.
 */
import { Kind, type GraphQLScalarType, type ValueNode } from 'graphql'
import { invalidInput } from '../../errors.ts'
import { formatCursor, parseCursor, type Cursor } from '../../event/event.ts'
import { usageKeys, type UsageKey } from '../../usage/index.ts'

type ScalarVerbs = Pick<GraphQLScalarType, 'serialize' | 'parseValue' | 'parseLiteral'>

const instant =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** Milliseconds of an RFC 3339 instant. */
export function parseDateTime(value: unknown): number {
  const match = typeof value === 'string' && value.length <= 40 ? instant.exec(value) : null
  const ms = match ? Date.parse(value as string) : NaN
  if (match === null || Number.isNaN(ms) || !isDay(Number(match[1]), Number(match[2]), Number(match[3]))) {
    throw invalidInput(
      `${show(value)} is no DateTime: write RFC 3339 with a zone, such as "2026-02-03T04:05:06Z"`,
    )
  }
  return ms
}

/** Date.parse lets the 31st of February pass into March. */
const isDay = (year: number, month: number, day: number): boolean =>
  day <= new Date(Date.UTC(year, month, 0)).getUTCDate()

const duration =
  /^P(?=\d|T\d)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/

/** Milliseconds of an ISO 8601 duration without years and months. */
export function parseDuration(value: unknown): number {
  const match = typeof value === 'string' && value.length <= 60 ? duration.exec(value) : null
  if (match === null) {
    throw invalidInput(
      `${show(value)} is no Duration: write ISO 8601 in weeks, days, hours, minutes, seconds, such as "PT30S"`,
    )
  }
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Math.round(((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
}

export function formatDuration(ms: number): string {
  const seconds = ms / 1000
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const rest = Math.round((seconds % 60) * 1000) / 1000
  const text = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}${rest ? `${rest}S` : ''}`
  return `PT${text || '0S'}`
}

const least = -(2n ** 63n)
const most = 2n ** 64n - 1n

/** A 64-bit number, signed or unsigned, as a safe number or else as its digits. */
export function parseBigInt(value: unknown): number | string {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value)
  const isDigits = typeof value === 'string' && /^-?\d{1,20}$/.test(value)
  const big = isNumber || isDigits ? BigInt(value as number | string) : undefined
  if (big === undefined || big < least || big > most) {
    throw invalidInput(
      `${show(value)} is no BigInt: write the digits of a 64-bit number in a string, such as "68719476736"`,
    )
  }
  const number = Number(big)
  return Number.isSafeInteger(number) ? number : big.toString()
}

function parseText(name: string, what: string, limit: number) {
  return (value: unknown): string => {
    const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
    if (typeof text !== 'string' || text === '') throw invalidInput(`${show(value)} is no ${name}: ${what}`)
    if (text.length > limit)
      throw invalidInput(`A ${name} has at most ${limit} characters; this one has ${text.length}`)
    if (text.includes('\0')) throw invalidInput(`A ${name} cannot hold a NUL character`)
    return text
  }
}

export const parseRefText = parseText('Ref', 'write an id, Kind:key=value or source:key', 1024)
const parsePlanToken = parseText('PlanToken', 'send one that plan gave', 200)
const parsePageCursor = parseText('PageCursor', 'send one that a connection gave', 4096)

function parseEventCursor(value: unknown): Cursor {
  const cursor = typeof value === 'string' ? parseCursor(value) : undefined
  if (cursor === undefined)
    throw invalidInput(`${show(value)} is no EventCursor: send one that an answer gave`)
  return cursor
}

const groupNames = ['kind', 'site', 'rack', 'tenant', 'status', 'health', 'pool']

/** `kind`, `site` …, or `label.` with a key. */
export function parseGroupKey(value: unknown): string {
  if (typeof value === 'string') {
    const name = value.toLowerCase()
    if (groupNames.includes(name)) return name
    if (/^label[.:]./i.test(value) && value.length <= 300) return `label.${value.slice(6)}`
  }
  throw invalidInput(`${show(value)} is no GroupKey: one of ${groupNames.join(', ')} or label.KEY`)
}

function parseUsageKey(value: unknown): UsageKey {
  const key = usageKeys.find((one) => typeof value === 'string' && one === value.toLowerCase())
  if (key === undefined) throw invalidInput(`${show(value)} is no UsageKey: one of ${usageKeys.join(', ')}`)
  return key
}

/** What was given, short enough for a message. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function ofValue(parse: (value: unknown) => unknown, serialize: (value: unknown) => unknown): ScalarVerbs {
  return { serialize, parseValue: parse, parseLiteral: (node) => parse(literalValue(node)) }
}

function literalValue(node: ValueNode): unknown {
  if (node.kind === Kind.INT)
    return Number.isSafeInteger(Number(node.value)) ? Number(node.value) : node.value
  if (node.kind === Kind.STRING || node.kind === Kind.ENUM) return node.value
  if (node.kind === Kind.FLOAT) return Number(node.value)
  return node.kind === Kind.BOOLEAN ? node.value : undefined
}

const asText = (value: unknown): string => String(value)
const formatInstant = (value: unknown): string =>
  new Date(typeof value === 'number' ? value : parseDateTime(value)).toISOString()

/** Verbs by scalar. JSON keeps GraphQL's own: any value as it is. */
export const scalars: Readonly<Record<string, ScalarVerbs>> = {
  DateTime: ofValue(parseDateTime, formatInstant),
  Duration: ofValue(parseDuration, (value) => formatDuration(Number(value))),
  BigInt: ofValue(parseBigInt, asText),
  Ref: ofValue(parseRefText, asText),
  PageCursor: ofValue(parsePageCursor, asText),
  PlanToken: ofValue(parsePlanToken, asText),
  EventCursor: ofValue(parseEventCursor, (value) =>
    typeof value === 'string' ? value : formatCursor(value as Cursor),
  ),
  GroupKey: ofValue(parseGroupKey, asText),
  UsageKey: ofValue(parseUsageKey, asText),
}
