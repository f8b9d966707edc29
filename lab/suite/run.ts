/** Runs test files at full length, and tells how each of their tests ended. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Ended {
  title: string
  outcome: string
  seconds: number
}

interface Report {
  testResults: { assertionResults: { title: string; status: string; duration?: number }[] }[]
}

/** `status` is what the tests ended with: 0 when all passed. */
export function runTests(path: string, env: Record<string, string>): { tests: Ended[]; status: number } {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-lab-'))
  const report = join(folder, 'report.json')
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        path,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } },
    )
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
    const tests = testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status: outcome, duration = 0 }) => ({
        title,
        outcome,
        seconds: Math.round(duration / 100) / 10,
      })),
    )
    return { tests, status: status ?? 1 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
