import { expect, test } from 'vitest'
import { lookForLeaksInFollowing } from '../../support/leak-follow.ts'
import { lookForLeaks } from '../../support/leaks.ts'

const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

test(`no answer tells a tenant of what it may not know (PLENUM_SEED=${seed})`, async () => {
  const { leaks, telling, errors, pairs } = await lookForLeaks(seed, 600)
  expect(leaks).toEqual([])
  // A test that asks for nothing finds no leaks.
  expect(telling).toBeGreaterThan(pairs / 8)
  expect(errors).toBeGreaterThan(pairs / 80)
})

test(`no subscription does either, live or replayed (PLENUM_SEED=${seed})`, async () => {
  const { leaks, told, pairs } = await lookForLeaksInFollowing(seed, 600)
  expect(leaks).toEqual([])
  // Many follow what they know nothing of.
  expect(told).toBeGreaterThan(pairs / 2)
})
