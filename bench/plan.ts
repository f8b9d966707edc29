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
import { replay } from './plan/replay.ts'

const { values } = parseArgs({ options: { json: { type: 'string' }, workload: { type: 'string' } } })
const folder = values.workload ?? join(import.meta.dirname, '..', '..', 'shared', 'data', 'workload')

const figures: Figures = {
  plan10kP95Milliseconds: measurePlans(10_000, 300),
  plan100kP95Milliseconds: measurePlans(100_000, 40),
  ...(await measureBots(1_000)),
}
if (existsSync(join(folder, 'nodes.csv'))) {
  const [own, best, first] = ['plan', 'best', 'first'].map((how) =>
    replay(folder, how as 'plan' | 'best' | 'first'),
  )
  Object.assign(figures, {
    placedShare: own!.placedShare,
    placedShareBestFit: best!.placedShare,
    placedShareFirstFit: first!.placedShare,
    fragmentation: own!.fragmentation,
    fragmentationBestFit: best!.fragmentation,
    fragmentationFirstFit: first!.fragmentation,
    illegalPlacements: own!.illegal + best!.illegal + first!.illegal,
  })
} else process.stderr.write(`no workload in ${folder}: the replay is left out (--workload FOLDER)\n`)
await tellFigures('plan', figures, values.json)
