/** How long the latest value of a series counts: by the times at which it comes. */
import { expect, test } from 'vitest'
import { freshFor, leastFreshMs } from '../../src/metric/fresh.ts'
import { Head } from '../../src/metric/head.ts'

const minute = 60_000
const begin = Date.UTC(2026, 10, 23)

function headOf(...minutes: number[]): Head {
  const head = new Head()
  for (const [seq, at] of minutes.entries())
    head.apply(seq, {
      ids: Float64Array.of(7),
      times: Float64Array.of(begin + at * minute),
      values: Float64Array.of(at),
    })
  return head
}
const freshOf = (...minutes: number[]): number => {
  const { at, staleAt } = headOf(...minutes).latest(7)!
  return (staleAt - at) / minute
}

test('five minutes, or two and a half intervals', () => {
  expect(freshOf(0)).toBe(5)
  expect(freshOf(0, 0.5, 1)).toBe(5)
  expect(freshOf(0, 10)).toBe(25)
  expect(freshOf(0, 60, 120, 180)).toBe(150)
  expect(new Head().latest(7)).toBeUndefined()
})

test('an absence is no interval, and nobody waits for weeks', () => {
  expect(freshOf(0, 0.5, 1, 600, 600.5)).toBe(5)
  expect(freshOf(0, 0.5, 1, 600)).toBe(5)
  expect(freshFor(30 * 86_400_000, Infinity)).toBe(2.5 * 86_400_000)
  expect(freshFor(Infinity, Infinity)).toBe(leastFreshMs)
})

test('what is late, or told twice, changes nothing', () => {
  expect(freshOf(0, 10, 20, 15, 20)).toBe(25)
  expect(headOf(0, 10, 20, 15).latest(7)).toMatchObject({ value: 20, at: begin + 20 * minute })
})
