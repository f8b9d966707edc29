/** What a number of polls costs a process. */
export interface Cost {
  polls: number
  cpuSeconds: number
  wallSeconds: number
}

export const perPoll = ({ cpuSeconds, polls }: Cost): number => cpuSeconds / polls

/** The cheapest of several rounds: whatever else the machine does only adds to a round. */
export const least = (costs: readonly Cost[]): Cost =>
  costs.reduce((a, b) => (perPoll(b) < perPoll(a) ? b : a))

/** Runs `polls` polls, some at a time; `start` begins one and calls back when it has ended. `cpuSeconds`: of the process that polls. */
export async function costOf(
  polls: number,
  start: (i: number, done: () => void) => void,
  cpuSeconds: () => number = ownCpuSeconds,
  together = 64,
): Promise<Cost> {
  const cpu = cpuSeconds()
  const wall = performance.now()
  let [started, ended] = [0, 0]
  await new Promise<void>((resolve) => {
    const done = (): void => {
      if (++ended === polls) resolve()
      else if (started < polls) start(started++, done)
    }
    while (started < Math.min(together, polls)) start(started++, done)
  })
  return { polls, cpuSeconds: cpuSeconds() - cpu, wallSeconds: (performance.now() - wall) / 1_000 }
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
