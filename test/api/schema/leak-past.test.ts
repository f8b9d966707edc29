import { expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import { lookForLeaksInPast, pastAllocation } from '../../support/leak-past.ts'

const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

test(`neither history, differences, former instants, events, alerts, allocations, subscriptions nor refusals tell a tenant of what it could not know (PLENUM_SEED=${seed})`, async () => {
  const { leaks, asked, followed, telling, refused } = await lookForLeaksInPast(seed, 1, () =>
    startTestApp({ allocation: pastAllocation }),
  )
  expect(leaks).toEqual([])
  // A test that asks for nothing finds no leaks.
  expect(telling).toBeGreaterThan(asked / 20)
  expect(followed).toBe(3 * 11)
  expect(refused).toBeGreaterThan(50)
}, 120_000)
