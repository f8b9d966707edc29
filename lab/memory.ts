/** Ten million requests of ten thousand distinct documents to one process: its heap must stay what it is. Takes more than an hour; writes lab/results/memory-DATE.json. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const results = join(import.meta.dirname, 'results')
mkdirSync(results, { recursive: true })
const file = join(results, `memory-${new Date().toISOString().slice(0, 10)}.json`)
const bench = join(import.meta.dirname, '..', 'bench', 'memory.ts')
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    bench,
    '--requests',
    '10000000',
    '--json',
    file,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
)
const [code] = (await once(child, 'exit')) as [number | null]
process.exitCode = code ?? 1
