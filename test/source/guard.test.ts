/** What stands before a source: how much at once and a second, and whether it is asked at all. By a clock of the test's own. */
import { expect, test } from 'vitest'
import { Guard, type BreakerState } from '../../src/source/guard.ts'
import { SourceError } from '../../src/source/source.ts'

const forever = new AbortController().signal
const failing =
  (failure: ConstructorParameters<typeof SourceError>[0], retryAfterMs?: number) => async () => {
    throw new SourceError(failure, 'no', retryAfterMs === undefined ? {} : { retryAfterMs })
  }
const well = async () => 'well'

function create(rest: Partial<ConstructorParameters<typeof Guard>[0]> = {}) {
  let nowMs = 0
  const states: BreakerState[] = []
  const guard = new Guard({
    atOnce: 2,
    perSecond: 1_000,
    failures: 3,
    openMs: 1_000,
    onChange: (state) => states.push(state),
    now: () => nowMs,
    ...rest,
  })
  const run = (work: () => Promise<unknown>) =>
    guard.run(work, forever, 5_000).catch((error: SourceError) => error.failure)
  return { guard, run, states, pass: (ms: number) => void (nowMs += ms) }
}

test('opens after failures in a row, lets one try, and closes when it is well', async () => {
  const { run, states, pass } = create()
  await run(failing('failed'))
  await run(failing('timeout'))
  expect(await run(well)).toBe('well')
  for (let times = 0; times < 3; times++) await run(failing('failed'))
  expect(states).toEqual(['OPEN'])
  let asked = 0
  expect(await run(async () => ++asked)).toBe('unreachable')
  pass(1_000)
  let answer!: (text: string) => void
  const trying = run(() => new Promise((resolve) => (answer = resolve)))
  expect(await run(async () => ++asked)).toBe('unreachable')
  expect(asked).toBe(0)
  answer('well')
  expect(await trying).toBe('well')
  expect(states).toEqual(['OPEN', 'HALF_OPEN', 'CLOSED'])
})

test('a try that fails opens again, for longer each time, up to sixteen times', async () => {
  const { guard, run, pass } = create()
  for (let times = 0; times < 3; times++) await run(failing('bad'))
  const lengths: number[] = []
  for (let times = 0; times < 6; times++) {
    let length = 0
    while (guard.state === 'OPEN' && length < 100_000) {
      pass(1_000)
      length += 1_000
      await run(failing('bad'))
      if (length < 1_000 * 2 ** Math.min(times, 4)) expect(guard.state).toBe('OPEN')
      else break
    }
    lengths.push(length)
  }
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000])
})

test('what is missing or given up says nothing about the source; a busy one is left alone as long as it says', async () => {
  const { guard, run, pass } = create()
  for (let times = 0; times < 9; times++) await run(failing(times % 2 ? 'missing' : 'aborted'))
  expect(guard.state).toBe('CLOSED')
  await run(failing('busy', 7_000))
  expect(guard.state).toBe('OPEN')
  pass(6_999)
  expect(await run(well)).toBe('unreachable')
  pass(1)
  expect(await run(well)).toBe('well')
})

test('a try that its caller gives up decides nothing, and the next may try', async () => {
  const { guard, run, pass } = create()
  for (let times = 0; times < 3; times++) await run(failing('failed'))
  pass(1_000)
  const caller = new AbortController()
  const trying = guard.run(() => new Promise(() => {}), caller.signal, 5_000)
  caller.abort()
  await expect(trying).rejects.toMatchObject({ failure: 'aborted' })
  expect(await run(well)).toBe('well')
})

test('so many at once, in the order of coming; who gives up makes room', async () => {
  const { guard } = create()
  const leaves = [await guard.admit(forever), await guard.admit(forever)]
  const order: string[] = []
  const caller = new AbortController()
  const gone = guard.admit(caller.signal).catch((error: SourceError) => error.failure)
  const third = guard.admit(forever).then((leave) => (order.push('third'), leave))
  const fourth = guard.admit(forever).then((leave) => (order.push('fourth'), leave))
  caller.abort()
  expect(await gone).toBe('aborted')
  leaves[0]!()
  leaves[0]!()
  ;(await third)()
  await fourth
  expect(order).toEqual(['third', 'fourth'])
})

test('so many a second, after a burst of a second', async () => {
  const beganMs = performance.now()
  const guard = new Guard({ atOnce: 100, perSecond: 20 })
  for (let times = 0; times < 26; times++) (await guard.admit(forever))()
  const tookMs = performance.now() - beganMs
  expect(tookMs).toBeGreaterThan(240)
})

test('work that does not end by its deadline is a timeout, whatever it does about its signal', async () => {
  const { guard } = create()
  await expect(guard.run(() => new Promise(() => {}), forever, 30)).rejects.toMatchObject({
    failure: 'timeout',
  })
  await expect(guard.run(async () => Promise.reject(new TypeError('x')), forever, 30)).rejects.toMatchObject({
    name: 'SourceError',
    failure: 'failed',
  })
})
