/** How long something took, and how long this process was held up meanwhile by whatever else the machine does: what a limit may be stretched by. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export async function timed(work: () => Promise<unknown>): Promise<{ tookMs: number; heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const began = performance.now()
  await work()
  const tookMs = performance.now() - began
  // One more round, so that a hold at the very end is seen.
  await new Promise((resolve) => setTimeout(resolve, 10))
  delay.disable()
  return { tookMs, heldMs: delay.max / 1e6 }
}
