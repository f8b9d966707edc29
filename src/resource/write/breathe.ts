/** Long work in slices, so that a large write does not hold up those who read. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Calls `work` for slices of the items, giving way to other work between them. */
export async function inSlices<T>(
  items: readonly T[],
  size: number,
  work: (slice: T[]) => Promise<void> | void,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    await work(items.slice(start, start + size))
    await nextTurn()
  }
}

const longestTurnMs = 5

/** When work last gave way: kept over calls, because many short ones in a row are a long one. */
let turnBegan = 0

/** Does quick work for each item, giving way to other work whenever it has taken a while. */
export async function each<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let done = 0
  for (const item of items) {
    work(item)
    if (++done % 32 !== 0 || performance.now() - turnBegan < longestTurnMs) continue
    await nextTurn()
    turnBegan = performance.now()
  }
}
