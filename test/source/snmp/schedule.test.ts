/** When devices are polled, by a clock that the test winds. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Schedule } from '../../../src/source/snmp/schedule.ts'

const intervalMs = 10_000
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Polls {
  schedule: Schedule<ReturnType<typeof device>>
  /** When which device was polled, in milliseconds. */
  began: { key: string; at: number; wanted: string[]; targeted: boolean }[]
  mostAtOnce: () => number
}

const device = (key: string) => ({ key, failures: 0, close: () => {} })

function start(takes: (key: string) => number, isUp = (_: string) => true, atOnce = 100): Polls {
  const began: Polls['began'] = []
  let [running, most] = [0, 0]
  const schedule = new Schedule<ReturnType<typeof device>>({
    intervalMs,
    atOnce,
    now: () => performance.now(),
    async poll(one, wanted, { targeted }) {
      began.push({ key: one.key, at: performance.now(), wanted: [...wanted], targeted })
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, takes(one.key)))
      running--
      if (!isUp(one.key)) one.failures++
      return isUp(one.key)
    },
  })
  return { schedule, began, mostAtOnce: () => most }
}

const ofDevice = ({ began }: Polls, key: string): number[] =>
  began.filter((one) => one.key === key).map(({ at }) => at)
const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, index) => at - times[index]!)

it('polls each device once an interval, at its own place, whatever the slow ones do', async () => {
  const polls = start((key) => (key === 'slow' ? 35_000 : 5))
  const keys = ['slow', ...Array.from({ length: 50 }, (_, index) => `device ${index}`)]
  for (const key of keys) polls.schedule.add(device(key))
  await vi.advanceTimersByTimeAsync(20 * intervalMs)
  for (const key of keys.slice(1))
    expect(gaps(ofDevice(polls, key).slice(1)).map((gap) => Math.round(gap / 100))).toEqual(
      Array(ofDevice(polls, key).length - 2).fill(intervalMs / 100),
    )
  const places = keys.slice(1).map((key) => Math.floor((ofDevice(polls, key)[3]! % intervalMs) / 1_000))
  expect(new Set(places).size).toBeGreaterThan(5)
  // Four places each, of which three pass while it runs.
  expect(ofDevice(polls, 'slow').length).toBeLessThanOrEqual(6)
  expect(polls.schedule.skipped).toBeGreaterThan(10)
  polls.schedule.close()
})

it('reads only what a trap is about when it is woken, and its own times stay as they are', async () => {
  const polls = start(() => 200)
  polls.schedule.add(device('one'))
  await vi.advanceTimersByTimeAsync(3 * intervalMs)
  const own = ofDevice(polls, 'one').at(-1)! + intervalMs
  // Between two of its times; twice while it is read; and without saying what is wanted, which means all of it.
  polls.schedule.wake('one', ['interface'])
  await vi.advanceTimersByTimeAsync(100)
  polls.schedule.wake('one', ['bgp'])
  polls.schedule.wake('one', ['lldp'])
  await vi.advanceTimersByTimeAsync(1_000)
  polls.schedule.wake('one', [])
  await vi.advanceTimersByTimeAsync(2 * intervalMs)
  const seen = polls.began.filter(({ at }) => at > own - intervalMs).slice(0, 5)
  expect(seen.map(({ wanted, targeted }) => ({ wanted, targeted }))).toEqual([
    { wanted: ['interface'], targeted: true },
    { wanted: ['bgp', 'lldp'], targeted: true },
    { wanted: [], targeted: false },
    { wanted: [], targeted: false },
    { wanted: [], targeted: false },
  ])
  expect(seen.slice(3).map(({ at }) => Math.round((at - own) / 100))).toEqual([0, intervalMs / 100])
  expect(polls.schedule.skipped).toBe(0)
  polls.schedule.close()
})

it('has so many under way and no more, and loses none', async () => {
  const polls = start(() => 100, undefined, 4)
  for (let index = 0; index < 40; index++) polls.schedule.add(device(`device ${index}`))
  await vi.advanceTimersByTimeAsync(5 * intervalMs)
  expect(polls.mostAtOnce()).toBe(4)
  for (let index = 0; index < 40; index++)
    expect(ofDevice(polls, `device ${index}`).length).toBeGreaterThanOrEqual(5)
  polls.schedule.close()
})

it('lets those that keep it waiting delay nobody', async () => {
  const polls = start(
    (key) => (key.startsWith('dead') ? 7_000 : 5),
    (key) => !key.startsWith('dead'),
    4,
  )
  for (let index = 0; index < 60; index++) polls.schedule.add(device(`dead ${index}`))
  for (let index = 0; index < 40; index++) polls.schedule.add(device(`live ${index}`))
  await vi.advanceTimersByTimeAsync(5 * intervalMs)
  for (let index = 0; index < 40; index++)
    expect(ofDevice(polls, `live ${index}`).length).toBeGreaterThanOrEqual(5)
  // At first nobody is known to be dead: places are held for a moment each.
  const lateAtFirst = polls.schedule.late
  await vi.advanceTimersByTimeAsync(20 * intervalMs)
  expect(polls.schedule.late).toBe(lateAtFirst)
  polls.schedule.close()
})

it('asks what does not answer ever more seldom, and as before when it does', async () => {
  let isUp = false
  const polls = start(
    () => 5,
    () => isUp,
  )
  const dead = device('dead')
  polls.schedule.add(dead)
  await vi.advanceTimersByTimeAsync(40 * intervalMs)
  const waits = gaps(ofDevice(polls, 'dead'))
  expect(waits.at(-1)!).toBeGreaterThan(5 * intervalMs)
  expect(waits.length).toBeLessThan(12)
  isUp = true
  await vi.advanceTimersByTimeAsync(11 * 60_000)
  dead.failures = 0
  const before = ofDevice(polls, 'dead').length
  await vi.advanceTimersByTimeAsync(5 * intervalMs)
  expect(ofDevice(polls, 'dead').length - before).toBeGreaterThanOrEqual(4)
  polls.schedule.close()
})

it('polls what is woken at once, and once more when it was woken meanwhile', async () => {
  const polls = start(() => 500)
  polls.schedule.add(device('one'))
  await vi.advanceTimersByTimeAsync(1_100)
  const before = ofDevice(polls, 'one').length
  polls.schedule.wake('one', ['interface'])
  polls.schedule.wake('one', ['lldp'])
  await vi.advanceTimersByTimeAsync(1_500)
  expect(ofDevice(polls, 'one').length - before).toBe(2)
  polls.schedule.wake('nobody', [])
  polls.schedule.remove('one')
  const after = ofDevice(polls, 'one').length
  await vi.advanceTimersByTimeAsync(5 * intervalMs)
  expect(ofDevice(polls, 'one').length).toBe(after)
  polls.schedule.close()
})
