/**
 * What breaks under Plenum, at full length: Postgres is away for 60 s, the disk is full, the clock steps, the limit of files is hit. Writes lab/results/failures-DATE.json.
 *   npm run lab failures [-- --seconds N]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const root = join(import.meta.dirname, '..')
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const report = join(folder, 'failures.tmp.json')
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    'test/failure',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, PLENUM_OUTAGE_SECONDS: values.seconds } },
)
interface Report {
  testResults: { assertionResults: { title: string; status: string; duration?: number }[] }[]
}
const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
rmSync(report)
const tests = testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(({ title, status: outcome, duration = 0 }) => ({
    title,
    outcome,
    seconds: Math.round(duration / 100) / 10,
  })),
)
const result = { outageSeconds: Number(values.seconds), tests }
writeFileSync(
  join(folder, `failures-${new Date().toISOString().slice(0, 10)}.json`),
  `${JSON.stringify(result, undefined, 2)}\n`,
)
process.exitCode = status ?? 1
