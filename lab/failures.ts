/**
 * What breaks under Plenum, at full length: Postgres is away for 60 s, the disk is full, the clock steps, the limit of files is hit. Writes lab/results/failures-DATE.json.
 *   npm run lab failures [-- --seconds N]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runTests } from './suite/run.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const { tests, status } = runTests('test/failure', { PLENUM_OUTAGE_SECONDS: values.seconds })
const result = { outageSeconds: Number(values.seconds), tests }
writeFileSync(
  join(folder, `failures-${new Date().toISOString().slice(0, 10)}.json`),
  `${JSON.stringify(result, undefined, 2)}\n`,
)
process.exitCode = status
