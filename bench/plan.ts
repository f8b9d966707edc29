/**
 * How long a plan takes, and how well it fills: 10,000 and 100,000 hosts with traits, three members apart by rack; and, where the folder with it is there, a replay of
 * a real workload (1,213 machines, 7,439 requests) beside first-fit and best-fit, every placement checked by itself. And how many allocations a second sixteen bots get.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tellFigures, type Figures } from './figure.ts'
import { measureBots } from './plan/bots.ts'
import { measurePlans } from './plan/speed.ts'
import { replay, replayScarce } from './plan/replay.ts'

const { values } = parseArgs({ options: { json: { type: 'string' }, workload: { type: 'string' } } })
const folder = values.workload ?? join(import.meta.dirname, '..', '..', 'shared', 'data', 'workload')

/** Beside the rules that everybody knows, on the same machines in the same run. */
function compare(when: string, run: typeof replayScarce): Figures {
  const [own, best, first] = (['plan', 'best', 'first'] as const).map((how) => run(folder, how))
  return {
    [`placedShare${when}`]: own!.placedShare,
    [`placedShare${when}BestFit`]: best!.placedShare,
    [`placedShare${when}FirstFit`]: first!.placedShare,
    [`fragmentation${when}`]: own!.fragmentation,
    [`fragmentation${when}BestFit`]: best!.fragmentation,
    [`fragmentation${when}FirstFit`]: first!.fragmentation,
    [`illegalPlacements${when}`]: own!.illegal + best!.illegal + first!.illegal,
  }
}

const figures: Figures = {
  plan10kP95Milliseconds: measurePlans(10_000, 300),
  plan100kP95Milliseconds: measurePlans(100_000, 40),
  ...(await measureBots(1_000)),
}
if (existsSync(join(folder, 'nodes.csv'))) {
  Object.assign(figures, compare('', replay), compare('Scarce', replayScarce))
} else process.stderr.write(`no workload in ${folder}: the replay is left out (--workload FOLDER)\n`)
await tellFigures('plan', figures, values.json)
