/** `npm run lab NAME`: the slow checks, each a file here that leaves a dated result in lab/results. Without a name: which there are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const labs = globSync('*.ts', { cwd: import.meta.dirname })
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'main')
  .sort()

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || !labs.includes(name)) {
  process.stderr.write(`Name a lab: npm run lab ${labs.join('|')}\n`)
  process.exitCode = 1
} else {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, `${name}.ts`), ...rest],
    { stdio: 'inherit' },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
}
