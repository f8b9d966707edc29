/** A million and three million resources: start, memory, pauses. Takes some ten minutes and 8 GB; writes lab/results/million-DATE.json. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const results = join(import.meta.dirname, 'results')
mkdirSync(results, { recursive: true })
const file = join(results, `million-${new Date().toISOString().slice(0, 10)}.json`)
const bench = join(import.meta.dirname, '..', 'bench', 'graph.ts')
const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bench, '--json', file], {
  stdio: 'inherit',
})
const [code] = (await once(child, 'exit')) as [number | null]
process.exitCode = code ?? 1
