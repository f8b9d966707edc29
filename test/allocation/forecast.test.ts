import { describe, expect, test } from 'vitest'
import { addUp, fullAt } from '../../src/allocation/index.ts'

const hour = 3_600_000
const now = 1_000 * hour
/** Up to now, an hour apart. */
const filled = (used: number[], limit: number) => ({
  times: used.map((_, index) => now - (used.length - 1 - index) * hour),
  used,
  limit,
})

describe('when it is full', () => {
  test('along a straight line it is exact', () => {
    expect(fullAt(filled([10, 20, 30, 40, 50, 60], 100), now)).toBe(now + 4 * hour)
  })
  test('what is full is full now', () => {
    expect(fullAt(filled([50, 100], 100), now)).toBe(now)
    expect(fullAt(filled([120], 100), now)).toBe(now)
  })
  test('noise around the line moves it a little', () => {
    const used = [10, 21, 29, 41, 49, 61, 69, 81]
    const at = fullAt(filled(used, 120), now)!
    expect(Math.abs(at - (now + 4 * hour))).toBeLessThan(hour / 2)
  })
  test.each([
    ['too little is known', [10, 20, 30]],
    ['it does not rise', [30, 30, 30, 30, 30, 30]],
    ['it falls', [60, 50, 40, 30, 20, 10]],
    ['it wavers', [30, 60, 20, 65, 25, 61, 31]],
    ['it is further ahead than what was seen allows to say', [10, 11, 12, 13, 14, 15]],
    ['nothing is known', []],
  ])('null where %s', (_, used) => {
    expect(fullAt(filled(used, 100), now)).toBeNull()
  })
})

test('what several used: a gap keeps the last, one that is new among them is no growth', () => {
  const columns = [
    [1, 2, null, 4, null],
    [null, null, null, 10, 20],
  ]
  expect(addUp(columns, 0, 10)).toEqual({ times: [5, 15, 35, 45], used: [11, 12, 14, 24] })
  expect(addUp([], 0, 10)).toEqual({ times: [], used: [] })
})
