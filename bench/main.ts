/** `npm run bench -- NAME [--json FILE]`: runs one benchmark in a process of its own. Without a name: which there are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

const benches = globSync('*.ts', { cwd: import.meta.dirname })
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => !['main', 'datacenter', 'figure'].includes(name))
  .sort()

const [name, ...rest] = process.argv.slice(2)
const file = join(import.meta.dirname, `${name}.ts`)
if (name === undefined || !benches.includes(name) || !existsSync(file)) {
  process.stderr.write(`Name a benchmark: npm run bench -- ${benches.join('|')} [--json FILE]\n`)
  process.exitCode = 1
} else {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...rest], {
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
}
