import { parseValue } from 'graphql'
import { describe, expect, test } from 'vitest'
import {
  formatDuration,
  parseBigInt,
  parseDateTime,
  parseDuration,
  scalars,
} from '../../../src/api/schema/scalar.ts'

const read = (name: string, value: unknown): unknown => scalars[name]!.parseValue(value)
const readLiteral = (name: string, text: string): unknown => scalars[name]!.parseLiteral(parseValue(text), {})
const refused = expect.objectContaining({ code: 'INVALID_INPUT' }) as Error

describe('DateTime', () => {
  test.each([
    ['2026-02-03T04:05:06Z', '2026-02-03T04:05:06.000Z'],
    ['2026-02-03T04:05:06.789+09:00', '2026-02-02T19:05:06.789Z'],
    ['2024-02-29t00:00:00z', '2024-02-29T00:00:00.000Z'],
  ])('%s is read', (text, shown) => {
    expect(scalars['DateTime']!.serialize(parseDateTime(text))).toBe(shown)
    expect(scalars['DateTime']!.serialize(text)).toBe(shown)
  })

  test.each([
    '2026-02-03',
    '2026-02-30T00:00:00Z',
    '2026-02-03T04:05:06',
    '2026-02-03 04:05:06Z',
    'now',
    '',
    1_700_000_000,
    null,
    `2026-02-03T04:05:06Z${' '.repeat(1e6)}`,
  ])('%s is refused', (value) => expect(() => read('DateTime', value)).toThrow(refused))
})

describe('Duration', () => {
  test.each([
    ['PT30S', 30_000],
    ['PT0.5S', 500],
    ['P1DT1H30M', 91_800_000],
    ['P2W', 1_209_600_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
    expect(parseDuration(formatDuration(ms))).toBe(ms)
  })

  test('of nothing is written as zero seconds', () => expect(formatDuration(0)).toBe('PT0S'))

  test.each(['P1Y', 'P1M', 'P', 'PT', 'P1DT', '30s', '-PT1S', 30, ''])('%s is refused', (value) =>
    expect(() => read('Duration', value)).toThrow(refused),
  )
})

describe('BigInt', () => {
  test.each([
    ['68719476736', 68_719_476_736],
    [42, 42],
    ['-1', -1],
    ['18446744073709551615', '18446744073709551615'],
    ['009', 9],
  ])('%s is read', (value, shown) => expect(parseBigInt(value)).toBe(shown))

  test('an integer of any size in a document is read', () => {
    expect(readLiteral('BigInt', '18446744073709551615')).toBe('18446744073709551615')
    expect(readLiteral('BigInt', '7')).toBe(7)
  })

  test.each(['1.5', '1e3', 'x', '', 2 ** 60, 1.5, true, '99999999999999999999', '-9223372036854775809'])(
    '%s is refused',
    (value) => expect(() => read('BigInt', value)).toThrow(refused),
  )
})

describe('texts', () => {
  test('a NUL character, an empty text and too long a one are refused with what to do', () => {
    for (const value of ['a\0b', '', 'x'.repeat(10_000_000), { a: 1 }, null]) {
      expect(() => read('Ref', value)).toThrow(refused)
    }
    expect(read('Ref', 'Rack:name=r07')).toBe('Rack:name=r07')
    expect(readLiteral('Ref', '1042')).toBe('1042')
  })

  test('an error shows little of what was sent', () => {
    expect(() => read('DateTime', 'x'.repeat(1_000_000))).toThrow(/^.{0,200}$/s)
  })
})

describe('GroupKey', () => {
  test.each([
    ['"kind"', 'kind'],
    ['kind', 'kind'],
    ['SITE', 'site'],
    ['"label.Env"', 'label.Env'],
  ])('%s is %s', (literal, key) => expect(readLiteral('GroupKey', literal)).toBe(key))

  test.each(['name', 'label.', '', 3])('%s is refused', (value) =>
    expect(() => read('GroupKey', value)).toThrow(refused),
  )
})

describe('EventCursor', () => {
  test('is read and written', () => {
    expect(read('EventCursor', '1f0c22aa.1042')).toEqual({ epoch: '1f0c22aa', seq: 1042 })
    expect(scalars['EventCursor']!.serialize({ epoch: '1f0c22aa-0000-4000-8000-000000000000', seq: 3 })).toBe(
      '1f0c22aa.3',
    )
  })
  test.each(['1042', 'x.y', '', 5])('%s is refused', (value) =>
    expect(() => read('EventCursor', value)).toThrow(refused),
  )
})
