/** PromQL as text: numbers, strings, durations, and what is wrong with a query. Whole answers are compared with Prometheus' in test/api/prometheus. */
import { describe, expect, test } from 'vitest'
import {
  BadQuery,
  formatNumber,
  parseDuration,
  parseNumber,
  queryInstant,
  Unsupported,
} from '../../src/promql/index.ts'

const nothing = { select: () => Promise.resolve([]), signal: new AbortController().signal }
const at = Date.UTC(2026, 0, 1)

test.each([
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1y2w3d4h5m6s7ms', 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6_000 + 7],
  ['90ms', 90],
  ['', undefined],
  ['5', undefined],
  ['5m1h', undefined],
  ['-5m', undefined],
])('the duration %s is %s ms', (text, expected) => expect(parseDuration(text)).toBe(expected))

test.each([
  ['1', 1],
  ['1e3', 1_000],
  ['-.5', -0.5],
  ['0x1F', 31],
  ['1_000', 1_000],
  ['-Inf', -Infinity],
  ['NaN', NaN],
  ['1h', 3_600],
  ['x', undefined],
])('the number %s is %s', (text, expected) => expect(parseNumber(text)).toBe(expected))

test.each([
  [1e21, '1000000000000000000000'],
  [1.5e-9, '0.0000000015'],
  [-2.5e30, '-2500000000000000000000000000000'],
  [0.1 + 0.2, '0.30000000000000004'],
  [-0, '-0'],
  [Infinity, '+Inf'],
  [NaN, 'NaN'],
])('%s is written %s', (value, text) => expect(formatNumber(value)).toBe(text))

describe('an expression of numbers alone', () => {
  test.each([
    ['-2 ^ 2', -4],
    ['2 ^ 3 ^ 2', 512],
    ['1 + 2 * 3 % 4', 3],
    ['-(1 - 4) / 2', 1.5],
    ['2 > bool 1', 1],
    ['1 / 0', Infinity],
    ['time()', at / 1_000],
    ['scalar(vector(7)) + pi() * 0', 7],
  ])('%s is %s', async (text, value) => {
    expect(await queryInstant(text, at, nothing)).toEqual({ type: 'scalar', point: [at / 1_000, value] })
  })
})

test.each([
  [`"a\\n\\x41\\u00e9\\101\\\\"`, 'a\nAéA\\'],
  ["'single \"'", 'single "'],
  ['`raw\\n`', 'raw\\n'],
])('the string %s', async (text, value) => {
  expect(await queryInstant(text, at, nothing)).toEqual({ type: 'string', time: at / 1_000, text: value })
})

test.each([
  'foo bar',
  'sum(',
  '{',
  'foo{a="b"',
  'rate(foo[5m)',
  'foo[0s]',
  'foo offset 1x',
  '"\\q"',
  'foo @ 1 @ 2',
  'foo offset 1m offset 2m',
  'abs()',
  'sum(1)',
  'a and 1',
  'a + on(x) 1',
  '-"x"',
])('%s is refused', async (text) => {
  await expect(queryInstant(text, at, nothing)).rejects.toThrow(BadQuery)
})

test('what is right but not answered here is named', async () => {
  await expect(queryInstant('histogram_quantile(0.5, a)', at, nothing)).rejects.toThrow(Unsupported)
})

test('absent tells the labels that were asked for', async () => {
  const answer = await queryInstant('absent(nope{a="b", c=~"d", e!="f"})', at, nothing)
  expect(answer).toMatchObject({ type: 'vector', series: [{ labels: { a: 'b' }, point: [at / 1_000, 1] }] })
})
