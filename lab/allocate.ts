/**
 * Two hundred bots ask four processes for everything that there is, from empty to full and back, several times; processes are killed and stopped past their turns and
 * Postgres restarts meanwhile (test/allocation/rivals.test.ts). Writes lab/results/allocate-DATE.json.
 *   npm run lab allocate [-- --rounds N]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runTests } from './suite/run.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const { tests, status } = runTests('test/allocation/rivals.test.ts', { PLENUM_RIVAL_ROUNDS: values.rounds })
const result = { bots: 200, processes: 4, rounds: Number(values.rounds), tests }
writeFileSync(
  join(folder, `allocate-${new Date().toISOString().slice(0, 10)}.json`),
  `${JSON.stringify(result, undefined, 2)}\n`,
)
process.exitCode = status
