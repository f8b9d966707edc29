/** After each test file: what it opened is closed. A socket, a timer, a process or a watcher that is left fails the file. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'

/** Things that end by themselves in a moment, such as a socket whose other side has just closed it, get this long. */
const patienceMs = 5_000

export type Opened = Readonly<Record<string, number>>

/** What keeps this process alive now, by type. */
export function countOpened(): Opened {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

/** What is there now and was not before; undefined when nothing is. */
export function findLeft(before: Opened, now: Opened): string | undefined {
  const more = Object.entries(now)
    .map(([type, count]) => [type, count - (before[type] ?? 0)] as const)
    .filter(([, count]) => count > 0)
  return more.length === 0 ? undefined : more.map(([type, count]) => `${count} ${type}`).join(', ')
}

let before: Opened
beforeAll(() => {
  before = countOpened()
})

// Registered first, so it runs after all others.
afterAll(async () => {
  const until = Date.now() + patienceMs
  while (findLeft(before, countOpened()) !== undefined && Date.now() < until) await delay(20)
  const left = findLeft(before, countOpened())
  if (left !== undefined) throw new Error(`left open by this file: ${left}`)
})
